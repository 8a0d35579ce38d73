#!/usr/bin/env python3
"""Runs ./eddy where packages are missing, with stand-ins for dpkg-query, apt-get, sudo and id.

usage: script_test.py SOURCE_DIR
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(sys.argv.pop(1)).resolve()

APT_GET = 'echo "apt-get $*" >>"$LOG"; [ "$1" = update ] || touch "$LOG.installed"; exit "${APT_STATUS:-0}"'
DPKG_QUERY = '[ ! -e "$LOG.installed" ] || printf "installed clang-format-19 "'
SUDO = '[ "$1" = -n ] && exit "${SUDO_STATUS:-0}"; echo sudo >>"$LOG"; exec "$@"'
INSTALL = "env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends clang-format-19"
APT_LOG = "apt-get update\napt-get install -y --no-install-recommends clang-format-19\n"


class script_test(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = Path(self.folder.name, "log")
        self.stand_in("apt-get", APT_GET)
        self.stand_in("dpkg-query", DPKG_QUERY)
        self.stand_in("clang-format-19", "exit 0")
        self.user(0)

    def stand_in(self, name, text):
        path = Path(self.folder.name, name)
        path.write_text("#!/bin/sh\n" + text + "\n")
        path.chmod(0o755)

    def user(self, number):
        self.stand_in("id", f"echo {number}")

    def eddy(self, *arguments, **variables):
        """`./eddy fmt` needs one package and no build."""
        environment = {"PATH": f"{self.folder.name}:/usr/bin:/bin", "LOG": str(self.log), **variables}
        return subprocess.run([SOURCE / "eddy", *(arguments or ["fmt"])], env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def called(self):
        return self.log.read_text() if self.log.exists() else ""

    def test_root_installs_and_the_commands_are_printed_first(self):
        done = self.eddy()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "eddy: missing packages: clang-format-19\n"
                                      f"+ apt-get update\n+ {INSTALL}\n")
        self.assertEqual(self.called(), APT_LOG)

    def test_the_second_run_is_silent_and_calls_nothing(self):
        self.eddy()
        done = self.eddy()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.called(), APT_LOG)

    def test_a_user_with_sudo_uses_it(self):
        self.user(1000)
        self.stand_in("sudo", SUDO)
        self.assertEqual(self.eddy().returncode, 0)
        self.assertEqual(self.called().replace("sudo\n", ""), APT_LOG)
        self.assertEqual(self.called().count("sudo"), 2)

    def test_without_root_or_sudo_it_says_what_to_run_and_exits_3(self):
        self.user(1000)
        self.stand_in("sudo", SUDO)
        done = self.eddy(SUDO_STATUS="1")
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"\n  apt-get update && {INSTALL}\n", done.stderr)
        self.assertEqual(self.called(), "")

    def test_a_failing_apt_is_an_error_that_names_the_command(self):
        done = self.eddy(APT_STATUS="100")
        self.assertEqual(done.returncode, 1)
        self.assertIn("this command failed: apt-get update", done.stderr)

    def test_without_a_command_it_explains_itself_and_installs_nothing(self):
        done = self.eddy("--help")
        self.assertIn("./eddy <command>", done.stdout)
        self.assertEqual((done.returncode, self.called()), (0, ""))


if __name__ == "__main__":
    os.chdir(SOURCE)
    unittest.main()
