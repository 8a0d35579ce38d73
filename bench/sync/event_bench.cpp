// event_bench.cpp — telling one task, and telling ten thousand.
//
// Question: what does it cost two tasks to wake each other by events, beside two threads that do so
//           by a condition variable; and what does one set() cost each of many waiters?
// Unit:     ns a round trip, which is two waits, two sets and two clears; ns a waiter, from before
//           it waits until it has gone on.
// Valid if: nothing else runs.

#include "bench.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using eddy::bench::check;

struct court {
    eddy::event there;
    eddy::event back;
    std::int64_t hits = 0;
    bool over = false; // written before there.set()
};

eddy::coro<> pong(court& court) {
    for (;;) {
        co_await court.there.wait();
        court.there.clear();
        if (court.over) {
            co_return;
        }
        ++court.hits;
        court.back.set();
    }
}

eddy::coro<> ping_pong(benchmark::State& state) {
    court court;
    const eddy::task<> other = eddy::create_task(pong(court));
    for (auto _ : state) {
        court.there.set();
        co_await court.back.wait();
        court.back.clear();
    }
    court.over = true;
    court.there.set();
    co_await other;
    check(court.hits, state.iterations(), "hits");
}
EDDY_BENCH(ping_pong);

eddy::coro<> waiter(eddy::event& of, std::int64_t& woken) {
    co_await of.wait();
    ++woken;
}

/// On one worker, so that a plain count will do.
eddy::coro<> fan_out(benchmark::State& state) {
    const std::int64_t waiters = state.range(1);
    std::int64_t woken = 0;
    while (state.KeepRunningBatch(waiters)) {
        eddy::event of;
        std::vector<eddy::task<>> tasks;
        tasks.reserve(static_cast<std::size_t>(waiters));
        for (std::int64_t i = 0; i != waiters; ++i) {
            tasks.push_back(eddy::create_task(waiter(of, woken)));
        }
        co_await eddy::yield();
        of.set();
        for (const eddy::task<>& each : tasks) {
            co_await each;
        }
    }
    check(woken, state.iterations(), "waiters");
}
BENCHMARK(eddy::bench::in_runtime<fan_out>)
    ->Name("fan_out")
    ->ArgNames({"workers", "waiters"})
    ->ArgsProduct({{1}, {10, 1000, 10000, 100000}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

// -- threads --

class flag {
public:
    void set() {
        const std::lock_guard hold(lock_);
        set_ = true;
        changed_.notify_one();
    }
    void take() {
        std::unique_lock hold(lock_);
        changed_.wait(hold, [this] { return set_; });
        set_ = false;
    }

private:
    std::mutex lock_;
    std::condition_variable changed_;
    bool set_ = false;
};

void threads_ping_pong(benchmark::State& state) {
    flag there;
    flag back;
    bool over = false; // written before there.set()
    std::int64_t hits = 0;
    std::thread other([&] {
        for (;;) {
            there.take();
            if (over) {
                return;
            }
            ++hits;
            back.set();
        }
    });
    for (auto _ : state) {
        there.set();
        back.take();
    }
    over = true;
    there.set();
    other.join();
    check(hits, state.iterations(), "hits");
}
BENCHMARK(threads_ping_pong)->UseRealTime()->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
