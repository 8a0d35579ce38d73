#!/usr/bin/env python3
"""Locks, semaphores, conditions, events and queues between tasks of asyncio: what the benches beside this do, in Python.

Prints nanoseconds an operation, the 25th percentile of some rounds. Checks its results.
"""

import asyncio
import time

ROUNDS = 7
TURNS = 20000
WAITERS = 10000
ROOM = 64


async def lock_alone():
    gate = asyncio.Lock()
    inside = 0
    for _ in range(TURNS):
        async with gate:
            inside += 1
    assert inside == TURNS, inside


async def lock_over_yield():
    gate = asyncio.Lock()
    inside = 0

    async def user():
        nonlocal inside
        for _ in range(TURNS // 4):
            async with gate:
                seen = inside
                await asyncio.sleep(0)
                inside = seen + 1

    await asyncio.gather(*(user() for _ in range(4)))
    assert inside == TURNS, inside


async def permits_over_yield():
    permits = asyncio.Semaphore(2)
    inside = 0

    async def user():
        nonlocal inside
        for _ in range(TURNS // 8):
            async with permits:
                await asyncio.sleep(0)
                inside += 1

    await asyncio.gather(*(user() for _ in range(8)))
    assert inside == TURNS, inside


async def condition_turns():
    changed = asyncio.Condition()
    turn = 0

    async def player(mine):
        nonlocal turn
        async with changed:
            for _ in range(TURNS // 2):
                await changed.wait_for(lambda: turn % 2 == mine)
                turn += 1
                changed.notify()

    await asyncio.gather(player(0), player(1))
    assert turn == TURNS, turn


async def event_round_trip():
    there, back = asyncio.Event(), asyncio.Event()
    hits = 0

    async def pong():
        nonlocal hits
        for _ in range(TURNS):
            await there.wait()
            there.clear()
            hits += 1
            back.set()

    other = asyncio.create_task(pong())
    for _ in range(TURNS):
        there.set()
        await back.wait()
        back.clear()
    await other
    assert hits == TURNS, hits


async def fan_out():
    of = asyncio.Event()
    woken = 0

    async def waiter():
        nonlocal woken
        await of.wait()
        woken += 1

    tasks = [asyncio.create_task(waiter()) for _ in range(WAITERS)]
    await asyncio.sleep(0)
    of.set()
    for each in tasks:
        await each
    assert woken == WAITERS, woken


async def put_and_get():
    queue = asyncio.Queue(ROOM)
    total = 0
    for _ in range(TURNS):
        await queue.put(1)
        total += await queue.get()
    assert total == TURNS, total


async def one_to_one():
    queue = asyncio.Queue(ROOM)

    async def sender():
        for i in range(TURNS):
            await queue.put(i)

    other = asyncio.create_task(sender())
    total = 0
    for _ in range(TURNS):
        total += await queue.get()
    await other
    assert total == TURNS * (TURNS - 1) // 2, total


async def measure(name, count, run):
    each = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        await run()
        each.append((time.perf_counter() - start) / count * 1e9)
    print(f"{name:28} {sorted(each)[ROUNDS // 4]:9.1f} ns")


async def main():
    await measure("lock alone", TURNS, lock_alone)
    await measure("lock over a yield, 4", TURNS, lock_over_yield)
    await measure("permits over a yield, 8 of 2", TURNS, permits_over_yield)
    await measure("condition, a turn", TURNS, condition_turns)
    await measure("event round trip", TURNS, event_round_trip)
    await measure("10 000 waiters", WAITERS, fan_out)
    await measure("put and get", TURNS, put_and_get)
    await measure("queue 1 to 1", TURNS, one_to_one)


asyncio.run(main())
