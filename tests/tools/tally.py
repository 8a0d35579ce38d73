#!/usr/bin/env python3
"""Counts the cases of the last `meson test` in a build folder and prints "PASSED FAILED".

A GoogleTest program or a TAP script counts as its cases, any other test as one. With --failures: prints instead
what each failed case had to say, so that it can be read where the log has been left behind.

usage: tally.py [--failures] BUILD_DIR
"""

import json
import re
import sys
from pathlib import Path

LINES_OF_A_FAILURE = 40


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


def failures(test):
    """Gives what the failed cases of one line of testlog.json printed, a list of lines; [] if none failed."""
    if not cases(test)[1]:
        return []
    text = test.get("stdout") or ""
    said = re.findall(r"^\[ RUN      \] (?:(?!^\[       OK \]|^\[ RUN)[\s\S])*?^\[  FAILED  \] .*", text, re.MULTILINE)
    said += re.findall(r"^not ok .*(?:\n#.*)*", text, re.MULTILINE)
    lines = [line for case in said for line in case.splitlines()[:LINES_OF_A_FAILURE]]
    # It died in the middle of a case, or is not one of those that count cases: the end of what it printed.
    lines = lines or text.splitlines()[-LINES_OF_A_FAILURE:]
    lines += (test.get("stderr") or "").splitlines()[-LINES_OF_A_FAILURE:]
    return [f"{test['name']}: {test['result']}"] + ["    " + line for line in lines]


def main():
    log = Path(sys.argv[-1], "meson-logs", "testlog.json")
    tests = [json.loads(line) for line in log.read_text().splitlines()]
    if "--failures" in sys.argv:
        print("\n".join(line for test in tests for line in failures(test)))
        return
    counts = [cases(test) for test in tests]
    print(sum(passed for passed, _ in counts), sum(failed for _, failed in counts))


if __name__ == "__main__":
    main()
