// condition_bench.cpp — two tasks take turns under a lock.
//
// Question: what does a turn cost that is told by a condition, beside threads with std::mutex and
//           std::condition_variable?
// Unit:     ns a turn: one wait and one notification, under a lock.
// Valid if: nothing else runs.

#include "bench.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

using eddy::bench::check;

constexpr std::int64_t turns_each = 1000;

struct table {
    eddy::condition changed;
    std::int64_t turn = 0;
};

eddy::coro<> player(table& at, std::int64_t side) {
    auto held = co_await at.changed.acquire();
    for (std::int64_t i = 0; i != turns_each; ++i) {
        while (at.turn % 2 != side) {
            co_await at.changed.wait(held);
        }
        ++at.turn;
        at.changed.notify();
    }
}

eddy::coro<> predicate_player(table& at, std::int64_t side) {
    auto held = co_await at.changed.acquire();
    for (std::int64_t i = 0; i != turns_each; ++i) {
        co_await at.changed.wait_for(held, [&] { return at.turn % 2 == side; });
        ++at.turn;
        at.changed.notify();
    }
}

template <eddy::coro<> Player(table&, std::int64_t)>
eddy::coro<> play(benchmark::State& state) {
    std::int64_t turns = 0;
    while (state.KeepRunningBatch(2 * turns_each)) {
        table at;
        const eddy::task<> one = eddy::create_task(Player(at, 0));
        const eddy::task<> other = eddy::create_task(Player(at, 1));
        co_await one;
        co_await other;
        turns += at.turn;
    }
    check(turns, state.iterations(), "turns");
}

eddy::coro<> ping_pong(benchmark::State& state) {
    return play<player>(state);
}
EDDY_BENCH(ping_pong);

eddy::coro<> ping_pong_with_predicate(benchmark::State& state) {
    return play<predicate_player>(state);
}
EDDY_BENCH(ping_pong_with_predicate);

void threads_ping_pong(benchmark::State& state) {
    std::int64_t turns = 0;
    while (state.KeepRunningBatch(2 * turns_each)) {
        std::mutex lock;
        std::condition_variable changed;
        std::int64_t turn = 0;
        const auto play = [&](std::int64_t side) {
            std::unique_lock held(lock);
            for (std::int64_t i = 0; i != turns_each; ++i) {
                changed.wait(held, [&] { return turn % 2 == side; });
                ++turn;
                changed.notify_one();
            }
        };
        std::thread one(play, 0);
        std::thread other(play, 1);
        one.join();
        other.join();
        turns += turn;
    }
    check(turns, state.iterations(), "turns");
}
BENCHMARK(threads_ping_pong)->UseRealTime()->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
