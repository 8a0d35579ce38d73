#!/usr/bin/env python3
"""Runs two commands in turn (A B A B ...), each in a fresh process, and compares their times.

usage: run_pairs.py [--pairs N] [--json] 'COMMAND A' 'COMMAND B'

Prints the 25th percentile and the median of wall and CPU time, and their ratios A / B. A ratio of two commands
that took turns holds where the times themselves do not: on another machine, or beside other work. The ratio of
the 25th percentiles is the one that other work disturbs least; of CPU times, less than of wall times.
"""

import argparse
import json
import os
import shlex
import statistics
import sys
import time


def run(command):
    """Gives (wall, cpu) in seconds. Ends the program if the command fails: its time would mean nothing."""
    words = shlex.split(command)
    start = time.monotonic()
    with open(os.devnull, "w", encoding="ascii") as nowhere:
        process = os.posix_spawnp(
            words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)])
        _, status, usage = os.wait4(process, 0)
    wall = time.monotonic() - start
    if status != 0:
        sys.exit(f"run_pairs.py: {command}: status {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime


def summary(samples):
    """Gives {p25, median} of the samples."""
    lower = statistics.quantiles(samples, n=4, method="inclusive")[0] if len(samples) > 1 else samples[0]
    return {"p25": lower, "median": statistics.median(samples)}


def measure(commands, pairs):
    """Gives {wall, cpu: {a, b: {p25, median}, ratio: {p25, median}}}."""
    samples = {clock: ([], []) for clock in ("wall", "cpu")}
    for _ in range(pairs):
        for side, command in enumerate(commands):
            for clock, seconds in zip(("wall", "cpu"), run(command)):
                samples[clock][side].append(seconds)
    found = {}
    for clock, (a, b) in samples.items():
        a, b = summary(a), summary(b)
        found[clock] = {"a": a, "b": b, "ratio": {key: a[key] / b[key] if b[key] else 0 for key in a}}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    parser.add_argument("commands", nargs=2, metavar="COMMAND")
    arguments = parser.parse_args()
    found = measure(arguments.commands, arguments.pairs)
    if arguments.json:
        print(json.dumps({"commands": arguments.commands, "pairs": arguments.pairs, **found}))
        return
    for side, command in zip("AB", arguments.commands):
        print(f"{side}: {command}")
    print(f"{arguments.pairs} pairs       A p25     B p25     A / B   A median  B median     A / B")
    for clock, of in found.items():
        cells = [f"{of['a'][key]:9.4f} {of['b'][key]:9.4f} {of['ratio'][key]:9.3f}" for key in ("p25", "median")]
        print(f"{clock:4} seconds {'  '.join(cells)}")


if __name__ == "__main__":
    main()
