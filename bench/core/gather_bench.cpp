// gather_bench.cpp — fork and join of children that do nothing.
//
// Question: what does a fork cost, and does a second worker that could steal it make it dearer?
// Unit:     ns a child, its frame included.
// Valid if: nothing else runs. With two workers, CPU time far above the time on the clock means a
//           thief that spins; time far above that of one worker, one that takes what is too small.

#include "bench.hpp"

#include <utility>
#include <vector>

namespace {

using eddy::bench::check;

eddy::coro<> empty() {
    co_return;
}

eddy::coro<> fork_one(benchmark::State& state) {
    for (auto _ : state) {
        co_await eddy::gather(empty());
    }
}
EDDY_BENCH(fork_one);

// The first child runs inline, the second one may be stolen: one fork, two children.
eddy::coro<> fork_two(benchmark::State& state) {
    while (state.KeepRunningBatch(2)) {
        co_await eddy::gather(empty(), empty());
    }
}
EDDY_BENCH(fork_two);

eddy::coro<> fork_ten(benchmark::State& state) {
    while (state.KeepRunningBatch(10)) {
        co_await eddy::gather(empty(), empty(), empty(), empty(), empty(), empty(), empty(),
                              empty(), empty(), empty());
    }
}
EDDY_BENCH(fork_ten);

eddy::coro<std::int64_t> one() {
    co_return 1;
}

eddy::coro<> fork_range(benchmark::State& state) {
    const std::int64_t children = state.range(1);
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(children)) {
        std::vector<eddy::coro<std::int64_t>> batch;
        batch.reserve(static_cast<std::size_t>(children));
        for (std::int64_t i = 0; i != children; ++i) {
            batch.push_back(one());
        }
        for (const std::int64_t result : co_await eddy::gather(std::move(batch))) {
            sum += result;
        }
    }
    check(sum, state.iterations(), "results of the children");
}
BENCHMARK(eddy::bench::in_runtime<fork_range>)
    ->Name("fork_range")
    ->ArgNames({"workers", "children"})
    ->ArgsProduct({{1, 2}, {10, 10'000}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
