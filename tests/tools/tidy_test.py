#!/usr/bin/env python3
"""Plants one violation of each rule of tidy.py in a small tree, and expects it to be found, alone."""

import tempfile
import unittest
from pathlib import Path

import tidy

HEADER = """\
// {name} — {purpose}
{labels}
#pragma once

{body}
"""

PAIRED = """\
    void set() {{ flag_.store(true, release); }}{0}
    bool get() {{ return flag_.load(acquire); }} // P1
"""


def header(body, labels="", name="x.hpp", purpose="an example."):
    return HEADER.format(name=name, purpose=purpose, labels=labels, body=body)


class tidy_test(unittest.TestCase):
    def rules_broken(self, files):
        """Writes {path: text} below an empty folder and gives the names of the rules broken there."""
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                target = Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            return sorted({line.split(": ")[1] for line in tidy.check(Path(folder))})

    def expect(self, rules, text, path="include/eddy/core/x.hpp", **others):
        self.assertEqual(self.rules_broken({path: text, **others}), rules)

    def test_a_clean_file_passes(self):
        pairs = "// Pairs:      P1  flag_: set -> get     the getter sees what the setter did\n"
        self.expect([], header(PAIRED.format(" // P1"), pairs))
        self.expect([], header("count_.fetch_add(1, relaxed); // count: for reports"))

    def test_opening_comment(self):
        self.expect(["opening"], "#pragma once\n")
        self.expect(["opening"], header("", name="y.hpp"))
        self.expect(["opening"], header("", labels="// Notes: none\n"))
        self.expect(["opening"], "// x.hpp — no guard.\n\nint x;\n")
        self.expect(["opening"], "// x.hpp — no blank line.\n#pragma once\n")

    def test_orders_are_tagged(self):
        self.expect(["order-tag"], header("flag_.store(true, release);"))
        self.expect(["order-tag"], header("n_.fetch_add(1, relaxed);"))
        self.expect(["order-tag"], header("n_.exchange(1, acq_rel); // count: only relaxed may say so"))
        self.expect(["order-tag"], header("if (!top_.compare_exchange_strong(\n  a, b,\n  seq_cst, relaxed)) {\n}"))

    def test_a_tag_may_stand_above_or_on_any_line_of_the_statement(self):
        self.expect([], header("// own: written here only\nn_.store(\n    1,\n    relaxed);"))
        self.expect([], header("n_.store(1,\n    relaxed); // init: not shared yet"))

    def test_orders_are_written(self):
        self.expect(["order"], header("flag_.load();"))
        self.expect(["order"], header("n_.fetch_add(f(1));"))

    def test_pairs_have_two_ends(self):
        pairs = "// Pairs:      P1  flag_: set -> get     why\n"
        self.expect(["pairs"], header(PAIRED.format(" // P2"), pairs))
        self.expect(["pairs"], header("flag_.store(true, release); // P1", pairs))
        self.expect(["pairs"], header("", pairs))
        self.expect([], header("n_.fetch_sub(1, acq_rel); // P1, both ends", pairs))

    def test_a_pair_may_reach_from_header_to_source(self):
        pairs = "// Pairs:      P1  flag_: set -> get     why\n"
        self.assertEqual(self.rules_broken({
            "include/eddy/core/x.hpp": header("flag_.store(true, release); // P1", pairs),
            "runtime/core/x_rest.cpp": "// x_rest.cpp — the other end.\n\nflag_.load(acquire); // P1\n",
        }), [])

    def test_fences(self):
        self.expect(["fence"], header("std::atomic_thread_fence(order);"), "tests/core/x.hpp")

    def test_includes_point_down(self):
        self.expect(["layers"], header("#include <eddy/sched/runtime.hpp>"))
        self.expect(["layers"], header("#include <eddy/eddy.hpp>"))
        self.expect(["layers"], header('#include "io/poller.hpp"'))
        self.expect([], header("#include <eddy/base/atomic.hpp>\n#include <eddy/core/op.hpp>"))

    def test_no_third_party(self):
        self.expect(["third-party"], header("#include <tbb/task_arena.h>"))
        self.expect(["third-party"], header("#include <mimalloc.h>"))
        self.expect([], header("#include <sys/epoll.h>\n#include <unistd.h>\n#include <vector>"))

    def test_one_resume(self):
        self.expect(["resume"], header("handle.resume();"))
        self.expect([], "// worker.cpp — runs.\n\nhandle.resume();\n", "runtime/sched/worker.cpp",
                    **{"runtime/sched/worker.hpp": header("", name="worker.hpp")})

    def test_base_is_the_only_door(self):
        for line in ("std::atomic<int> n;", "int fd = ::close(3);", "epoll_create1(0);",
                     "std::chrono::steady_clock::now();", "std::mt19937 random;"):
            self.expect(["base"], header(line))
        self.expect([], header("sys::close(fd); stream.read(buffer); sys::epoll_create1(0);"))
        self.expect([], header("int fd = ::close(3);", name="syscall.hpp"),
                    "include/eddy/base/syscall.hpp")

    def test_todo(self):
        self.expect(["todo"], header("int x; // TODO: later"))
        self.expect([], header("int x; // TODO(#12): later"))

    def test_links(self):
        self.expect(["links"], header("", "// Design:     docs/design/none.md\n"))

    def test_size(self):
        self.expect(["size"], header("int a;\n" * 600))
        self.expect(["size"], header("int f() {\n" + "    g();\n" * 70 + "}"))
        self.expect(["size"], header("// " + "x" * 100))
        self.expect([], header("class x {\n" + "    int g();\n" * 70 + "};"))

    def test_names(self):
        self.expect(["names"], header("#define WAIT(x) x"))
        self.expect(["names"], header("void set(int a, bool now);"))
        self.expect(["names"], header("", name="Big.hpp"), "include/eddy/core/Big.hpp")

    def test_mirror(self):
        self.expect(["mirror"], "// y.cpp — alone.\n\n", "runtime/core/y.cpp")
        self.assertEqual(self.rules_broken({
            "include/eddy/core/x.hpp": header(""),
            "tests/core/x_order_test.cpp": "// x_order_test.cpp — a part of x's tests.\n\n",
        }), [])

    def test_a_line_may_be_excused(self):
        self.expect([], header("flag_.load(); // tidy-allow(order): not an atomic"))

    def test_comments_and_strings_are_not_code(self):
        self.expect([], header('// std::atomic is avoided\nlog("std::atomic ::close(1)"); /* x.resume() */'))


if __name__ == "__main__":
    unittest.main()
