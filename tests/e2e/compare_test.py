#!/usr/bin/env python3
"""Runs `eddy compare` as a user does, on sizes so small that it takes a moment.

usage: compare_test.py PROGRAM
"""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = str(Path(sys.argv.pop(1)).resolve())
TINY = ["--repetitions", "2", "--sizes", "idle_waiters=10,20", "--sizes", "fork_join=6",
        "--sizes", "mixed=4", "--sizes", "blocking=3", "--sizes", "cpu_bound=3", "--sizes", "mixed_server=50", "--sizes", "echo=2"]
# Those that compare ways to wait, and those that compare where a call is made that keeps its thread.
WAYS = {"idle_waiters", "ping_pong", "fork_join", "mixed", "echo"}
PLACES = {"blocking", "cpu_bound", "mixed_server"}
WORKLOADS = WAYS | PLACES
MODELS_OF = {"threads", "processes"}
MODELS = {**{way: MODELS_OF | {"one_core", "all_cores", "tbb"} for way in WAYS},
          **{place: MODELS_OF | {"on_loop", "thread_pool", "process_pool", "tbb_executor"} for place in PLACES}}
# One oneTBB cell that takes 5 s: 1 000 jobs that block one worker in turn.
LONG = ["--workloads", "mixed", "--sizes", "mixed=1000", "--repetitions", "1"]
ONE_CORE = os.environ | {"EDDY_WORKERS": "1"}
PATIENCE = 30


def run(*arguments, **options):
    return subprocess.run([PROGRAM, "compare", *arguments], capture_output=True, text=True,
                          timeout=120, **options)


def status_of(pid):
    """Gives (state, session, command line) of a process, or nothing if there is none."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return after_name[0], int(after_name[3]), Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None


def members_of(session):
    """Gives {pid: command line} of the session; dead ones that wait for init to reap them are left out."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (status := status_of(entry.name)):
            state, its_session, command = status
            if its_session == session and state not in "ZX":
                found[int(entry.name)] = command
    return found


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.002)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


class running:
    """`eddy compare` in a session of its own; whatever is left of it is killed at the end."""

    def __init__(self, *arguments, **options):
        self.process = subprocess.Popen([PROGRAM, "compare", *arguments], text=True,
                                        start_new_session=True, stdout=subprocess.PIPE,
                                        **{"stderr": subprocess.DEVNULL, "env": ONE_CORE} | options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in members_of(self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process.stdout.close()

    def members(self):
        return members_of(self.process.pid)

    def wait_for_cell(self):
        return wait_until(
            lambda: next((pid for pid, command in self.members().items()
                          if "compare-cell" in command), None), "a cell")

    def wait_for_members(self, count):
        wait_until(lambda: len(self.members()) >= count, f"{count} processes")


class a_comparison(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        path = Path(cls.folder.name) / "compare.json"
        cls.printed = run(*TINY, "--json", path)
        cls.record = json.loads(path.read_text())

    def test_ends_with_success(self):
        self.assertEqual(self.printed.returncode, 0, self.printed.stderr)

    def test_the_help_says_what_each_name_stands_for(self):
        lines = [line.split(maxsplit=1) for line in run("--help").stdout.splitlines() if line.startswith("  ")]
        for each in self.record["models"] + self.record["workloads"]:
            with self.subTest(each["name"]):
                self.assertTrue(any(line[0] == each["name"] and line[1].startswith(each["title"]) for line in lines))

    def test_says_which_machine_and_which_versions(self):
        machine, versions = self.record["machine"], self.record["versions"]
        for fact in ("cpu", "cores", "kernel", "memory_bytes", "cgroup_cpu_quota", "busy_cores_before"):
            self.assertIn(fact, machine)
        for name in ("eddy", "compiler", "tbb", "mimalloc"):
            self.assertTrue(versions[name], name)
        self.assertRegex(self.record["date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_covers_every_workload_with_every_model(self):
        cells = self.record["cells"]
        self.assertEqual({(cell["workload"], cell["model"]) for cell in cells},
                         {(workload, model) for workload in WORKLOADS for model in MODELS[workload]})

    def test_keeps_every_sample_and_gives_medians(self):
        for cell in self.record["cells"]:
            with self.subTest(cell=(cell["workload"], cell["model"], cell["size"])):
                if cell["status"] != "measured":
                    self.assertEqual(cell["status"], "cannot", cell["why"])
                    self.assertTrue(cell["why"])
                    continue
                self.assertEqual(len(cell["samples"]), 2)
                for metric, median in cell["median"].items():
                    values = [sample[metric] for sample in cell["samples"]]
                    self.assertAlmostEqual(median, sum(values) / 2, delta=1 + abs(median) * 1e-6)

    def test_measures_all_that_a_model_can_do(self):
        cannot = {(cell["workload"], cell["model"]) for cell in self.record["cells"]
                  if cell["status"] != "measured"}
        self.assertEqual(cannot, {("idle_waiters", "tbb"), ("ping_pong", "tbb"), ("echo", "tbb")})

    def test_every_executor_says_what_the_rest_waits_for_and_what_memory_it_takes(self):
        wanted = {"blocking": {"late_max_ns", "memory_bytes"},
                  "cpu_bound": {"late_p50_ns", "late_p99_ns", "late_max_ns", "memory_bytes"},
                  "mixed_server": {"p50_ns", "p99_ns", "max_ns", "cpu_ns"}}
        for cell in self.record["cells"]:
            with self.subTest(cell=(cell["workload"], cell["model"])):
                self.assertLessEqual(wanted.get(cell["workload"], set()), set(cell["median"]))

    def test_calls_are_made_wherever_they_are_made(self):
        cells = {(cell["workload"], cell["model"]): cell["median"] for cell in self.record["cells"]}
        for model in MODELS["cpu_bound"]:
            self.assertGreaterEqual(cells["cpu_bound", model]["cpu_ns"], 3 * 2e6, model)
            self.assertGreaterEqual(cells["blocking", model]["sleep_ns"], 2e6 / 3, model)

    def test_every_sample_says_what_else_the_machine_did(self):
        for cell in self.record["cells"]:
            for sample in cell["samples"]:
                self.assertGreaterEqual(sample["foreign_cores"], 0)

    def test_the_rows_of_a_table_end_in_one_column(self):
        tables = re.findall(r"(?:^    (?:thread per task|process per task|coroutines|on the loop|thread pool|process pool|oneTBB) .*\n)+",
                            self.printed.stdout, re.MULTILINE)
        self.assertGreaterEqual(len(tables), len(WORKLOADS))
        for table in tables:
            self.assertEqual(len({len(row) for row in table.splitlines()}), 1, table)

    def test_prints_a_finding_for_each_workload(self):
        self.assertEqual(set(self.record["findings"]), WORKLOADS)
        findings = [each for all_of_one in self.record["findings"].values() for each in all_of_one]
        self.assertGreaterEqual(len(findings), len(WORKLOADS))
        self.assertEqual(self.printed.stdout.count("=> "), len(findings))
        printed = " ".join(self.printed.stdout.split())
        for finding in findings:
            self.assertIn(" ".join(finding.split()), printed)
            self.assertRegex(finding, r"^[A-Z].*\.$")

    def test_a_finding_names_the_best_first_and_how_many_times_as_much_the_others_take(self):
        cells = {cell["model"]: cell["median"]["sleep_ns"] for cell in self.record["cells"] if cell["workload"] == "blocking"}
        finding = next(each for each in self.record["findings"]["blocking"] if "that sleep" in each)
        self.assertRegex(finding, r"^Quickest with calls that sleep, 3.calls: ")
        titles = {model["name"]: model["title"] for model in self.record["models"]}
        best = min(cells, key=cells.get)
        self.assertIn(titles[best], finding.partition("(")[0])
        worst = max(cells, key=cells.get)
        self.assertIn(titles[worst], finding.partition("(")[2])


class wrong_arguments(unittest.TestCase):
    def expect_refusal(self, message, *arguments, **options):
        refused = run(*arguments, **options)
        self.assertEqual(refused.returncode, 2)
        self.assertIn(message, refused.stderr)
        self.assertEqual(refused.stdout, "")

    def test_an_unknown_option_is_named(self):
        self.expect_refusal("--unknown", "--unknown")

    def test_a_json_path_that_cannot_be_written_is_refused_before_the_run(self):
        self.expect_refusal("cannot write /no/such/folder/file", "--json", "/no/such/folder/file")

    def test_one_file_for_the_page_and_the_record_is_refused_before_the_run(self):
        self.expect_refusal("--json and --html are to write the same file, /dev/null",
                            "--html", "/dev/null", "--json", "/dev/null")

    def test_an_option_is_not_taken_for_the_json_file(self):
        for arguments in (["--json", "--quick"], ["--json=", "--quick"], ["--json=-"]):
            with self.subTest(arguments), tempfile.TemporaryDirectory() as folder:
                self.expect_refusal("--json: wants a file, not '-", *arguments, cwd=folder)
                self.assertEqual(os.listdir(folder), [])

    def test_a_report_that_cannot_be_printed_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "compare", *TINY], stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=120)
        self.assertIn("cannot write the report", done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_an_unknown_workload_is_answered_with_those_that_exist(self):
        self.expect_refusal("--workloads: no workload 'idle'; there are idle_waiters, ping_pong, fork_join, mixed, blocking, cpu_bound, mixed_server, echo", "--workloads", "idle")

    def test_a_size_must_be_a_number(self):
        self.expect_refusal("--sizes: 'many' is not a size", "--sizes", "mixed=many")


class a_cell_that_cannot_be_measured(unittest.TestCase):
    def test_a_size_beyond_the_limits_is_explained_and_the_run_goes_on(self):
        done = run("--workloads", "idle_waiters", "--models", "threads", "--repetitions", "1",
                   "--sizes", "idle_waiters=5,100000000")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"thread limit [\d\u00a0]+: ")
        self.assertIn("Done by one model, thread per task", done.stdout)

    def test_a_crash_is_reported_and_the_run_goes_on(self):
        with running(*LONG, "--models", "tbb,threads") as comparison:
            victim = wait_until(lambda: next(
                (pid for pid, command in comparison.members().items() if '"tbb"' in command),
                None), "the oneTBB cell")
            os.kill(victim, signal.SIGSEGV)
            printed, _ = comparison.process.communicate(timeout=PATIENCE)
            self.assertEqual(comparison.process.returncode, 0)
        self.assertIn("crashed with SIGSEGV", printed)
        self.assertIn("Done by one model, thread per task", printed)

    def test_a_cell_that_takes_too_long_is_ended(self):
        done = run(*LONG, "--models", "tbb", "--cell-seconds", "1", env=ONE_CORE)
        self.assertEqual(done.returncode, 0)
        self.assertIn("took longer than 1 s", done.stdout)
        self.assertIn("No model did this.", done.stdout)


class an_end_before_the_end(unittest.TestCase):
    # 200 processes that wait until all of them do; again and again, so that it does not end by itself.
    MANY = ["--workloads", "idle_waiters", "--models", "processes", "--sizes", "idle_waiters=200", "--repetitions", "1000"]

    def test_ctrl_c_leaves_no_process_behind(self):
        with running(*self.MANY) as comparison:
            comparison.wait_for_members(20)
            comparison.process.send_signal(signal.SIGINT)
            printed, _ = comparison.process.communicate(timeout=PATIENCE)
            self.assertEqual(comparison.members(), {})
            self.assertEqual(comparison.process.returncode, 128 + signal.SIGINT)
        self.assertIn("Interrupted", printed)

    def test_the_record_of_an_interrupted_run_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "compare.json"
            with running(*LONG, "--models", "tbb", "--json", path) as comparison:
                comparison.wait_for_cell()
                comparison.process.send_signal(signal.SIGTERM)
                comparison.process.communicate(timeout=PATIENCE)
                self.assertEqual(comparison.process.returncode, 128 + signal.SIGTERM)
            record = json.loads(path.read_text())
        self.assertTrue(record["interrupted"])
        self.assertEqual([cell["status"] for cell in record["cells"]], ["skipped"])

    def test_all_processes_die_with_a_comparison_that_is_killed(self):
        with running(*self.MANY) as comparison:
            comparison.wait_for_members(20)
            comparison.process.kill()
            comparison.process.wait()
            wait_until(lambda: not comparison.members(), "the last process to die")

    def test_the_bar_is_wiped_from_the_terminal(self):
        mine, terminal = pty.openpty()
        with running(*LONG, "--models", "tbb", stderr=terminal) as comparison:
            os.close(terminal)
            comparison.wait_for_cell()
            comparison.process.send_signal(signal.SIGINT)
            comparison.process.communicate(timeout=PATIENCE)
        shown = os.read(mine, 65536)
        os.close(mine)
        self.assertIn(b"[....", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown)


if __name__ == "__main__":
    unittest.main(verbosity=2)
