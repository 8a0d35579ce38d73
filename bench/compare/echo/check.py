#!/usr/bin/env python3
"""An instant of each echo server under load: every answer is right. How fast it is, is not looked at.

usage: check.py BUILD     names the servers that were not built; exits 1 if one answers wrongly
"""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import run

SMALL = ["--connections", 8, "--requests-each", 50]
LARGE = ["--connections", 2, "--requests-each", 3, "--bytes", 1_000_000]  # no send takes all of it
OPEN = ["--connections", 8, "--rate", 4000, "--seconds", 0.1, "--warm-up", 0]
TRANSPORTS = {"raw_epoll": ("tcp", "unix", "udp"), "eddy_sockets": ("tcp", "unix", "udp"), "eddy": ("tcp", "unix"),
              "threads": ("tcp", "unix")}


def check(server, transport, cores, build):
    """Puts each kind of load on a server."""
    arguments = ["--cores", str(cores)]
    if transport != "tcp":
        arguments += ["--transport", transport]
    with run.serving(server, build, arguments) as (where, _):
        found = run.put_load(build, where, SMALL)
        assert found["requests"] == 400, found
        assert 0 < found["p50_ns"] <= found["p99_ns"] <= found["max_ns"], found
        assert found["fairness"] > 0.999, found
        if transport != "udp":
            run.put_load(build, where, LARGE)
        assert run.put_load(build, where, OPEN)["requests"] > 0
    if not server.startswith("asyncio") and transport != "udp":
        with run.serving(server, build, [*arguments, "--burn-us", "1000"]) as (where, _):
            found = run.put_load(build, where, [*SMALL, "--burn-share", 0.1])
            assert found["requests"] == 400 and found["burners"] > 0, found
            assert found["burner_p50_ns"] >= 1_000_000, found
    print(f"{server}, {transport}, {cores} cores: ok", flush=True)


def spoil_one_byte(listener):
    """Serves one connection, and is wrong in the 1000th byte."""
    connection, _ = listener.accept()
    with connection:
        seen = 0
        while data := bytearray(connection.recv(4096)):
            if seen < 1000 <= seen + len(data):
                data[999 - seen] ^= 1
            seen += len(data)
            connection.sendall(data)


def check_the_check(build):
    """A wrong byte is noticed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=spoil_one_byte, args=(listener,))
        server.start()
        try:
            run.put_load(build, f"tcp:{listener.getsockname()[1]}", ["--connections", 1, "--requests-each", 50])
            sys.exit("check.py: a wrong answer was not noticed")
        except subprocess.CalledProcessError:
            print("a server that is wrong in one byte: noticed", flush=True)
        server.join()


def main():
    build = Path(sys.argv[1])
    for server in run.ALL:
        try:
            for transport in TRANSPORTS.get(server, ("tcp",)):
                for cores in (1, 2):
                    check(server, transport, cores, build)
        except run.NotHere as why:
            print(why, flush=True)
    check_the_check(build)


if __name__ == "__main__":
    main()
