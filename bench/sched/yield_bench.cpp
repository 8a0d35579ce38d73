// yield_bench.cpp — tasks that give each other a turn.
//
// Question: what does a turn cost, alone and among others?
// Unit:     ns a yield, of all tasks together.
// Valid if: nothing else runs. With two workers and more than one task both have work, so a yield
//           can take half the time; it must not take more.

#include "bench.hpp"

#include <utility>
#include <vector>

namespace {

using eddy::bench::check;

eddy::coro<> yield_alone(benchmark::State& state) {
    for (auto _ : state) {
        co_await eddy::yield();
    }
}
EDDY_BENCH(yield_alone);

constexpr std::int64_t yields_each = 1000;

eddy::coro<> yielder(std::int64_t& turns) {
    for (std::int64_t i = 0; i != yields_each; ++i) {
        co_await eddy::yield();
        ++turns;
    }
}

eddy::coro<> yield_among(benchmark::State& state) {
    const auto tasks = static_cast<std::size_t>(state.range(1));
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(static_cast<std::int64_t>(tasks) * yields_each)) {
        std::vector<std::int64_t> turns(tasks);
        std::vector<eddy::task<>> yielders;
        yielders.reserve(tasks);
        for (std::int64_t& own : turns) {
            yielders.push_back(eddy::create_task(yielder(own)));
        }
        for (const eddy::task<>& task : yielders) {
            co_await task;
        }
        for (const std::int64_t own : turns) {
            sum += own;
        }
    }
    check(sum, state.iterations(), "turns taken");
}
BENCHMARK(eddy::bench::in_runtime<yield_among>)
    ->Name("yield_among")
    ->ArgNames({"workers", "tasks"})
    ->ArgsProduct({{1, 2}, {4, 100}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
