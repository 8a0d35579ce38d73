// sleepers_bench.cpp — a crowd that sleeps for one to ten seconds of real time.
//
// Question: what do a million timers take of CPU time and memory?
// Unit:     seconds of CPU time for all of it (cpu_s); bytes a task, of the process (bytes).
// Valid if: nothing else runs. Bytes are shown for the first row of a run only: the memory of a
//           crowd that has gone is used again. Ask for one row by --benchmark_filter.

#include "bench.hpp"
#include "compare/memory.hpp"
#include "compare/meter.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using eddy::bench::check;
using eddy::compare::memory;
using eddy::compare::meter;

eddy::coro<> sleeper(std::chrono::nanoseconds span) {
    co_await eddy::sleep(span);
}

// One to ten times `least`, in no order.
std::chrono::nanoseconds span_of(std::int64_t index, std::chrono::nanoseconds least) {
    constexpr std::int64_t prime = 7'919'993'111;
    return least + std::chrono::nanoseconds(index * prime % (9 * least.count()));
}

constinit bool is_first = true;

double bytes_each(const memory& before, std::int64_t count) {
    const auto handles = static_cast<double>(count) * sizeof(eddy::task<>);
    return (memory::now().user_bytes - before.user_bytes - handles) / static_cast<double>(count);
}

eddy::coro<> crowd(benchmark::State& state) {
    const std::int64_t count = state.range(1);
    const std::chrono::milliseconds least(state.range(2));
    const memory before = memory::now();
    const meter time;
    std::int64_t woken = 0;
    for (auto _ : state) {
        std::vector<eddy::task<>> tasks;
        tasks.reserve(static_cast<std::size_t>(count));
        for (std::int64_t i = 0; i != count; ++i) {
            tasks.push_back(eddy::create_task(sleeper(span_of(i, least))));
        }
        co_await eddy::sleep(least / 2); // all of them sleep now
        if (std::exchange(is_first, false)) {
            state.counters["bytes"] = bytes_each(before, count);
        }
        for (const eddy::task<>& task : tasks) {
            co_await task;
            ++woken;
        }
    }
    state.counters["cpu_s"] = static_cast<double>(time.used().cpu.count()) / 1e9;
    check(woken, count * state.iterations(), "tasks that woke");
}
BENCHMARK(eddy::bench::in_runtime<crowd>)
    ->Name("sleepers")
    ->ArgNames({"workers", "tasks", "least_ms"})
    ->Args({1, 1'000'000, 1000})
    ->Args({2, 1'000'000, 1000})
    ->Args({1, 10'000, 10})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
