#!/usr/bin/env python3
"""Runs small programs of nested scopes under eddy and under CPython's asyncio: the traces must be equal.

Both run in virtual time, eddy on one worker; a trace has what happened, when, and in which order. The
programs are written out below (against the TaskGroup and timeout of this Python) and made at random
(against the TaskGroup and timeout of CPython 3.13, whose corrections eddy has too).

usage: scopes_test.py PROGRAM [SEED COUNT]      PROGRAM is tests/e2e/scope_programs
"""

import asyncio
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/tools")
import tap  # noqa: E402

# Random programs, by number, in which a cancel meets what it cancels within one instant. asyncio drops
# what had been delivered by then; eddy gives it, and the cancel waits for the next await.
SAME_INSTANT = {120, 205, 385}

# name: program; see tests/support/scope_program.hpp for the statements.
WRITTEN = {
    "a group waits for its children": "(group (spawn (sleep 5) (log a)) (spawn (sleep 3) (log b)) (log c))",
    "a body is awaited with its children": "(group (spawn (sleep 3)) (sleep 7) (log body))",
    "children end in the same instant": "(group (spawn (sleep 5) (log a)) (spawn (sleep 5) (log b)))",
    "children take turns": "(group (spawn (log a) (yield) (log b)) (spawn (log c) (yield) (log d)) (log e) (yield) (log f))",
    "a child that fails": "(group (spawn (finally (seq (sleep 9)) (seq (log a)))) (spawn (sleep 3) (fail x)) (sleep 9))",
    "a child that fails is caught": "(try (group (spawn (fail x)) (spawn (log never)) (sleep 9))) (log on) (sleep 2)",
    "a body that fails": "(try (group (spawn (sleep 9)) (sleep 3) (fail x))) (sleep 2)",
    "a body that fails at once": "(try (group (spawn (log never)) (fail x))) (sleep 2)",
    "two children fail in the same instant": "(try (group (spawn (sleep 3) (fail x)) (spawn (sleep 3) (fail y))))",
    "a child fails while it is cancelled": "(try (group (spawn (sleep 3) (fail x)) (spawn (finally (seq (sleep 9)) (seq (sleep 2) (fail y))))))",
    "child and body fail": "(try (group (spawn (sleep 3) (fail x)) (finally (seq (sleep 9)) (seq (fail y)))))",
    "a child absorbs the cancel": "(try (group (spawn (try (sleep 9)) (sleep 4) (log on)) (spawn (sleep 3) (fail x))))",
    "a cancel from outside": "(cancel 4 (group (spawn (finally (seq (sleep 9)) (seq (sleep 2) (log a)))) (sleep 9)))",
    "a cancel after the body": "(cancel 4 (group (spawn (finally (seq (sleep 9)) (seq (sleep 2) (log a))))))",
    "a cancel before the children begin": "(cancel 4 (sleep 4) (group (spawn (log a)) (sleep 1)))",
    "a cancel that the body absorbs": "(cancel 4 (group (spawn (sleep 9) (log a)) (try (sleep 9)) (log on)))",
    "groups in groups": "(try (group (spawn (group (spawn (sleep 3) (fail x)) (spawn (sleep 9)))) (spawn (sleep 9)) (sleep 9)))",
    "an inner group is cancelled by the outer one": "(try (group (spawn (sleep 3) (fail x)) (group (spawn (finally (seq (sleep 9)) (seq (sleep 2) (log a)))) (sleep 9)) (log never)))",
    "an inner failure is caught": "(group (spawn (sleep 7) (log a)) (try (group (spawn (sleep 3) (fail x)) (sleep 9))) (log on) (sleep 1))",
    "a limit that is kept": "(timeout 5 (sleep 3) (log a)) (sleep 5)",
    "a limit that is not": "(try (timeout 5 (sleep 9))) (sleep 5)",
    "the inner limit is shorter": "(try (timeout 9 (try (timeout 3 (sleep 20))) (sleep 20)))",
    "the outer limit is shorter": "(try (timeout 3 (timeout 9 (sleep 20))))",
    "two limits at the same time": "(try (timeout 5 (timeout 5 (sleep 20)))) (sleep 1)",
    "cleanup goes on after the limit": "(try (timeout 3 (finally (seq (sleep 20)) (seq (sleep 4) (log a)))))",
    "the limit ends while cleanup fails": "(try (timeout 3 (finally (seq (sleep 20)) (seq (sleep 4) (fail x)))))",
    "a limit that is absorbed": "(try (timeout 3 (try (sleep 20)) (log on) (sleep 2))) (sleep 2)",
    "a limit around a group": "(try (timeout 3 (group (spawn (finally (seq (sleep 20)) (seq (sleep 2) (log a)))) (sleep 20))))",
    "a limit around a group that fails": "(try (timeout 9 (group (spawn (sleep 3) (fail x)) (sleep 20))))",
    "a limit in a group": "(try (group (spawn (sleep 9) (log never)) (timeout 3 (sleep 20))))",
    "a limit in a child": "(try (group (spawn (timeout 3 (sleep 20))) (spawn (sleep 9)) (sleep 9)))",
    "a limit and a failure at the same time": "(try (timeout 3 (group (spawn (sleep 3) (fail x)) (sleep 20))))",
    "a cancel from outside and a limit at the same time": "(cancel 3 (timeout 3 (sleep 20)))",
    "a cancel during the cleanup of a limit": "(cancel 5 (timeout 3 (finally (seq (sleep 20)) (seq (sleep 9) (log a)))))",
    "a limit that is moved": "(timeout 5 (sleep 3) (reschedule 9) (sleep 7) (log a)) (try (timeout 9 (reschedule 2) (sleep 5)))",
    "a shield": "(cancel 3 (shield (sleep 9) (log a))) (sleep 1)",
    "a shield around a failure": "(try (shield (sleep 3) (fail x)))",
    "a limit around a shield": "(try (timeout 3 (shield (sleep 9) (log a)))) (log on)",
    "a shield in a group": "(try (group (spawn (shield (sleep 9) (log a))) (spawn (sleep 3) (fail x))))",
    "a group in a shield": "(cancel 3 (shield (group (spawn (sleep 9) (log a)) (sleep 5) (log b))))",
}


class timer_in_order(asyncio.TimerHandle):
    """A timer that comes after those of the same time that were made before it."""

    __slots__ = ("number",)
    made = 0

    def __init__(self, *args):
        super().__init__(*args)
        self.number = timer_in_order.made = timer_in_order.made + 1

    def __lt__(self, other):
        return (self.when(), self.number) < (other.when(), other.number)


class virtual_loop(asyncio.SelectorEventLoop):
    """Time stands still while anything can run, and jumps to the next timer when nothing can."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self._selector.select = self.jump
        self.set_exception_handler(lambda loop, context: None)

    def time(self):
        return self.now

    def jump(self, timeout=None):
        if timeout is None:
            raise RuntimeError("nothing can run any more")
        self.now += timeout
        return []


class task_of_3_13(asyncio.tasks._PyTask):
    """Task.uncancel as of CPython 3.13."""

    def uncancel(self):
        if super().uncancel() == 0:
            self._must_cancel = False
        return self.cancelling()


class task_group_of_3_13(asyncio.TaskGroup):
    """TaskGroup.__aexit__ as of CPython 3.13."""

    async def __aexit__(self, et, exc, tb):
        self._exiting = True
        propagated = exc if et is asyncio.CancelledError else None
        if et is not None and not self._aborting:
            self._abort()
        while self._tasks:
            if self._on_completed_fut is None:
                self._on_completed_fut = self._loop.create_future()
            try:
                await self._on_completed_fut
            except asyncio.CancelledError as error:
                if not self._aborting:
                    propagated = error
                    self._abort()
            self._on_completed_fut = None
        if self._parent_cancel_requested and self._parent_task.uncancel() == 0:
            propagated = None
        if propagated is not None and not self._errors:
            raise propagated
        if et is not None and et is not asyncio.CancelledError:
            self._errors.append(exc)
        if self._errors:
            if self._parent_task.cancelling():
                self._parent_task.uncancel()
                self._parent_task.cancel()
            raise BaseExceptionGroup("unhandled errors in a TaskGroup", self._errors)


def parse(text):
    """Gives [what, argument or None, statements] of "(what argument (what ...) ...)"."""
    words = text.replace("(", " ( ").replace(")", " ) ").split()

    def statement():
        assert words.pop(0) == "("
        made = [words.pop(0), None, []]
        while words[0] != ")":
            if words[0] == "(":
                made[2].append(statement())
            else:
                made[1] = words.pop(0)
        words.pop(0)
        return made

    return statement()


def name_of(error):
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, BaseExceptionGroup):
        return "group(" + ",".join(map(name_of, error.exceptions)) + ")"
    return str(error)


class interpreter:
    """scopes::interpreter of tests/support/scope_program.hpp, in asyncio."""

    def __init__(self, group):
        self.group = group
        self.trace = []

    def log(self, word):
        self.trace.append(f"{round(asyncio.get_running_loop().time())}:{word}")

    async def main(self, program):
        try:
            await self.block(program[2], None, None)
            self.log("end")
        except BaseException as error:  # pylint: disable=broad-except
            self.log(name_of(error))
        await asyncio.sleep(3_600_000)

    async def block(self, parts, group, limit):
        for what, argument, inner in parts:
            if what == "log":
                self.log(argument)
            elif what == "sleep":
                await asyncio.sleep(int(argument))
                self.log("s" + argument)
            elif what == "yield":
                await asyncio.sleep(0)
            elif what == "fail":
                raise RuntimeError(argument)
            elif what == "spawn":
                if group is not None:
                    group.create_task(self.block(inner, None, None))
            elif what == "reschedule":
                if limit is not None and not limit.expired():
                    limit.reschedule(asyncio.get_running_loop().time() + int(argument))
            else:
                await getattr(self, what + "_")(argument, inner, group, limit)

    async def seq_(self, _, parts, group, limit):
        await self.block(parts, group, limit)

    async def try_(self, _, parts, group, limit):
        try:
            await self.block(parts, group, limit)
        except BaseException as error:  # pylint: disable=broad-except
            if isinstance(error, asyncio.CancelledError):
                asyncio.current_task().uncancel()
            self.log("caught-" + name_of(error))

    async def finally_(self, _, parts, group, limit):
        try:
            await self.block(parts[0][2], group, limit)
        finally:
            await self.block(parts[1][2], group, limit)

    async def group_(self, _, parts, _group, _limit):
        async with self.group() as group:
            await self.block(parts, group, None)

    async def timeout_(self, ms, parts, group, _limit):
        async with asyncio.timeout(int(ms)) as limit:
            await self.block(parts, group, limit)

    async def cancel_(self, ms, parts, _group, _limit):
        task = asyncio.create_task(self.block(parts, None, None))
        asyncio.get_running_loop().call_later(int(ms), task.cancel)
        await asyncio.wait([task])
        error = None if task.cancelled() else task.exception()
        self.log("ended-cancelled" if task.cancelled() else
                 "ended" if error is None else "ended-" + name_of(error))

    async def shield_(self, _, parts, _group, _limit):
        await asyncio.shield(self.block(parts, None, None))


def trace_in_asyncio(program, group):
    run = interpreter(group)
    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        if group is task_group_of_3_13:
            runner.get_loop().set_task_factory(
                lambda loop, coroutine, **options: task_of_3_13(coroutine, loop=loop, **options))
        runner.run(run.main(parse(program)))
    return " ".join(run.trace)


def check(program, trace, group):
    def compare():
        expected = trace_in_asyncio(program, group)
        return "" if trace == expected else f"{program}\nasyncio: {expected}\neddy:    {trace}"
    return compare


def main():
    if sys.version_info < (3, 11):
        print("1..0 # SKIP this Python has no asyncio.TaskGroup")
        return
    asyncio.events.TimerHandle = timer_in_order
    program, *chosen = sys.argv[1:]
    written = [f"(seq {text})" for text in WRITTEN.values()]
    lines = subprocess.run([program], input="\n".join(written) + "\n", stdout=subprocess.PIPE,
                           text=True, check=True).stdout.splitlines()
    checks = [(name, check(text, trace, asyncio.TaskGroup))
              for name, text, trace in zip(WRITTEN, written, lines, strict=True)]
    seed, count = chosen or ("1", "400")
    lines = subprocess.run([program, seed, count], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.splitlines()
    checks += [(f"random program {number}", check(text, trace, task_group_of_3_13))
               for number, text, trace in zip(range(int(seed), int(seed) + int(count)), lines[::2],
                                              lines[1::2], strict=True)
               if number not in SAME_INSTANT]
    tap.run(checks)


main()
