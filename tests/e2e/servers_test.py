#!/usr/bin/env python3
"""Runs an example that needs a server of somebody else's, with a server that this starts and ends.

usage: servers_test.py redis|postgres SOURCE PROGRAM
"""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import run_example  # noqa: E402
import tap  # noqa: E402

SECONDS_TO_START = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, server):
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{server.args[0]} does not answer on port {port}")


@contextmanager
def running(command, port, **options):
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options) as server:
        try:
            wait_for(port, server)
            yield
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


@contextmanager
def redis(folder):
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    with running(command, port):
        yield str(port)


@contextmanager
def postgres(folder):
    """PostgreSQL refuses to run as root: it gets a user of its own then."""
    binaries = Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
    options = {}
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = f"{folder}/data"
    made = subprocess.run([binaries / "initdb", "-D", data, "-A", "trust", "-U", "eddy", "--no-sync"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          cwd=folder, **options)
    if made.returncode:
        raise RuntimeError(made.stdout)
    port = free_port()
    command = [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder, "-F",
               "-c", "listen_addresses=127.0.0.1"]
    with running(command, port, cwd=folder, **options):
        yield f"host=127.0.0.1 port={port} user=eddy dbname=postgres"


SERVERS = {
    "redis": (redis, lambda: shutil.which("redis-server"), "redis-server"),
    "postgres": (postgres, lambda: glob.glob("/usr/lib/postgresql/*/bin/postgres"), "postgresql"),
}


def problem_with(start, source, program, workers):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with start(folder) as where:
            status, text = tap.output_of([program, where], env={**os.environ, "EDDY_WORKERS": workers})
    if status:
        return f"status {status}\n{text}"
    blocks = run_example.labelled(Path(source))
    return run_example.problem_of(blocks, [line.rstrip() for line in text.splitlines()], int(workers))


def main():
    kind, source, program = sys.argv[1:]
    start, is_installed, package = SERVERS[kind]
    if not is_installed():
        print(f"1..1\nok 1 - {kind} # SKIP the package {package} is not installed")
        return
    tap.run([(f"{kind} on {workers}", lambda workers=workers: problem_with(start, source, program, workers))
             for workers in ("1", "4")])


if __name__ == "__main__":
    main()
