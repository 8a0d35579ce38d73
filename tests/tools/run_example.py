#!/usr/bin/env python3
"""Runs a program of docs/examples and compares what it prints with what its opening comment says, at its end.

    // Output:                        or    // Output: in any order
    //     Hi from coroutine

usage: run_example.py SOURCE PROGRAM
"""

import difflib
import re
import sys
import textwrap
from pathlib import Path

import tap


def expected_output(source):
    """Gives (lines, whether their order is free); None if the file does not say."""
    block = re.search(r"^// Output:(.*)\n((?://(?: .*)?\n)*)", source.read_text(), re.MULTILINE)
    if not block:
        return None, False
    text = "\n".join(line[2:].rstrip() for line in block[2].splitlines())
    lines = textwrap.dedent(text).splitlines()
    while lines and not lines[-1]:
        lines.pop()
    return lines, "any order" in block[1]


def main():
    source, program = sys.argv[1:]
    expected, any_order = expected_output(Path(source))
    status, text = tap.output_of([program])
    printed = [line.rstrip() for line in text.splitlines()]
    if any_order:
        expected, printed = sorted(expected), sorted(printed)
    if status:
        print(f"{program} ended with status {status}:\n{text}")
    elif expected is None:
        print(f'{source} has no "// Output:"; it printed:\n{text}')
    elif expected != printed:
        print("\n".join(difflib.unified_diff(expected, printed, "expected", "printed", lineterm="")))
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
