#!/usr/bin/env python3
"""What the small tools take for a passed case, and what is wrong with an output."""

import tempfile
import unittest
from pathlib import Path

import run_example
import tally
import tidy_units


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

    def test_failures_are_what_the_failed_cases_said(self):
        text = ("[ RUN      ] lock.first\n[       OK ] lock.first (0 ms)\n"
                "[ RUN      ] lock.second\na.cpp:3: Failure\n[  FAILED  ] lock.second (1 ms)\n"
                "[  PASSED  ] 1 test.\n[  FAILED  ] 1 test, listed below:\n[  FAILED  ] lock.second\n")
        self.assertEqual(tally.failures({"name": "x", "result": "FAIL", "stdout": text}),
                         ["x: FAIL", "    [ RUN      ] lock.second", "    a.cpp:3: Failure",
                          "    [  FAILED  ] lock.second (1 ms)"])
        self.assertEqual(tally.failures({"name": "x", "result": "FAIL", "stdout": "not ok 1 - a\n#   why\nok 2 - b\n"}),
                         ["x: FAIL", "    not ok 1 - a", "    #   why"])

    def test_a_crash_shows_the_end_of_what_was_printed(self):
        self.assertEqual(tally.failures({"name": "x", "result": "TIMEOUT", "stdout": "a\nb\n", "stderr": "c\n"}),
                         ["x: TIMEOUT", "    a", "    b", "    c"])
        self.assertEqual(tally.failures({"name": "x", "result": "OK", "stdout": "a\n"}), [])


class tidy_units_test(unittest.TestCase):
    def pieces(self, *texts):
        """Gives how many files each piece has, the compiler being asked whether they go together."""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, f"{number}.cpp") for number in range(len(texts))]
            for file, text in zip(files, texts):
                file.write_text(text)
            return [count for _, count in tidy_units.Units(folder).split(folder, ["clang++-19", "-std=c++20"], files)]

    def test_files_that_go_together_are_one_piece(self):
        self.assertEqual(self.pieces("int a;", "int b;", "int c;"), [3])

    def test_who_collides_goes_into_the_next_piece(self):
        self.assertEqual(self.pieces("int a;", "int a() { return 1; }", "int b;", "char a;"), [2, 1, 1])

    def test_programs_have_namespaces_of_their_own(self):
        self.assertEqual(self.pieces("#include <cstdio>\nint main() { std::puts(\"\"); }", "int main() {}"), [2])


class example_test(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "x.cpp")
            source.write_text(text)
            return run_example.labelled(source)

    def problem(self, comment, printed, workers):
        return run_example.problem_of(self.read(comment), printed, workers)

    def test_the_lines_below_a_label_belong_to_it(self):
        self.assertEqual(self.read("// x.cpp — x.\n//\n// Output:\n//     one\n//       two\n//\n//     three\n"
                                   "// Forced:\n//     one < three\n#include <x>\n"),
                         {"Output": ("", ["one", "  two", "", "three"]), "Forced": ("", ["one < three"])})

    def test_without_the_label_there_is_no_output(self):
        self.assertNotIn("Output", self.read("// x.cpp — x.\n"))

    def test_one_worker_prints_exactly_what_is_said(self):
        comment = "// Output: in any order\n//     a\n//     b\n"
        self.assertEqual(self.problem(comment, ["a", "b"], 1), "")
        self.assertNotEqual(self.problem(comment, ["b", "a"], 1), "")
        self.assertEqual(self.problem(comment, ["b", "a"], 4), "")
        self.assertNotEqual(self.problem(comment, ["b", "a", "a"], 4), "")

    def test_several_workers_keep_a_fixed_order_too(self):
        comment = "// Output:\n//     a\n//     b\n"
        self.assertNotEqual(self.problem(comment, ["b", "a"], 4), "")

    def test_several_workers_keep_the_forced_order(self):
        comment = "// Output: in any order\n//     a\n//     b\n// Forced:\n//     a < b\n"
        self.assertEqual(self.problem(comment, ["a", "b"], 4), "")
        self.assertNotEqual(self.problem(comment, ["b", "a"], 4), "")

    def test_racing_lines_are_printed_at_least_once(self):
        comment = "// Output: in any order\n//     a\n//     b\n// Racing:\n//     a\n"
        self.assertEqual(self.problem(comment, ["a", "b", "a"], 4), "")
        self.assertNotEqual(self.problem(comment, ["b"], 4), "")


if __name__ == "__main__":
    unittest.main()
