"""Random programs over tasks, locks, semaphores, events, queues, timeouts and cancels, made from a seed.

A program is a dictionary that both interpreters read, in_asyncio.py and in_eddy.cpp:

    {"seed": 7, "locks": 1, "semaphores": [2], "events": 1, "queues": [0, 2], "tasks": [[STATEMENT, ...], ...]}

A statement is a dictionary: "op", its operands, "pause": microseconds to sleep before it, and a "body" if it has one.
Task 0 is the first one; the others start where a "spawn" names them, at most once. A task waits only for tasks of a
larger number, so nobody waits for himself.
"""

import random

MAX_DEPTH = 3


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.program = {
            "seed": seed,
            "locks": self.random.randint(1, 2),
            "semaphores": [self.random.randint(1, 2)],
            "events": self.random.randint(1, 2),
            "queues": [self.random.choice((0, 1, 2)) for _ in range(self.random.randint(1, 2))],
            "tasks": [],
        }
        self.count = self.random.randint(3, 7)
        self.next_value = 0

    def make(self):
        for number in range(self.count):
            body = self.body(number, 0, self.random.randint(2, 7))
            if number == 0:
                spawns = [self.statement("spawn", task=n) for n in range(1, self.count) if self.random.random() < 0.8]
                body = spawns + body
            self.program["tasks"].append(body)
        return self.program

    def statement(self, op, **operands):
        # Most instants are those of one task; a pause of 0 is a turn, and none at all goes on at once.
        pause = self.random.choice((None, 0) + 4 * (self.random.randint(1, 40_000),))
        return {"op": op, "pause": pause, **operands}

    def body(self, task, depth, length):
        return [self.any_statement(task, depth) for _ in range(length)]

    def inner(self, task, depth):
        return self.body(task, depth + 1, self.random.randint(1, 3))

    def index_of(self, things):
        return self.random.randrange(self.program[things] if isinstance(self.program[things], int)
                                     else len(self.program[things]))

    def later(self, task):
        return self.random.randrange(task + 1, self.count)

    def any_statement(self, task, depth):
        ops = ["put", "get", "put", "get", "put_nowait", "get_nowait", "set", "clear", "wait", "turn", "sleep", "fail"]
        if depth < MAX_DEPTH:
            ops += 2 * ["lock", "semaphore", "timeout", "timeout", "catch", "catch"]
        if task + 1 < self.count:
            ops += 2 * ["spawn", "await", "await", "cancel", "cancel", "gather", "shield"]
        op = self.random.choice(ops)
        if op == "fail" and self.random.random() < 0.7:
            op = "turn"
        return getattr(self, "make_" + op, self.make_plain)(op, task, depth)

    def make_plain(self, op, _task, _depth):
        return self.statement(op)

    def make_put(self, op, _task, _depth):
        self.next_value += 1
        return self.statement(op, on=self.index_of("queues"), value=self.next_value)

    make_put_nowait = make_put

    def make_get(self, op, _task, _depth):
        return self.statement(op, on=self.index_of("queues"))

    make_get_nowait = make_get

    def make_set(self, op, _task, _depth):
        return self.statement(op, on=self.index_of("events"))

    make_clear = make_set
    make_wait = make_set

    def make_sleep(self, op, _task, _depth):
        return self.statement(op, time=self.random.randint(1, 60_000))

    def make_lock(self, op, task, depth):
        return self.statement(op, on=self.index_of("locks"), body=self.inner(task, depth))

    def make_semaphore(self, op, task, depth):
        return self.statement(op, on=self.index_of("semaphores"), body=self.inner(task, depth))

    def make_timeout(self, op, task, depth):
        return self.statement(op, time=self.random.randint(1, 50_000), body=self.inner(task, depth))

    def make_catch(self, op, task, depth):
        return self.statement(op, body=self.inner(task, depth))

    def make_spawn(self, op, task, _depth):
        return self.statement(op, task=self.later(task))

    make_await = make_spawn
    make_cancel = make_spawn
    make_shield = make_spawn

    def make_gather(self, op, task, _depth):
        return self.statement(op, tasks=sorted({self.later(task), self.later(task)}))


def program(seed):
    return Maker(seed).make()
