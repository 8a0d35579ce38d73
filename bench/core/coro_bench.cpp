// coro_bench.cpp — awaiting what needs no scheduler: coroutines, and results that are there.
//
// Question: what does an await cost over a call?   Unit: ns an await.
// Valid if: nothing else runs. The second worker has nothing to do: if two workers are slower than
//           one, that is what an idle worker costs the others.

#include "bench.hpp"

namespace {

using eddy::bench::check;

eddy::coro<std::int64_t> trivial(std::int64_t value) {
    co_return value;
}

eddy::coro<> await_trivial(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await trivial(1);
    }
    check(sum, state.iterations(), "trivial coroutines awaited");
}
EDDY_BENCH(await_trivial);

constexpr std::int64_t chain_length = 1000;

eddy::coro<std::int64_t> chain(std::int64_t links) {
    if (links == 0) {
        co_return 0;
    }
    co_return 1 + co_await chain(links - 1);
}

// Each coroutine awaits the next: an await that suspends a deep stack of frames costs the same.
eddy::coro<> await_chain(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(chain_length)) {
        sum += co_await chain(chain_length);
    }
    check(sum, state.iterations(), "links of the chains");
}
EDDY_BENCH(await_chain);

// The step's budget is in it: every 128th await gives the others a turn.
eddy::coro<> await_ready_future(benchmark::State& state) {
    eddy::promise<std::int64_t> promise;
    promise.set_value(1);
    const eddy::future<std::int64_t> ready = promise.get_future();
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await ready;
    }
    check(sum, state.iterations(), "results of the future");
}
EDDY_BENCH(await_ready_future);

eddy::coro<std::int64_t> failing(std::int64_t value) {
    throw value;
    co_return value;
}

// Two thirds of it is the throw itself: the coroutine stores the exception, the await rethrows it.
eddy::coro<> await_a_throw(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        try {
            sum += co_await failing(1);
        } catch (std::int64_t value) {
            sum += value;
        }
    }
    check(sum, state.iterations(), "exceptions caught");
}
EDDY_BENCH(await_a_throw);

} // namespace

BENCHMARK_MAIN();
