"""embed.py — makes a C++ file of texts, so that the program needs no file to find them.

usage: embed.py OUTPUT NAME=FILE...     each becomes `const std::string_view eddy::cli::NAME`
"""

import sys
from pathlib import Path

LITERAL_MAX = 16_000  # what every compiler takes; literals next to each other are one


def literal(text):
    parts = [text[at:at + LITERAL_MAX] for at in range(0, len(text), LITERAL_MAX)]
    return "\n    ".join(f'R"embedded({part})embedded"' for part in parts)


def main():
    output, *texts = sys.argv[1:]
    lines = ["// page_texts.cpp — made by embed.py of what is in runtime/cli/page/.", "", '#include "page.hpp"', "", "namespace eddy::cli {", ""]
    for name, _, path in (each.partition("=") for each in texts):
        lines += [f"const std::string_view {name} =\n    {literal(Path(path).read_text())};", ""]
    Path(output).write_text("\n".join([*lines, "} // namespace eddy::cli", ""]))


main()
