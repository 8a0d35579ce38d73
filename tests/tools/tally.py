#!/usr/bin/env python3
"""Counts the cases of the last `meson test` in a build folder and prints "PASSED FAILED".

A GoogleTest program or a TAP script counts as its cases, any other test as one.

usage: tally.py BUILD_DIR
"""

import json
import re
import sys
from pathlib import Path


def cases(test):
    """Gives (passed, failed) of one line of testlog.json."""
    text = test.get("stdout") or ""
    passed = len(re.findall(r"^ok \d+", text, re.MULTILINE))
    failed = len(re.findall(r"^not ok \d+", text, re.MULTILINE))
    gtest_passed = re.search(r"^\[  PASSED  \] (\d+) test", text, re.MULTILINE)
    if gtest_passed:
        passed = int(gtest_passed[1])
        gtest_failed = re.search(r"^\[  FAILED  \] (\d+) test", text, re.MULTILINE)
        failed = int(gtest_failed[1]) if gtest_failed else 0
    if test["result"] == "SKIP":
        return 0, 0
    if test["result"] in ("OK", "EXPECTEDFAIL"):
        return max(passed, 1), 0
    return passed, max(failed, 1)


def main():
    log = Path(sys.argv[1], "meson-logs", "testlog.json")
    counts = [cases(json.loads(line)) for line in log.read_text().splitlines()]
    print(sum(passed for passed, _ in counts), sum(failed for _, failed in counts))


if __name__ == "__main__":
    main()
