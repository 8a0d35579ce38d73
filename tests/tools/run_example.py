#!/usr/bin/env python3
"""Runs a program of docs/examples and compares what it prints with what its opening comment says, at its end.

    // Output:                        or    // Output: in any order on several workers
    //     Hi from coroutine
    // Forced:                              lines whose order is forced however many workers there are
    //     first < second < third           (each by where it is printed for the first time)
    // Racing:                              lines that several workers print more or less often
    //     again

With EDDY_WORKERS=1 the output must be exactly what is said. With EDDY_SIMULATE=1 a seed is drawn, unless EDDY_SEED is
set, and printed when the output is wrong.

usage: run_example.py SOURCE PROGRAM
"""

import difflib
import os
import random
import re
import sys
import textwrap
from pathlib import Path

import tap


def labelled(source):
    """Gives {label: (what follows it, its lines)} of the opening comment."""
    blocks = {}
    for block in re.finditer(r"^// (\w+):(.*)\n((?://(?:  .*)?\n)*)", source.read_text(), re.MULTILINE):
        text = "\n".join(line[2:].rstrip() for line in block[3].splitlines())
        lines = textwrap.dedent(text).splitlines()
        while lines and not lines[-1]:
            lines.pop()
        blocks[block[1]] = (block[2].strip(), lines)
    return blocks


def differences(expected, printed):
    return "\n".join(difflib.unified_diff(expected, printed, "expected", "printed", lineterm=""))


def out_of_order(chains, printed):
    """Gives the chains "a < b < c" that `printed` breaks."""
    broken = []
    for chain in chains:
        places = [printed.index(line) if line in printed else -1 for line in chain.split(" < ")]
        if -1 in places or places != sorted(places):
            broken.append(f"not in this order: {chain}")
    return broken


def problem_of(blocks, printed, workers):
    """Says what is wrong with the lines `printed`; "" if nothing."""
    order, expected = blocks["Output"]
    if workers == 1 or not order:
        return differences(expected, printed)
    # The numbers of the tasks depend on the workers that create them.
    expected, printed = ([re.sub(r"\bTask-\d+", "Task-N", line) for line in lines]
                         for lines in (expected, printed))
    chains = [re.sub(r"\bTask-\d+", "Task-N", chain) for chain in blocks.get("Forced", ("", []))[1]]
    racing = blocks.get("Racing", ("", []))[1]
    problems = [f"never printed: {line}" for line in racing if line not in printed]
    problems += out_of_order(chains, printed)
    problems.append(differences(sorted(line for line in expected if line not in racing),
                                sorted(line for line in printed if line not in racing)))
    return "\n".join(problem for problem in problems if problem)


def main():
    source, program = sys.argv[1:]
    blocks = labelled(Path(source))
    if "EDDY_SIMULATE" in os.environ:
        os.environ.setdefault("EDDY_SEED", str(random.getrandbits(64)))
    status, text = tap.output_of([program])
    printed = [line.rstrip() for line in text.splitlines()]
    if status:
        problem = f"{program} ended with status {status}"
    elif "Output" not in blocks:
        problem = f'{source} has no "// Output:"'
    else:
        problem = problem_of(blocks, printed, int(os.environ.get("EDDY_WORKERS", "1")))
    if problem:
        print(f"{problem}\n\nEDDY_SEED={os.environ.get('EDDY_SEED', '')}\nit printed:\n{text}")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
