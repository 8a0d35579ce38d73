// generator_bench.cpp — an item of a generator, synchronous and asynchronous.
//
// Question: what does a value cost that a generator yields?   Unit: ns an item.
// Valid if: nothing else runs. Each row adds up the same numbers: the rows of views are what that
//           costs without a generator, await_each what it costs to call a coroutine for each.

#include "bench.hpp"

#include <cstdint>
#include <optional>
#include <ranges>
#include <utility>

namespace {

using eddy::bench::check;

constexpr std::int64_t items = 1000;

void check_sum(std::int64_t sum, const benchmark::State& state) {
    const std::int64_t rounds = state.iterations() / items;
    check(sum, rounds * (items * (items - 1) / 2), "the sum of the items");
}

template <typename Range>
void add_up(Range&& range, std::int64_t& sum) {
    for (const std::int64_t each : range) {
        sum += each;
        benchmark::DoNotOptimize(sum);
    }
}

// -- without a generator --

auto numbers() {
    return std::views::iota(std::int64_t{0}, items);
}

void views(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(items)) {
        add_up(numbers(), sum);
    }
    check_sum(sum, state);
}
BENCHMARK(views);

eddy::coro<std::int64_t> give(std::int64_t value) {
    co_return value;
}

eddy::coro<> await_each(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(items)) {
        for (const std::int64_t each : numbers()) {
            sum += co_await give(each);
            benchmark::DoNotOptimize(sum);
        }
    }
    check_sum(sum, state);
}
EDDY_BENCH(await_each);

// -- synchronous --

eddy::generator<std::int64_t> count() {
    for (const std::int64_t each : numbers()) {
        co_yield each;
    }
}

void generate(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(items)) {
        add_up(count(), sum);
    }
    check_sum(sum, state);
}
BENCHMARK(generate);

eddy::generator<std::int64_t> count_below(int depth) {
    if (depth == 0) {
        co_yield eddy::elements_of(count());
    } else {
        co_yield eddy::elements_of(count_below(depth - 1));
    }
}

// Ten generators that delegate to each other: an item passes none of those in between.
void generate_ten_deep(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(items)) {
        add_up(count_below(9), sum);
    }
    check_sum(sum, state);
}
BENCHMARK(generate_ten_deep);

// -- asynchronous --

eddy::async_generator<std::int64_t> count_async() {
    for (const std::int64_t each : numbers()) {
        co_yield each;
    }
}

eddy::coro<> async_generate(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(items)) {
        EDDY_FOR(const std::int64_t each, count_async()) {
            sum += each;
            benchmark::DoNotOptimize(sum);
        }
    }
    check_sum(sum, state);
}
EDDY_BENCH(async_generate);

// The same numbers from a class with a coroutine next(): a frame an item.
struct counting {
    std::int64_t at = 0;
    eddy::coro<std::optional<std::int64_t>> next() {
        if (at == items) {
            co_return std::nullopt;
        }
        co_return at++;
    }
};

eddy::coro<> async_class(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(items)) {
        EDDY_FOR(const std::int64_t each, counting()) {
            sum += each;
            benchmark::DoNotOptimize(sum);
        }
    }
    check_sum(sum, state);
}
EDDY_BENCH(async_class);

// What a break costs beside the end of the loop: the generator is unwound by an exception.
eddy::coro<> async_break(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        EDDY_FOR(const std::int64_t each, count_async()) {
            sum += each + 1;
            break;
        }
    }
    check(sum, state.iterations(), "generators that were left");
}
EDDY_BENCH(async_break);

} // namespace

BENCHMARK_MAIN();
