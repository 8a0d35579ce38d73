"""Runs a program of programs.py under CPython's asyncio, in virtual time, and gives its trace.

The trace is what the program does, in order: lines "TIME TASK.PATH WHAT", the time in microseconds. `None` instead of a
trace: the program does something where the two are meant to differ, or where asyncio promises no order:

- two timers are due in the same microsecond (asyncio keeps them in a heap, without an order);
- a request reaches a queue between a wake-up and the turn of who was woken: asyncio lets the newcomer have the item
  or the place, eddy has handed it over already;
- a cancel reaches a task that has been woken and has not run: asyncio throws at the await that is complete, eddy gives
  its value and throws at the next one.

asyncio's gather and shield have a future of their own between the tasks and who waits: he goes on a turn later than
who awaits a task itself, and in eddy he does not. So in an instant in which one of them ends only the order within each
task is compared: `in_order` sorts its lines by task.
"""

import asyncio
import itertools
import selectors


class Unfit(Exception):
    """The program is one of those that are left out."""


class Boom(Exception):
    """What a program throws."""


class VirtualSelector(selectors.DefaultSelector):
    loop = None

    def select(self, timeout=None):
        if timeout is None:
            raise Unfit("nothing can run any more")
        self.loop.now += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        selector = VirtualSelector()
        selector.loop = self
        self.now = 0.0
        self.due = set()
        self.unfit = None
        super().__init__(selector)
        self._clock_resolution = 1e-7

    def time(self):
        return self.now

    def call_at(self, when, callback, *args, context=None):
        instant = round(when * 1e6)
        if instant in self.due:
            self.unfit = "two timers at once"
        self.due.add(instant)
        return super().call_at(when, callback, *args, context=context)


class Interpreter:
    def __init__(self, program, loop):
        self.program = program
        self.loop = loop
        self.trace = []
        self.locks = [asyncio.Lock() for _ in range(program["locks"])]
        self.semaphores = [asyncio.Semaphore(n) for n in program["semaphores"]]
        self.events = [asyncio.Event() for _ in range(program["events"])]
        self.queues = [asyncio.Queue(n) for n in program["queues"]]
        self.inside = {("_getters", q): 0 for q in self.queues} | {("_putters", q): 0 for q in self.queues}
        self.tasks = {}
        self.started = set()
        self.loose = set()  # the instants in which a gather or shield ended

    def note(self, where, what):
        self.trace.append(f"{round(self.loop.now * 1e6)} {where} {what}")

    def unfit(self, why):
        self.loop.unfit = self.loop.unfit or why

    # -- statements --

    async def body(self, statements, path):
        for number, each in enumerate(statements):
            where = f"{path}.{number}"
            if each["pause"] is not None:
                await asyncio.sleep(each["pause"] / 1e6)
            await getattr(self, "do_" + each["op"])(each, where)

    async def do_turn(self, _, where):
        await asyncio.sleep(0)
        self.note(where, "turn")

    async def do_sleep(self, each, where):
        await asyncio.sleep(each["time"] / 1e6)
        self.note(where, "slept")

    async def do_fail(self, _, where):
        self.note(where, "fails")
        raise Boom(where)

    def check_handed_over(self, queue):
        for waiters in ("_getters", "_putters"):
            waiting = sum(not each.done() for each in getattr(queue, waiters))
            if self.inside[waiters, queue] != waiting:
                self.unfit("a request between a wake-up and its turn")

    async def do_get(self, each, where):
        queue = self.queues[each["on"]]
        self.check_handed_over(queue)
        self.inside["_getters", queue] += 1
        try:
            self.note(where, f"got {await queue.get()}")
        finally:
            self.inside["_getters", queue] -= 1

    async def do_put(self, each, where):
        queue = self.queues[each["on"]]
        self.check_handed_over(queue)
        self.inside["_putters", queue] += 1
        try:
            await queue.put(each["value"])
        finally:
            self.inside["_putters", queue] -= 1
        self.note(where, "put")

    async def do_get_nowait(self, each, where):
        queue = self.queues[each["on"]]
        self.check_handed_over(queue)
        try:
            self.note(where, f"got {queue.get_nowait()}")
        except asyncio.QueueEmpty:
            self.note(where, "empty")

    async def do_put_nowait(self, each, where):
        queue = self.queues[each["on"]]
        self.check_handed_over(queue)
        try:
            queue.put_nowait(each["value"])
            self.note(where, "put")
        except asyncio.QueueFull:
            self.note(where, "full")

    async def do_set(self, each, where):
        self.events[each["on"]].set()
        self.note(where, "set")

    async def do_clear(self, each, where):
        self.events[each["on"]].clear()
        self.note(where, "cleared")

    async def do_wait(self, each, where):
        await self.events[each["on"]].wait()
        self.note(where, "is set")

    async def do_lock(self, each, where):
        async with self.locks[each["on"]]:
            self.note(where, "locked")
            await self.body(each["body"], where)
        self.note(where, "unlocked")

    async def do_semaphore(self, each, where):
        async with self.semaphores[each["on"]]:
            self.note(where, "acquired")
            await self.body(each["body"], where)
        self.note(where, "released")

    async def do_timeout(self, each, where):
        try:
            async with asyncio.timeout(each["time"] / 1e6):
                await self.body(each["body"], where)
            self.note(where, "in time")
        except TimeoutError:
            self.note(where, "too late")

    async def do_catch(self, each, where):
        try:
            await self.body(each["body"], where)
            self.note(where, "done")
        except asyncio.CancelledError:
            self.note(where, f"caught a cancel, {asyncio.current_task().cancelling()}")
        except Boom as error:
            self.note(where, f"caught {error}")

    async def do_spawn(self, each, where):
        number = each["task"]
        if number in self.tasks:
            self.note(where, "spawned already")
            return
        self.tasks[number] = self.loop.create_task(self.root(number))
        self.note(where, "spawned")

    async def root(self, number):
        self.started.add(number)
        await self.body(self.program["tasks"][number], str(number))

    async def do_await(self, each, where):
        if each["task"] in self.tasks:
            await self.tasks[each["task"]]
            self.note(where, "has ended")

    async def do_shield(self, each, where):
        if each["task"] in self.tasks:
            try:
                await asyncio.shield(self.tasks[each["task"]])
            finally:
                self.loose.add(round(self.loop.now * 1e6))
            self.note(where, "has ended")

    async def do_gather(self, each, where):
        tasks = [self.tasks[number] for number in each["tasks"] if number in self.tasks]
        if tasks:
            try:
                await asyncio.gather(*tasks)
            finally:
                self.loose.add(round(self.loop.now * 1e6))
            self.note(where, f"{len(tasks)} have ended")

    async def do_cancel(self, each, where):
        number = each["task"]
        if number in self.tasks:
            self.note(where, f"cancels: {self.cancel(number)}")

    def cancel(self, number):
        for task in self.reached_by_a_cancel(self.tasks[number]):
            waits_for = getattr(task, "_fut_waiter", None)
            if task in self.woken_may_be() and (waits_for is None or waits_for.done()):
                self.unfit("a cancel of who has been woken")
        return str(self.tasks[number].cancel()).lower()

    def woken_may_be(self):
        return {self.tasks[number] for number in self.started if number in self.tasks and not self.tasks[number].done()}

    def reached_by_a_cancel(self, future):
        while future is not None:
            yield future
            for child in getattr(future, "_children", ()):
                yield from self.reached_by_a_cancel(child)
            future = getattr(future, "_fut_waiter", None)

    # -- the whole --

    async def main(self):
        self.tasks[0] = self.loop.create_task(self.root(0))
        await asyncio.sleep(0.5)
        for round_number in range(100):
            left = [number for number in sorted(self.tasks) if not self.tasks[number].done()]
            if not left:
                break
            for number in left:
                if not self.tasks[number].done():
                    self.note("main", f"cancels {number}: {self.cancel(number)}")
                await asyncio.sleep((1000 * round_number + number + 1) / 1e6)
        for number, task in sorted(self.tasks.items()):
            self.note("main", f"{number} {self.outcome(task)}")

    @staticmethod
    def outcome(task):
        if task.cancelled():
            return "cancelled"
        return "returned" if task.exception() is None else f"failed {task.exception()}"


def in_order(trace, loose):
    """Gives the trace with the lines of each instant in `loose` sorted by task."""

    def instant_of(line):
        return int(line.split()[0])

    out = []
    for instant, lines in itertools.groupby(trace, instant_of):
        lines = list(lines)
        out += sorted(lines, key=lambda line: line.split()[1].split(".")[0]) if instant in loose else lines
    return out


def run(program):
    """Gives (trace, its loose instants, None), or (None, None, why it is left out)."""
    loop = VirtualLoop()
    loop.set_exception_handler(lambda *_: None)
    interpreter = Interpreter(program, loop)
    try:
        loop.run_until_complete(interpreter.main())
    except Unfit as why:
        return None, None, str(why)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return (None, None, loop.unfit) if loop.unfit else (interpreter.trace, interpreter.loose, None)
