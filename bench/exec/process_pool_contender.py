#!/usr/bin/env python3
"""What Python's ProcessPoolExecutor pays for what process_pool_bench.cpp measures.

usage: process_pool_contender.py     prints one line a measurement, the best of three
"""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor


def next_number(x):
    return x + 1


def length(data):
    return len(data)


def echo(data):
    return data


async def timed(what, unit, times, body):
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for _ in range(times):
            await body()
        best = min(best, (time.perf_counter() - start) / times)
    print(f"{what:24} {unit(best)}")


def microseconds(seconds):
    return f"{seconds * 1e6:10.1f} us"


def rate(size):
    return lambda seconds: f"{size / seconds / 1e6:10.0f} MB/s"


async def main():
    loop = asyncio.get_running_loop()
    large = bytes(100 << 20)
    middle = bytes(1 << 20)
    with ProcessPoolExecutor(2) as pool:
        assert await loop.run_in_executor(pool, next_number, 1) == 2

        async def round_trip():
            assert await loop.run_in_executor(pool, next_number, 1) == 2

        async def hundred():
            calls = [loop.run_in_executor(pool, next_number, i) for i in range(100)]
            assert sum(await asyncio.gather(*calls)) == 5050

        async def send():
            assert await loop.run_in_executor(pool, length, large) == len(large)

        async def back():
            assert len(await loop.run_in_executor(pool, echo, middle)) == len(middle)

        await timed("round_trip", microseconds, 2000, round_trip)
        await timed("hundred_in_flight", lambda s: microseconds(s / 100), 50, hundred)
        await timed("send_100_mb", rate(len(large)), 3, send)
        await timed("echo_1_mb", rate(2 * len(middle)), 50, back)

    async def start():
        with ProcessPoolExecutor(1) as fresh:
            assert await loop.run_in_executor(fresh, next_number, 1) == 2

    await timed("start_one_and_end_it", microseconds, 10, start)


if __name__ == "__main__":
    asyncio.run(main())
