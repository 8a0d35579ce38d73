#!/usr/bin/env python3
"""Checks that misuse does not compile, and that the compiler's message says why.

Each file is compiled twice: as it is, which must succeed, and with EDDY_MISUSE defined, which must fail
with a message that matches the regular expression after "// Expect:" in the opening comment. What stands after
"// Arguments:" is given to the compiler then, too.

usage: compile_fail.py FOLDER INCLUDE_DIR COMPILER [ARGUMENT...]
"""

import re
import sys
from pathlib import Path

import tap


def fails_for_the_reason(compiler, path):
    def check():
        expected = re.search(r"^// Expect:\s+(.*\S)", path.read_text(), re.MULTILINE)
        if not expected:
            return 'the opening comment has no line "// Expect: regular expression"'
        status, text = tap.output_of([*compiler, str(path)])
        if status:
            return "must compile without EDDY_MISUSE:\n" + text
        more = re.search(r"^// Arguments:\s+(.*\S)", path.read_text(), re.MULTILINE)
        misuse = ["-DEDDY_MISUSE", *(more[1].split() if more else [])]
        status, text = tap.output_of([*compiler, *misuse, str(path)])
        if not status:
            return "compiles with EDDY_MISUSE, and must not"
        return "" if re.search(expected[1], text) else f"no match for {expected[1]!r} in:\n{text}"
    return check


def main():
    folder, include_dir, *compiler = sys.argv[1:]
    compiler += ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{include_dir}"]
    tap.run([(path.stem, fails_for_the_reason(compiler, path))
             for path in sorted(Path(folder).glob("*.cpp"))])


main()
