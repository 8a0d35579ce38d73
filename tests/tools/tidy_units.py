#!/usr/bin/env python3
"""Runs clang-tidy over the sources of a build, many of them in one piece.

Most of what clang-tidy does for a file it does for the headers that the file includes. So files that are compiled with
the same options are included into one, as far as their names do not collide; programs, each in a namespace of its own.
What it finds it reports for the file and line where it is.

usage: tidy_units.py BUILD_DIR FOLDER...

The folders are relative to the sources. Exit status 1: something was found.
"""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

TIDY = "clang-tidy-19"
ROOT = Path(__file__).resolve().parents[2]
FILES_MAX = 25  # in a piece, so that all processors have something to do
INCLUDE = re.compile(r'^#include\s+(<[^>]+>|"[^"]+")', re.MULTILINE)


def options_of(entry):
    """Gives the compiler and its options without what is the file's own."""
    words = iter(shlex.split(entry["command"]))
    out = []
    for word in words:
        if word in ("-o", "-MF", "-MQ", "-c"):
            next(words)
        elif word != "-MD" and not re.fullmatch(r"-I\S+\.p", word):
            out.append(word)
    return tuple(out)


def sources(build, folders):
    """Gives {(folder of the command, options): files}: what may be put together."""
    out = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = Path(os.path.normpath(Path(entry["directory"], entry["file"])))
        if any((ROOT / folder) in file.parents for folder in folders):
            same = out.setdefault((entry["directory"], options_of(entry)), [])
            if file not in same:
                same.append(file)
    return out


def is_program(text):
    """Says whether it may stand in a namespace: it has a main and opens none that the library has."""
    return re.search(r"^int main\(", text, re.MULTILINE) and not re.search(r"^namespace eddy", text, re.MULTILINE)


def found(name, folder):
    """Gives the name of a header as another file has to write it."""
    beside = folder / name.strip('"')
    return f'"{beside}"' if name[0] == '"' and beside.is_file() else name


def unit_of(files):
    """Gives the text of a file that includes them."""
    lines, bodies = [], []
    for number, file in enumerate(files):
        text = file.read_text()
        body = f'#include "{file}" // NOLINT(bugprone-suspicious-include)'
        if is_program(text):
            lines += [f"#include {found(name, file.parent)}" for name in INCLUDE.findall(text)]
            body = f"namespace program_{number} {{\n{body}\n}}"
        bodies.append(body)
    return "\n".join([*dict.fromkeys(lines), *bodies, ""])


class Units:
    """Makes the pieces and checks them; what is written is in `folder` until the end."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.count = 0

    def write(self, files):
        self.count += 1
        out = self.folder / f"unit_{self.count}.cpp"
        out.write_text(unit_of(files))
        return out

    def split(self, where, options, files):
        """Puts the files into as few pieces as it can: who collides with those before goes into the next one."""
        out = []
        while files:
            unit = self.write(files)
            command = [*options, "-fsyntax-only", "-fno-color-diagnostics", "-ferror-limit=0", "-w", str(unit)]
            printed = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False).stderr
            named = re.findall(r"^(\S+?):\d+:\d+: .*error:", printed, re.MULTILINE)
            wrong = {os.path.normpath(Path(where, name)) for name in named}
            later = [file for file in files if str(file) in wrong]
            if not later and not wrong:
                out.append((unit, len(files)))
                return out
            if not later or len(later) == len(files):  # nothing is learnt from it
                return out + [(self.write([file]), 1) for file in files]
            out += self.split(where, options, [file for file in files if file not in later])
            files = later
        return out


def check(where, options, unit):
    """Gives what clang-tidy has found, as text."""
    # Of the compiler's warnings, which every build has anyway, two see what is not there in a file by itself: a main
    # that is no main, and a name of a file before.
    command = [TIDY, "-quiet", f"--config-file={ROOT / '.clang-tidy'}", str(unit)]
    command += ["--", *options[1:], "-Wno-return-type", "-Wno-shadow"]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode != 0 else ""


def main():
    build, folders = Path(sys.argv[1]).resolve(), sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        units = Units(folder)
        alike = [
            (where, options, files[begin : begin + FILES_MAX])
            for (where, options), files in sources(build, folders).items()
            for begin in range(0, len(files), FILES_MAX)
        ]
        pieces = pool.map(lambda each: [(*each[:2], *unit) for unit in units.split(*each)], alike)
        largest_first = sorted((piece for group in pieces for piece in group), key=lambda piece: -piece[3])
        found = list(pool.map(lambda piece: check(*piece[:3]), largest_first))
    print("\n".join(sorted({text for text in found if text})), end="")
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main())
