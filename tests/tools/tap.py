"""Runs named checks side by side and reports them the way `meson test` reads: one TAP line each."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor


def run(checks):
    """`checks` is a list of (name, function); the function gives "" or says what is wrong."""
    if not checks:
        print("1..0 # SKIP there is nothing to check")
        return
    print(f"1..{len(checks)}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda check: check[1](), checks)
        for number, ((name, _), problem) in enumerate(zip(checks, results), 1):
            print(f"{'not ok' if problem else 'ok'} {number} - {name}", flush=True)
            for line in problem.splitlines():
                print("#   " + line)


def output_of(command, **options):
    """Gives (exit status, what the command printed)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **options)
    return done.returncode, done.stdout
