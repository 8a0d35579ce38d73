// create_task_bench.cpp — tasks that do nothing, created and awaited.
//
// Question: what does a task cost over an awaited coroutine?   Unit: ns a task, from create_task to
//           the end of its await.
// Valid if: nothing else runs.

#include "bench.hpp"

#include <vector>

namespace {

using eddy::bench::check;

eddy::coro<std::int64_t> one() {
    co_return 1;
}

eddy::coro<> create_and_await(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await eddy::create_task(one());
    }
    check(sum, state.iterations(), "results of the tasks");
}
EDDY_BENCH(create_and_await);

eddy::coro<> create_eager_and_await(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await eddy::create_task(one(), {.eager = true});
    }
    check(sum, state.iterations(), "results of the tasks");
}
EDDY_BENCH(create_eager_and_await);

eddy::coro<> create_pinned_and_await(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await eddy::create_task(one(), {.pinned = true});
    }
    check(sum, state.iterations(), "results of the tasks");
}
EDDY_BENCH(create_pinned_and_await);

// All are created before the first one runs; with two workers half of them may be stolen.
eddy::coro<> create_many(benchmark::State& state) {
    const std::int64_t count = state.range(1);
    std::vector<eddy::task<std::int64_t>> tasks;
    tasks.reserve(static_cast<std::size_t>(count));
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(count)) {
        for (std::int64_t i = 0; i != count; ++i) {
            tasks.push_back(eddy::create_task(one()));
        }
        for (const eddy::task<std::int64_t>& task : tasks) {
            sum += co_await task;
        }
        tasks.clear();
    }
    check(sum, state.iterations(), "results of the tasks");
}
BENCHMARK(eddy::bench::in_runtime<create_many>)
    ->Name("create_many")
    ->ArgNames({"workers", "tasks"})
    ->ArgsProduct({{1, 2}, {10, 10'000}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
