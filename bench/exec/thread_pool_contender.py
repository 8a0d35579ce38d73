#!/usr/bin/env python3
"""An empty job from asyncio's loop to a ThreadPoolExecutor and back: what thread_pool_bench does, in Python.

Prints microseconds a job: the next one as soon as the last one is back, and 64 under way. Checks its results.
"""

import asyncio
import concurrent.futures
import time

JOBS = 6400
IN_FLIGHT = 64


def one():
    return 1


async def call_until_none_is_left(pool, left):
    """Takes jobs from the list `left` until it is empty; gives how many there were."""
    loop = asyncio.get_running_loop()
    done = 0
    while left:
        left.pop()
        done += await loop.run_in_executor(pool, one)
    return done


async def measure(pool, callers):
    left = [None] * JOBS
    start = time.perf_counter()
    done = await asyncio.gather(*(call_until_none_is_left(pool, left) for _ in range(callers)))
    lasted = time.perf_counter() - start
    assert sum(done) == JOBS, done
    return lasted / JOBS * 1e6


async def main():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print(f"close {await measure(pool, 1):8.2f} us")
        print(f"many  {await measure(pool, IN_FLIGHT):8.2f} us")


asyncio.run(main())
