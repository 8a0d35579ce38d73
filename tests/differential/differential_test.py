#!/usr/bin/env python3
"""Runs random programs under CPython's asyncio and under eddy, and compares what they do, line by line.

usage: differential_test.py IN_EDDY [--count N] [--first SEED] [--show SEED]

--show prints both traces of one program. A program whose outcome asyncio leaves open, or where the two differ on
purpose, is left out (in_asyncio.py says which) and the next one takes its place. Needs Python 3.11 or later: asyncio.timeout.
"""

import argparse
import difflib
import json
import subprocess
import sys

import in_asyncio
import programs


def traces_in_eddy(program, chosen):
    text = "".join(json.dumps(each) + "\n" for each in chosen)
    printed = subprocess.run([program], input=text, capture_output=True, text=True, timeout=300, check=False)
    if printed.returncode != 0:
        sys.exit(f"Bail out! {program}: status {printed.returncode}: {printed.stderr.strip()}")
    traces = {}
    for line in printed.stdout.splitlines():
        if line.startswith("program "):
            trace = traces.setdefault(int(line.split()[1]), [])
        else:
            trace.append(line)
    return traces


def choose(count, first):
    """Gives ({seed: program}, {seed: (trace in asyncio, loose instants)}, {why: how many were left out})."""
    chosen, expected, left_out = {}, {}, {}
    seed = first
    while len(chosen) < count:
        program = programs.program(seed)
        trace, loose, why = in_asyncio.run(program)
        if trace is None:
            left_out[why] = left_out.get(why, 0) + 1
        else:
            chosen[seed], expected[seed] = program, (trace, loose)
        seed += 1
    return chosen, expected, left_out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("in_eddy")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", type=int)
    arguments = parser.parse_args()
    if sys.version_info < (3, 11):
        print("1..0 # SKIP asyncio.timeout needs Python 3.11")
        return
    if arguments.show is not None:
        arguments.first, arguments.count = arguments.show, 1
    chosen, expected, left_out = choose(arguments.count, arguments.first)
    found = traces_in_eddy(arguments.in_eddy, chosen.values())
    print(f"1..{len(chosen)}")
    for number, seed in enumerate(chosen, 1):
        if arguments.show is not None:
            print(json.dumps(chosen[seed]), *expected[seed][0], sep="\n# asyncio ")
            print("", *found[seed], sep="\n# eddy    ")
        want = in_asyncio.in_order(*expected[seed])
        have = in_asyncio.in_order(found.get(seed, []), expected[seed][1])
        same = want == have
        print(f"{'ok' if same else 'not ok'} {number} - program {seed}")
        if not same:
            for line in difflib.unified_diff(want, have, "asyncio", "eddy", lineterm="", n=2):
                print("# " + line)
    for why, count in left_out.items():
        print(f"# left out: {count}: {why}")


if __name__ == "__main__":
    main()
