// queue_bench.cpp — items through asyncio's queues, and between tasks and threads.
//
// Question: what does a put and a get cost in one task, from one task to another, and from a thread
//           to a task; what do the other orders cost?
// Unit:     ns an item.
// Valid if: nothing else runs. On two workers the sides may share one or have one each, as the
//           scheduler decides; the CPU time says which.

#include "bench.hpp"

#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>

namespace {

using eddy::bench::check;

constexpr std::int64_t items_a_round = 100'000;

template <class Queue>
eddy::coro<> put_and_get(benchmark::State& state) {
    Queue q;
    std::int64_t sum = 0;
    for (auto _ : state) {
        co_await q.put(1);
        sum += co_await q.get();
    }
    check(sum, state.iterations(), "items");
}
eddy::coro<> fifo(benchmark::State& state) {
    co_await put_and_get<eddy::queue<std::int64_t>>(state);
}
eddy::coro<> lifo(benchmark::State& state) {
    co_await put_and_get<eddy::lifo_queue<std::int64_t>>(state);
}
EDDY_BENCH(fifo);
EDDY_BENCH(lifo);

// A thousand lie in it, and come out by their size.
eddy::coro<> priority_of_1000(benchmark::State& state) {
    eddy::priority_queue<std::int64_t> q;
    std::int64_t mixed = 1;
    for (int i = 0; i != 1000; ++i) {
        q.put_nowait(mixed = mixed * 6'364'136'223'846'793 >> 3);
    }
    for (auto _ : state) {
        const std::int64_t least = co_await q.get();
        co_await q.put(least + (mixed = mixed * 6'364'136'223'846'793 >> 3) % 1'000'000);
    }
    check(static_cast<std::int64_t>(q.size()), 1000, "items");
}
EDDY_BENCH(priority_of_1000);

void put_and_get_nowait(benchmark::State& state) {
    eddy::queue<std::int64_t> q;
    std::int64_t sum = 0;
    for (auto _ : state) {
        q.put_nowait(1);
        sum += q.get_nowait();
    }
    check(sum, state.iterations(), "items");
}
BENCHMARK(put_and_get_nowait);

eddy::coro<> put_all(eddy::queue<std::int64_t>& to, std::int64_t items) {
    for (std::int64_t i = 0; i != items; ++i) {
        co_await to.put(i);
    }
}
eddy::coro<std::int64_t> get_all(eddy::queue<std::int64_t>& from, std::int64_t items) {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i != items; ++i) {
        sum += co_await from.get();
    }
    co_return sum;
}

eddy::coro<> one_to_one(benchmark::State& state) {
    std::int64_t sum = 0;
    std::int64_t rounds = 0;
    while (state.KeepRunningBatch(items_a_round)) {
        eddy::queue<std::int64_t> q(static_cast<std::size_t>(state.range(1)));
        auto getting = eddy::create_task(get_all(q, items_a_round));
        auto putting = eddy::create_task(put_all(q, items_a_round));
        sum += co_await getting;
        co_await putting;
        ++rounds;
    }
    check(sum, rounds * items_a_round * (items_a_round - 1) / 2, "sum of the items");
}
BENCHMARK(eddy::bench::in_runtime<one_to_one>)
    ->Name("one_to_one")
    ->ArgNames({"workers", "maxsize"})
    ->ArgsProduct({{1, 2}, {1, 64, 1024, 0}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

// A loop each in a runtime of its own, so that the sides are on two threads for certain.
void across_loops(benchmark::State& state) {
    std::int64_t sum = 0;
    std::int64_t rounds = 0;
    while (state.KeepRunningBatch(items_a_round)) {
        eddy::queue<std::int64_t> q(static_cast<std::size_t>(state.range(0)));
        std::thread other([&] { eddy::run(put_all(q, items_a_round), {.workers = 1}); });
        sum += eddy::run(get_all(q, items_a_round), {.workers = 1});
        other.join();
        ++rounds;
    }
    check(sum, rounds * items_a_round * (items_a_round - 1) / 2, "sum of the items");
}
BENCHMARK(across_loops)
    ->ArgName("maxsize")
    ->ArgsProduct({{64, 1024, 0}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

eddy::coro<> echo(eddy::queue<std::int64_t>& there, eddy::queue<std::int64_t>& back) {
    try {
        for (;;) {
            co_await back.put(co_await there.get());
        }
    } catch (const eddy::queue_shut_down&) {
    }
}
eddy::coro<> play(benchmark::State& state, eddy::queue<std::int64_t>& there,
                  eddy::queue<std::int64_t>& back) {
    std::int64_t hits = 0;
    for (auto _ : state) {
        co_await there.put(hits);
        hits += co_await back.get() == hits ? 1 : 0;
    }
    there.shutdown();
    check(hits, state.iterations(), "hits");
}
eddy::coro<> ping_pong(benchmark::State& state) {
    eddy::queue<std::int64_t> there;
    eddy::queue<std::int64_t> back;
    const auto other = eddy::create_task(echo(there, back));
    co_await play(state, there, back);
    co_await other;
}
EDDY_BENCH(ping_pong);

void ping_pong_across_loops(benchmark::State& state) {
    eddy::queue<std::int64_t> there;
    eddy::queue<std::int64_t> back;
    std::thread other([&] { eddy::run(echo(there, back), {.workers = 1}); });
    eddy::run(play(state, there, back), {.workers = 1});
    other.join();
}
BENCHMARK(ping_pong_across_loops)->UseRealTime()->MeasureProcessCPUTime();

// A thread that runs no loop feeds a task.
void thread_to_task(benchmark::State& state) {
    std::int64_t sum = 0;
    std::int64_t rounds = 0;
    while (state.KeepRunningBatch(items_a_round)) {
        eddy::queue<std::int64_t> q(1024);
        std::thread feeder([&] {
            for (std::int64_t i = 0; i != items_a_round; ++i) {
                eddy::blocking::put(q, i);
            }
        });
        sum += eddy::run(get_all(q, items_a_round), {.workers = 1});
        feeder.join();
        ++rounds;
    }
    check(sum, rounds * items_a_round * (items_a_round - 1) / 2, "sum of the items");
}
BENCHMARK(thread_to_task)->UseRealTime()->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
