#!/usr/bin/env python3
"""Compares echo servers: each in turn (A B C A B C ...), every time in a fresh process, under the same load.

usage: run.py [--build DIR] [--servers A,B,...] [--connections N,N,...] [--pairs N] [--all-cores | --unpinned] ...

The first server is what the others are compared with. Three placements: one core for the server and one for what
puts the load on it (pinned; --server-cpu, --client-cpu); --unpinned, the same wherever the system puts them;
--all-cores, as many loops and as many clients as there are cores, which share them.

For each server: requests per second, and as a ratio to the first server's (above 1 is faster); the CPU time of the
server for a request, and the latencies, as ratios too (below 1 is better). Ratios are of the 25th percentiles and of
the medians of all rounds. The client is as busy as the server where both do nothing but send and receive, so the
ratio of CPU times says more of the server than that of the requests.

--mixed asks something else: --burn-share of the requests keep their loop busy for --burn-us, nothing is offloaded, and
the others should not notice. Each server has two runs in each round, without burners and with them, at --rate; the
table has the latencies of the others, and what the burners make of a server's own p99.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def command_of(server, build):
    """Gives the command of a server, without what it is asked."""
    if server.startswith("asyncio_"):
        return [sys.executable, str(HERE / "python_asyncio.py"), server.removeprefix("asyncio_")]
    if server == "go":
        return [str(build / "bench/echo_go")]
    return [str(build / "bench/echo_server"), server]


ALL = ("raw_epoll", "eddy", "eddy_sockets", "asio", "libuv", "go", "threads", "asyncio_protocols", "asyncio_streams")


class NotHere(Exception):
    """A server that was not built, and why."""


def pinned(cpu):
    """Gives what a child process does first to stay on a core; None: nothing."""
    return None if cpu is None else lambda: os.sched_setaffinity(0, {cpu})


@contextlib.contextmanager
def serving(server, build, arguments=(), cpu=None):
    """Runs a server; gives (where it listens, its process)."""
    command = [*command_of(server, build), *arguments]
    if not os.access(command[0], os.X_OK):
        raise NotHere(f"{server}: {command[0]} was not built (package {'golang-go' if server == 'go' else 'eddy'})")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          preexec_fn=pinned(cpu)) as process:
        where = process.stdout.readline().strip()
        if not where and process.wait() == 3:
            raise NotHere(f"{server}: left out")  # it has said why
        if not where:
            sys.exit(f"run.py: {server} did not start")
        try:
            yield where, process
        finally:
            process.stdin.close()
            if process.wait(timeout=10) != 0:
                sys.exit(f"run.py: {server}: status {process.returncode}")


def put_load(build, where, arguments, cpu=None):
    """Gives what echo_load found. Raises subprocess.CalledProcessError if an answer was wrong."""
    command = [str(build / "bench/echo_load"), where, *(str(each) for each in arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=pinned(cpu))
    return json.loads(done.stdout)


def measure_once(server, connections, asked, burn_share=0.0):
    """Gives the metrics of one run of one server."""
    loops = str(os.cpu_count() if asked.all_cores else 1)
    free = asked.all_cores or asked.unpinned
    of_server = ["--cores", loops]
    if asked.transport != "tcp":
        of_server += ["--transport", asked.transport]
    if burn_share:
        of_server += ["--burn-us", str(asked.burn_us)]
    with serving(server, asked.build, of_server, None if free else asked.server_cpu) as (where, process):
        load = ["--connections", connections, "--bytes", asked.bytes, "--threads", loops, "--rate", asked.rate,
                "--seconds", asked.seconds, "--warm-up", asked.warm_up, "--burn-share", burn_share, "--server-pid", process.pid]
        return put_load(asked.build, where, load, None if free else asked.client_cpu)


def lower_and_median(values):
    """Gives (25th percentile, median)."""
    lower = statistics.quantiles(values, n=4, method="inclusive")[0] if len(values) > 1 else values[0]
    return lower, statistics.median(values)


# What is compared, and the word for it; all are better the smaller they are, once requests are times.
COMPARED = {"request_ns": "time", "server_cpu_ns": "cpu", "p50_ns": "p50", "p99_ns": "p99", "p999_ns": "p999"}


def compare(rounds, servers):
    """Gives a dictionary for each server: medians, and ratios to the first server's."""
    for found in (each[server] for each in rounds for server in servers):
        found["request_ns"] = 1e9 / found["requests_per_second"]
    ends = {server: {metric: lower_and_median([each[server][metric] for each in rounds]) for metric in COMPARED}
            for server in servers}
    rows = {}
    for server in servers:
        row = {"requests_per_second": statistics.median(each[server]["requests_per_second"] for each in rounds),
               "fairness_min": min(each[server]["fairness"] for each in rounds),
               "overdue_max": max(each[server]["overdue"] for each in rounds)}
        for metric, word in COMPARED.items():
            row[metric] = ends[server][metric][1]
            for index, end in enumerate(("p25", "median")):
                first, own = ends[servers[0]][metric][index], ends[server][metric][index]
                row[f"{word}_ratio_{end}"] = own / first if first else 0
        for end in ("p25", "median"):
            row[f"rate_ratio_{end}"] = 1 / row.pop(f"time_ratio_{end}")
        rows[server] = row
    return rows


def present(servers, asked):
    """Gives those of the servers that were built, and says which are left out."""
    found = []
    for server in servers:
        if asked.mixed and server.startswith("asyncio_"):
            print(f"run.py: {server}: left out of --mixed", file=sys.stderr)
            continue
        try:
            with serving(server, asked.build):
                found.append(server)
        except NotHere as why:
            print(f"run.py: {why}", file=sys.stderr)
    return found


def show(connections, rows):
    """Prints a table."""
    print(f"\n{connections} connections")
    print("                    requests/s   rate ratio      CPU ns   CPU ratio       p50 ns   p99 ns  p99 ratio  fairness")
    print("                                 p25   median             p25   median                     p25   median")
    for server, row in rows.items():
        print(f"{server:18} {row['requests_per_second']:11,.0f}  {row['rate_ratio_p25']:6.3f} {row['rate_ratio_median']:6.3f}"
              f"  {row['server_cpu_ns']:8,.0f}  {row['cpu_ratio_p25']:6.3f} {row['cpu_ratio_median']:6.3f}"
              f"  {row['p50_ns']:10,.0f} {row['p99_ns']:10,.0f}  {row['p99_ratio_p25']:5.2f} {row['p99_ratio_median']:5.2f}"
              f"  {row['fairness_min']:7.4f}" + (f"  overdue {row['overdue_max']:.0f}" if row["overdue_max"] else ""),
              flush=True)


def compare_mixed(connections, servers, asked):
    """Runs each server without burners and with them; gives a dictionary for each."""
    rounds = [{server: (measure_once(server, connections, asked), measure_once(server, connections, asked, asked.burn_share))
               for server in servers} for _ in range(asked.pairs)]
    rows = {}
    for server in servers:
        row = {"burners": sum(each[server][1]["burners"] for each in rounds)}
        for metric in ("p50_ns", "p99_ns", "p999_ns"):
            row[f"{metric}_without"] = statistics.median(each[server][0][metric] for each in rounds)
            row[f"{metric}_with"] = statistics.median(each[server][1][metric] for each in rounds)
        row["p99_ratio"] = row["p99_ns_with"] / row["p99_ns_without"]
        rows[server] = row
    return rows


def show_mixed(connections, rows, asked):
    """Prints a table of microseconds."""
    print(f"\n{connections} connections, {asked.rate:,.0f} requests/s, of which {asked.burn_share:.1%} burn {asked.burn_us} us; "
          "us, of the others, without burners and with them")
    print("                      p50  with      p99   with  ratio     p999   with  burners")
    for server, row in rows.items():
        us = {name: value / 1000 for name, value in row.items() if "_ns_" in name}
        print(f"{server:18} {us['p50_ns_without']:6.0f} {us['p50_ns_with']:6.0f}  {us['p99_ns_without']:6.0f} {us['p99_ns_with']:6.0f}"
              f"  {row['p99_ratio']:5.2f}   {us['p999_ns_without']:6.0f} {us['p999_ns_with']:6.0f}  {row['burners']:7.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--servers", default=",".join(ALL))
    parser.add_argument("--connections", default="1,64,1000")
    parser.add_argument("--pairs", type=int, default=10, help="rounds in which each server has its turn")
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--warm-up", type=float, default=0.2)
    parser.add_argument("--bytes", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0, help="requests a second (open loop); 0: closed loop")
    parser.add_argument("--transport", choices=("tcp", "unix", "udp"), default="tcp")
    parser.add_argument("--all-cores", action="store_true")
    parser.add_argument("--unpinned", action="store_true")
    parser.add_argument("--mixed", action="store_true", help="a share of the requests burns processor time")
    parser.add_argument("--burn-share", type=float, default=0.01)
    parser.add_argument("--burn-us", type=int, default=5000)
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--client-cpu", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each number of connections")
    asked = parser.parse_args()
    servers = present(asked.servers.split(","), asked)
    if not servers:
        sys.exit("run.py: there is no server to compare")
    if asked.mixed and not asked.rate:
        sys.exit("run.py: --mixed needs a --rate: a closed loop waits for the burners")
    for connections in asked.connections.split(","):
        if asked.mixed:
            rows = compare_mixed(connections, servers, asked)
            if asked.json:
                print(json.dumps({"connections": int(connections), "pairs": asked.pairs, "mixed": rows}), flush=True)
            else:
                show_mixed(connections, rows, asked)
            continue
        rounds = [{server: measure_once(server, connections, asked) for server in servers}
                  for _ in range(asked.pairs)]
        rows = compare(rounds, servers)
        if asked.json:
            print(json.dumps({"connections": int(connections), "pairs": asked.pairs, "servers": rows}), flush=True)
        else:
            show(connections, rows)


if __name__ == "__main__":
    main()
