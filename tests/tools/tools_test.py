#!/usr/bin/env python3
"""What the small tools take for a passed case, and for the output of an example."""

import tempfile
import unittest
from pathlib import Path

import run_example
import tally


class tally_test(unittest.TestCase):
    def expect(self, counts, result, stdout=""):
        self.assertEqual(tally.cases({"result": result, "stdout": stdout}), counts)

    def test_a_plain_test_is_one_case(self):
        self.expect((1, 0), "OK")
        self.expect((0, 1), "FAIL")
        self.expect((0, 1), "TIMEOUT")
        self.expect((0, 0), "SKIP")

    def test_googletest_counts_its_cases(self):
        self.expect((12, 0), "OK", "[  PASSED  ] 12 tests.\n")
        self.expect((3, 2), "FAIL", "[  PASSED  ] 3 tests.\n[  FAILED  ] 2 tests, listed below:\n")

    def test_a_crash_after_passed_cases_is_a_failure(self):
        self.expect((0, 1), "FAIL", "[       OK ] lock.first (0 ms)\n")
        self.expect((5, 1), "FAIL", "[  PASSED  ] 5 tests.\n")

    def test_tap_counts_its_lines(self):
        self.expect((2, 1), "FAIL", "1..3\nok 1 - a\nnot ok 2 - b\n#   why\nok 3 - c\n")


class expected_output_test(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "x.cpp")
            source.write_text(text)
            return run_example.expected_output(source)

    def test_the_lines_below_the_label_are_the_output(self):
        self.assertEqual(self.read("// x.cpp — x.\n//\n// Output:\n//     one\n//       two\n//\n//     three\n"
                                   "#include <x>\n"), (["one", "  two", "", "three"], False))

    def test_the_order_may_be_free(self):
        self.assertEqual(self.read("// Output: in any order\n//     one\n#\n"), (["one"], True))

    def test_without_the_label_there_is_no_output(self):
        self.assertEqual(self.read("// x.cpp — x.\n"), (None, False))


if __name__ == "__main__":
    unittest.main()
