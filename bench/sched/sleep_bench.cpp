// sleep_bench.cpp — many tasks that sleep; they wake by themselves, or are cancelled.
//
// Question: what does a sleep cost, and is a cancel of it dearer than its end?
// Unit:     ns of CPU time a task (the second column), from its creation to the end of its await.
// Valid if: nothing else runs. The first column has the sleep itself in it. A cancel is a throw, so
//           it costs more than a sleep that ends; it should stay below three times.

#include "bench.hpp"

#include <chrono>
#include <vector>

namespace {

using namespace std::chrono_literals;
using eddy::bench::check;

eddy::coro<> sleeper(std::chrono::nanoseconds span) {
    co_await eddy::sleep(span);
}

// 200 to 300 ms, in no order: all tasks sleep before the first one wakes.
std::chrono::nanoseconds span_of(std::int64_t index) {
    constexpr std::int64_t prime = 7'919'993;
    return 200ms + std::chrono::nanoseconds(index * prime % 100'000'000);
}

std::vector<eddy::task<>> sleepers(std::int64_t count) {
    std::vector<eddy::task<>> tasks;
    tasks.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i != count; ++i) {
        tasks.push_back(eddy::create_task(sleeper(span_of(i))));
    }
    return tasks;
}

eddy::coro<> sleep_and_wake(benchmark::State& state) {
    const std::int64_t count = state.range(1);
    std::int64_t woken = 0;
    while (state.KeepRunningBatch(count)) {
        const std::vector<eddy::task<>> tasks = sleepers(count);
        co_await eddy::wait(tasks);
        for (const eddy::task<>& task : tasks) {
            woken += task.done() ? 1 : 0;
        }
    }
    check(woken, state.iterations(), "tasks that woke");
}

eddy::coro<> sleep_and_cancel(benchmark::State& state) {
    const std::int64_t count = state.range(1);
    std::int64_t cancelled = 0;
    while (state.KeepRunningBatch(count)) {
        const std::vector<eddy::task<>> tasks = sleepers(count);
        co_await eddy::sleep(150ms); // all of them sleep now
        for (const eddy::task<>& task : tasks) {
            task.cancel();
        }
        co_await eddy::wait(tasks);
        for (const eddy::task<>& task : tasks) {
            cancelled += task.cancelled() ? 1 : 0;
        }
    }
    check(cancelled, state.iterations(), "tasks that were cancelled");
}

void many(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"workers", "tasks"})
        ->ArgsProduct({{1, 2}, {1000, 100'000}})
        ->MeasureProcessCPUTime();
}
BENCHMARK(eddy::bench::in_runtime<sleep_and_wake>)->Name("sleep_and_wake")->Apply(many);
BENCHMARK(eddy::bench::in_runtime<sleep_and_cancel>)->Name("sleep_and_cancel")->Apply(many);

} // namespace

BENCHMARK_MAIN();
