#!/usr/bin/env python3
"""Takes the first program out of a page, builds it the way a user would, and looks at what it prints. The page's other
programs are compiled and linked.

usage: installed_use.py README.md|docs/testing.md pkg-config|cmake|meson SOURCE_DIR BUILD_DIR
                        COMPILER [ARGUMENT...]
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Of a page: what its program has in it, and what the program prints, as a regular expression.
PAGES = {
    "README.md": ("int main()", r"9 16 25\n"),
    "docs/testing.md": ("CO_TEST(", r".*\[  PASSED  \] 3 tests\.\n"),
}


def block(page, language, containing):
    """Gives the first ``` block of the page in `language` that contains the text."""
    for text in re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        if containing in text:
            return text
    sys.exit(f"the page has no {language} block with {containing!r}")


def blocks(page, containing):
    """Gives the ```cpp blocks of the page that contain the text."""
    return [text for text in re.findall(r"^```cpp\n(.*?)^```$", page, re.MULTILINE | re.DOTALL) if containing in text]


def run(*command, **options):
    print("+", *command, flush=True)
    return subprocess.run([str(word) for word in command], check=True, **options)


class user:
    """A folder with the page's program in it, and a compiler."""

    def __init__(self, folder, page, source, build, compiler):
        self.folder, self.source, self.build, self.compiler = folder, source, build, compiler
        self.page_name = page
        self.page = (source / page).read_text()
        (folder / "main.cpp").write_text(block(self.page, "cpp", PAGES[page][0]))

    def packages(self):
        """The packages that the page names to pkg-config."""
        return re.search(r"pkg-config --cflags --libs ([\w ]+)\)", self.page)[1].split()

    def install(self):
        """Installs the library below the folder and gives the environment in which it is found."""
        root = self.folder / "root"
        run("meson", "install", "-C", self.build, "--no-rebuild", "--quiet", "--destdir", root)
        prefix = next(root.rglob("include/eddy")).parents[1]
        return os.environ | {
            "PKG_CONFIG_PATH": str(next(root.rglob("eddy.pc")).parent),
            "PKG_CONFIG_SYSROOT_DIR": str(root),
            "CMAKE_PREFIX_PATH": str(prefix),
            "LD_LIBRARY_PATH": str(next(root.rglob("libeddy.so")).parent),
        }

    def by_pkg_config(self):
        environment = self.install()
        flags = run("pkg-config", "--cflags", "--libs", *self.packages(), env=environment,
                    stdout=subprocess.PIPE, text=True).stdout.split()
        run(*self.compiler, "-std=c++20", self.folder / "main.cpp", *flags, "-o", self.folder / "main")
        for number, text in enumerate(blocks(self.page, PAGES[self.page_name][0])[1:], 2):
            other = self.folder / f"program_{number}"
            other.with_suffix(".cpp").write_text(text)
            run(*self.compiler, "-std=c++20", other.with_suffix(".cpp"), *flags, "-o", other)
        return self.folder / "main", environment

    def by_cmake(self):
        environment = self.install()
        (self.folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(user CXX)\nadd_executable(main main.cpp)\n"
            + block(self.page, "cmake", "find_package"))
        out = self.folder / "out"
        run("cmake", "-G", "Ninja", "-S", self.folder, "-B", out,
            f"-DCMAKE_CXX_COMPILER={self.compiler[0]}", env=environment)
        run("cmake", "--build", out)
        return out / "main", environment

    def by_meson(self):
        (self.folder / "meson.build").write_text(
            "project('user', 'cpp', default_options: ['cpp_std=c++20', 'optimization=1'])\n"
            + block(self.page, "meson", "dependency('eddy'"))
        wrap = self.folder / "subprojects" / "eddy"
        wrap.mkdir(parents=True)
        for part in ("meson.build", "meson_options.txt", "include", "runtime"):
            (wrap / part).symlink_to(self.source / part)
        out = self.folder / "out"
        run("meson", "setup", out, self.folder, env=os.environ | {"CXX": " ".join(self.compiler)})
        run("ninja", "-C", out)
        return out / "main", os.environ


def main():
    page, way, source, build, *compiler = sys.argv[1:]
    if not shutil.which(way):
        print(f"{way} is not installed")
        sys.exit(77)  # meson: skipped
    with tempfile.TemporaryDirectory() as folder:
        someone = user(Path(folder), page, Path(source), Path(build), compiler)
        program, environment = getattr(someone, "by_" + way.replace("-", "_"))()
        printed = run(program, env=environment, stdout=subprocess.PIPE, text=True).stdout
    expected = PAGES[page][1]
    if not re.fullmatch(expected, printed, re.DOTALL):
        sys.exit(f"printed {printed!r}, expected {expected!r}")


main()
