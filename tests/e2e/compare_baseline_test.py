#!/usr/bin/env python3
"""Runs `eddy compare --baseline` against records that are as they should be, and against others.

usage: compare_baseline_test.py PROGRAM
"""

import copy
import json
import math
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = str(Path(sys.argv.pop(1)).resolve())
# What else the machine does is no matter of this test: every round counts.
ALL_COUNT = ["--foreign-cores", "1000000"]
TINY = ["--workloads", "fork_join", "--models", "one_core,threads,tbb", "--sizes", "fork_join=6,7", "--repetitions", "8"]
WORSE, UNCLEAR = 4, 5


def run(*arguments):
    return subprocess.run([PROGRAM, "compare", *arguments], capture_output=True, text=True, timeout=120)


class a_baseline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        path = cls.folder / "first.json"
        done = run(*TINY, "--json", path)
        assert done.returncode == 0, done.stderr
        cls.first = json.loads(path.read_text())

    def against(self, change, *arguments):
        """Runs again, compared with the first record after `change` was made to it."""
        record = copy.deepcopy(self.first)
        change(record)
        before, after = self.folder / "before.json", self.folder / "after.json"
        before.write_text(json.dumps(record))
        done = run(*(arguments or [*TINY, *ALL_COUNT]), "--baseline", before, "--json", after)
        return done, json.loads(after.read_text()).get("baseline") if after.exists() else None

    def scaled(self, times, models=("one_core",), spread=0.01):
        """As if each sample of these models had taken `times` as long, and a little more or less."""
        def change(record):
            for cell in record["cells"]:
                if cell["model"] in models:
                    for at, sample in enumerate(cell["samples"]):
                        sample["total_ns"] = cell["median"]["total_ns"] * times * (1 + spread * (at - 3))
        return change

    def verdicts(self, compared, models=("one_core",)):
        return {change["verdict"] for change in compared["changes"] if change["model"] in models}

    def test_what_takes_far_longer_is_worse_and_the_exit_status_says_so(self):
        done, compared = self.against(self.scaled(0.01))
        self.assertEqual(done.returncode, WORSE, done.stderr)
        self.assertEqual(self.verdicts(compared), {"slower"})
        self.assertIn("× ▲", done.stdout)
        self.assertIn("2 got worse beyond noise", done.stdout)

    def test_what_takes_far_less_is_better(self):
        done, compared = self.against(self.scaled(100))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.verdicts(compared), {"faster"})
        self.assertIn("× ▼", done.stdout)

    def test_what_differs_in_some_rounds_only_is_the_same(self):
        def change(record):
            for cell in record["cells"]:
                least = min(sample["total_ns"] for sample in cell["samples"])
                for at, sample in enumerate(cell["samples"]):  # five far below all of now's, three far above
                    sample["total_ns"] = least * (0.01 if at < 5 else 100)
        done, compared = self.against(change)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.verdicts(compared), {"same"})

    def test_what_differs_as_much_as_what_has_no_eddy_in_it_is_not_worse(self):
        done, compared = self.against(self.scaled(0.01, models=("one_core", "threads", "tbb")))
        for change in compared["changes"]:
            if change["model"] == "one_core":  # as it would be if it were as much as the others, or less
                self.assertEqual(change["verdict"] == "slower", change["ratio"] > 1.1 * change["drift"], change)
            else:
                self.assertEqual(change["verdict"], "drifted")
                self.assertIn("× ~", done.stdout)

    def test_what_has_no_eddy_in_it_is_never_worse(self):
        done, compared = self.against(self.scaled(0.01, models=("threads",)))
        self.assertEqual(done.returncode == WORSE, "slower" in self.verdicts(compared), done.stdout)
        self.assertEqual(self.verdicts(compared, ("threads",)), {"drifted"})

    def test_rounds_beside_something_else_do_not_count(self):
        def change(record):
            self.scaled(0.01)(record)
            for cell in record["cells"]:
                for sample in cell["samples"][1:]:
                    sample["foreign_cores"] = 1.5
        done, compared = self.against(change, *TINY, "--foreign-cores", "1.4")
        self.assertEqual(done.returncode, UNCLEAR, done.stderr)
        self.assertEqual(self.verdicts(compared), {"unclear"})
        self.assertIn("something else had more than 1.40 cores in", done.stdout)

    def test_the_ratio_is_of_the_medians(self):
        _, compared = self.against(self.scaled(0.01))
        for change in compared["changes"]:
            self.assertAlmostEqual(change["ratio"], change["now"] / change["then"], places=6)

    def test_few_rounds_are_too_few_to_say_and_it_is_said_how_many_it_takes(self):
        def change(record):
            self.scaled(0.01)(record)
            for cell in record["cells"]:
                del cell["samples"][2:]
        done, compared = self.against(change)
        self.assertEqual(done.returncode, UNCLEAR, done.stderr)
        self.assertEqual(self.verdicts(compared), {"unclear"})
        self.assertEqual(compared["rounds_wanted"], 5)  # 2 / C(10, 5) is below 0.05 / 6 values
        self.assertIn("It takes 5 in each of the two runs", " ".join(done.stdout.split()))

    def test_the_chance_is_that_of_the_rank_sum_test(self):
        _, compared = self.against(self.scaled(0.01))
        for change in compared["changes"]:
            if change["model"] == "one_core":  # all of the one below all of the other
                self.assertEqual(change["rounds"], [8, 8])
                self.assertAlmostEqual(change["chance"], 2 / math.comb(16, 8))
            self.assertLessEqual(change["chance"], 1)

    def test_a_cell_that_takes_too_long_now_is_worse(self):
        def change(record):
            for cell in record["cells"]:
                cell["size"] = 44
        done, compared = self.against(change, "--workloads", "fork_join", "--models", "one_core", "--sizes", "fork_join=44",
                                      "--cell-seconds", "1", "--repetitions", "1")
        self.assertEqual(done.returncode, WORSE, done.stderr)
        self.assertEqual(self.verdicts(compared), {"lost"})

    def test_another_kernel_is_a_warning(self):
        done, compared = self.against(lambda record: record["machine"].update(kernel="Linux 1.0 x86_64"))
        self.assertIn("Kernel: Linux 1.0 x86_64 then", done.stdout)
        self.assertIn("Kernel: Linux 1.0 x86_64 then", compared["warnings"][0])

    # -- refused, and nothing is measured --

    def refused(self, change, *arguments):
        (self.folder / "after.json").unlink(missing_ok=True)
        done, _ = self.against(change, *arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("--baseline: ", done.stderr)
        return done.stderr

    def test_another_machine_is_refused(self):
        self.assertIn("is of another machine", self.refused(lambda record: record["machine"].update(cpu="Z80")))
        self.assertIn("is of another machine", self.refused(lambda record: record["machine"].update(cores=77)))

    def test_another_version_of_the_format_is_refused(self):
        self.assertIn("is of version 1 of the format, not 3", self.refused(lambda record: record.update(schema=1)))

    def test_a_record_without_a_common_cell_is_refused(self):
        message = self.refused(lambda record: None, "--workloads", "mixed", "--models", "threads", "--sizes", "mixed=1")
        self.assertIn("has none of the cells that are to be measured", message)

    def test_a_record_that_lacks_a_part_is_refused(self):
        for part in ("machine", "versions", "cells", "date", "program"):
            with self.subTest(part):
                self.assertIn("is not what `eddy compare --json` wrote", self.refused(lambda record: record.pop(part)))

    def test_a_part_of_another_type_is_refused(self):
        self.assertIn("is not what", self.refused(lambda record: record["machine"].update(cores="two")))
        self.assertIn("is not what", self.refused(lambda record: record["cells"].append(3)))
        self.assertIn("is not what", self.refused(lambda record: record["cells"][0].update(samples="many")))
        self.assertIn("is not what", self.refused(lambda record: record["versions"].update(tbb=7)))

    def test_other_files_are_refused(self):
        other = self.folder / "other"
        for text in ("", "[]", "{}", "not JSON", '{"schema": "2"}'):
            with self.subTest(text):
                other.write_text(text)
                done = run(*TINY, "--baseline", other)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(f"--baseline: {other} is not what `eddy compare --json` wrote", done.stderr)

    def test_a_file_that_is_not_there_is_refused(self):
        done = run(*TINY, "--baseline", "/no/such/file")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("--baseline: cannot read /no/such/file: No such file or directory", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
