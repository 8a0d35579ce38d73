// task_group_bench.cpp — groups, limits, masks and races around work that is done at once; and what
// follows the work.
//
// Question: what does each scope cost over what it encloses?   Unit: ns a scope; of groups, a
//           child.
// Valid if: nothing else runs.

#include "bench.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

namespace {

using eddy::bench::check;
using namespace std::chrono_literals;

eddy::coro<std::int64_t> one() {
    co_return 1;
}
eddy::coro<std::int64_t> one_later() {
    co_await eddy::yield();
    co_return 1;
}

// The children are created one by one, as in create_task's bench, and awaited by the group.
eddy::coro<> group_of_ten(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(10)) {
        std::array<eddy::task<std::int64_t>, 10> tasks;
        co_await eddy::with_task_group([&tasks](eddy::task_group& group) -> eddy::coro<> {
            for (auto& each : tasks) {
                each = group.create_task(one());
            }
            co_return;
        });
        for (const auto& each : tasks) {
            sum += each.result();
        }
    }
    check(sum, state.iterations(), "results of the children");
}
EDDY_BENCH(group_of_ten);

eddy::coro<> tasks_by_ten(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(10)) {
        std::array<eddy::task<std::int64_t>, 10> tasks;
        for (auto& each : tasks) {
            each = eddy::create_task(one());
        }
        for (const auto& each : tasks) {
            sum += co_await each;
        }
    }
    check(sum, state.iterations(), "results of the tasks");
}
EDDY_BENCH(tasks_by_ten);

eddy::coro<> limit(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await eddy::wait_for(one(), 1h);
    }
    check(sum, state.iterations(), "results");
}
EDDY_BENCH(limit);

eddy::coro<> limit_around_a_turn(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await eddy::wait_for(one_later(), 1h);
    }
    check(sum, state.iterations(), "results");
}
EDDY_BENCH(limit_around_a_turn);

eddy::coro<> mask(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await eddy::masked(one());
    }
    check(sum, state.iterations(), "results");
}
EDDY_BENCH(mask);

eddy::coro<> race_of_two(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += std::visit([](std::int64_t won) { return won; },
                          co_await eddy::race(one_later(), one()));
    }
    check(sum, state.iterations(), "results of the winners");
}
BENCHMARK(eddy::bench::in_runtime<race_of_two>)->Name("race_of_two")->ArgName("workers")->Arg(1);

eddy::coro<> map_by_eight(benchmark::State& state) {
    std::vector<int> numbers(1000, 1);
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(1000)) {
        for (const int each : co_await eddy::map_concurrent(
                 numbers, 8, [](int number) -> eddy::coro<int> { co_return number; })) {
            sum += each;
        }
    }
    check(sum, state.iterations(), "results");
}
EDDY_BENCH(map_by_eight);

// -- what follows the work --

const eddy::context_var<std::int64_t> variable("variable", 0);

eddy::coro<> set_a_variable(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        const auto bound = variable.set(1);
        sum += variable.get();
    }
    check(sum, state.iterations(), "values");
    co_return;
}
EDDY_BENCH(set_a_variable);

eddy::coro<> get_a_variable(benchmark::State& state) {
    const auto bound = variable.set(1);
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += variable.get();
    }
    check(sum, state.iterations(), "values");
    co_return;
}
EDDY_BENCH(get_a_variable);

eddy::coro<> yield_in_a_context(benchmark::State& state) {
    const auto bound = variable.set(1);
    eddy::any_task other = eddy::create_task([]() -> eddy::coro<> {
        for (;;) {
            co_await eddy::yield();
        }
    });
    for (auto _ : state) {
        co_await eddy::yield();
    }
    other.cancel();
}
BENCHMARK(eddy::bench::in_runtime<yield_in_a_context>)
    ->Name("yield_in_a_context")
    ->ArgName("workers")
    ->Arg(1);

eddy::coro<> create_and_await_in_a_context(benchmark::State& state) {
    const auto bound = variable.set(1);
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await eddy::create_task(one());
    }
    check(sum, state.iterations(), "results of the tasks");
}
EDDY_BENCH(create_and_await_in_a_context);

eddy::coro<> fork_two_in_a_context(benchmark::State& state) {
    const auto bound = variable.set(1);
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(2)) {
        const auto [a, b] = co_await eddy::gather(one(), one());
        sum += a + b;
    }
    check(sum, state.iterations(), "results of the children");
}
EDDY_BENCH(fork_two_in_a_context);

} // namespace

BENCHMARK_MAIN();
