#!/usr/bin/env python3
"""Compiles each public header alone, twice in a row and with every warning an error.

usage: headers.py INCLUDE_DIR COMPILER [ARGUMENT...]
"""

import sys
from pathlib import Path

import tap

STRICT = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion",
          "-Werror", "-pthread"]


def compiles_alone(compiler, include_dir, header):
    def check():
        twice = f"#include <{header}>\n" * 2
        status, text = tap.output_of([*compiler, *STRICT, f"-I{include_dir}", "-x", "c++", "-"],
                                     input=twice)
        return text or "the compiler failed" if status else ""
    return check


def main():
    include_dir, *compiler = sys.argv[1:]
    headers = sorted(p.relative_to(include_dir).as_posix() for p in Path(include_dir).rglob("*.hpp"))
    tap.run([(header, compiles_alone(compiler, include_dir, header)) for header in headers])


main()
