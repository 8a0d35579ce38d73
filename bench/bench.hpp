// bench.hpp — a coroutine as a Google Benchmark program, on one worker and on two.

#pragma once

#include <eddy/eddy.hpp>

#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>

namespace eddy::bench {

/// Runs `Body` in a runtime of as many workers as the first argument of the bench says.
template <eddy::coro<> (*Body)(benchmark::State&)>
void in_runtime(benchmark::State& state) {
    eddy::run(Body(state), {.workers = static_cast<unsigned>(state.range(0))});
}

/// Time on the clock, and the CPU time of all threads beside: who spins is fast on an idle machine.
inline void on_one_and_two_workers(benchmark::internal::Benchmark* bench) {
    bench->ArgName("workers")->Arg(1)->Arg(2)->UseRealTime()->MeasureProcessCPUTime();
}

/// Ends the bench if its work was not done right.
inline void check(std::int64_t found, std::int64_t expected, const std::string& what) {
    if (found != expected) {
        throw std::logic_error(what + ": " + std::to_string(found) + " instead of " +
                               std::to_string(expected));
    }
}

} // namespace eddy::bench

/// Registers the coroutine `body(state)` for one worker and for two.
#define EDDY_BENCH(body)                                                                           \
    BENCHMARK(eddy::bench::in_runtime<body>)                                                       \
        ->Name(#body)                                                                              \
        ->Apply(eddy::bench::on_one_and_two_workers)
