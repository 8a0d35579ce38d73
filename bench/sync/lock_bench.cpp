// lock_bench.cpp — one task at a time.
//
// Question: what does a lock cost that nobody else wants, and what does it cost four tasks that
//           hold it over a yield, so that the others always wait?
// Unit:     ns to acquire and release once. The threads sleep and wake by the kernel, in a lock of
//           std::mutex and std::condition_variable that is as fair; they yield as well.
// Valid if: nothing else runs.

#include "bench.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using eddy::bench::check;

constexpr std::int64_t rounds = 1000;
constexpr std::size_t contenders = 4;

eddy::coro<> uncontended(benchmark::State& state) {
    eddy::lock gate;
    std::int64_t inside = 0;
    for (auto _ : state) {
        auto held = co_await gate.acquire();
        ++inside;
    }
    check(inside, state.iterations(), "times inside");
}
EDDY_BENCH(uncontended);

eddy::coro<> try_only(benchmark::State& state) {
    eddy::lock gate;
    std::int64_t inside = 0;
    for (auto _ : state) {
        if (auto held = gate.try_lock()) {
            ++inside;
        }
    }
    check(inside, state.iterations(), "times inside");
    co_return;
}
EDDY_BENCH(try_only);

// The count is plain data: it is right only if there is one holder at a time.
eddy::coro<> contender(eddy::lock& gate, std::int64_t& inside) {
    for (std::int64_t i = 0; i != rounds; ++i) {
        auto held = co_await gate.acquire();
        const std::int64_t seen = inside;
        co_await eddy::yield();
        inside = seen + 1;
    }
}

// The same, but nobody yields with the lock held: contended only if several workers run it.
eddy::coro<> brief_contender(eddy::lock& gate, std::int64_t& inside) {
    for (std::int64_t i = 0; i != rounds; ++i) {
        {
            auto held = co_await gate.acquire();
            ++inside;
        }
        co_await eddy::yield();
    }
}

template <eddy::coro<> (*Contender)(eddy::lock&, std::int64_t&)>
eddy::coro<> contended_by_four(benchmark::State& state) {
    eddy::lock gate;
    std::int64_t inside = 0;
    while (state.KeepRunningBatch(rounds * static_cast<std::int64_t>(contenders))) {
        std::vector<eddy::task<>> tasks;
        for (std::size_t i = 0; i != contenders; ++i) {
            tasks.push_back(eddy::create_task(Contender(gate, inside)));
        }
        for (const eddy::task<>& each : tasks) {
            co_await each;
        }
    }
    check(inside, state.iterations(), "times inside");
}
eddy::coro<> four_tasks(benchmark::State& state) {
    return contended_by_four<contender>(state);
}
eddy::coro<> four_brief_tasks(benchmark::State& state) {
    return contended_by_four<brief_contender>(state);
}
EDDY_BENCH(four_tasks);
EDDY_BENCH(four_brief_tasks);

// -- threads --

void mutex_uncontended(benchmark::State& state) {
    std::mutex gate;
    std::int64_t inside = 0;
    for (auto _ : state) {
        const std::lock_guard held(gate);
        benchmark::DoNotOptimize(++inside);
    }
    check(inside, state.iterations(), "times inside");
}
BENCHMARK(mutex_uncontended);

// A mutex alone is not fair: one thread would do all its rounds before the next one is let in.
class fair_mutex {
public:
    void lock() {
        std::unique_lock hold(guard_);
        const std::int64_t mine = next_++;
        turn_.wait(hold, [&] { return serving_ == mine; });
    }
    void unlock() {
        {
            const std::lock_guard hold(guard_);
            ++serving_;
        }
        turn_.notify_all();
    }

private:
    std::mutex guard_;
    std::condition_variable turn_;
    std::int64_t next_ = 0;
    std::int64_t serving_ = 0;
};

template <typename Mutex>
void four_threads(benchmark::State& state) {
    Mutex gate;
    std::int64_t inside = 0;
    while (state.KeepRunningBatch(rounds * static_cast<std::int64_t>(contenders))) {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i != contenders; ++i) {
            threads.emplace_back([&] {
                for (std::int64_t k = 0; k != rounds; ++k) {
                    const std::lock_guard held(gate);
                    const std::int64_t seen = inside;
                    std::this_thread::yield();
                    inside = seen + 1;
                }
            });
        }
        for (std::thread& each : threads) {
            each.join();
        }
    }
    check(inside, state.iterations(), "times inside");
}
BENCHMARK(four_threads<std::mutex>)
    ->Name("four_threads, mutex")
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK(four_threads<fair_mutex>)
    ->Name("four_threads, in turn")
    ->UseRealTime()
    ->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
