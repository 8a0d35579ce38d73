// semaphore_bench.cpp — permits that are there, and permits that are waited for.
//
// Question: what does a permit cost that is there; what does it cost eight tasks that share two
//           and hold them over a yield; what do two tasks pay that pass one back and forth, the
//           cheapest way to take turns; beside std::counting_semaphore?
// Unit:     ns to acquire and release once; of the last one, ns a round trip.
// Valid if: nothing else runs. The threads of the contender hold theirs over a yield as well.

#include "bench.hpp"

#include <semaphore>
#include <thread>
#include <vector>

namespace {

using eddy::bench::check;

constexpr std::int64_t rounds = 1000;
constexpr std::size_t contenders = 8;

eddy::coro<> uncontended(benchmark::State& state) {
    eddy::semaphore of(2);
    std::int64_t inside = 0;
    for (auto _ : state) {
        const auto held = co_await of.acquire();
        ++inside;
    }
    check(inside, state.iterations(), "times inside");
}
EDDY_BENCH(uncontended);

eddy::coro<> user(eddy::semaphore& of, std::int64_t& inside) {
    for (std::int64_t i = 0; i != rounds; ++i) {
        const auto held = co_await of.acquire();
        co_await eddy::yield();
        ++inside;
    }
}

eddy::coro<> eight_tasks_share_two(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(rounds * static_cast<std::int64_t>(contenders))) {
        eddy::semaphore of(2);
        std::vector<std::int64_t> inside(contenders);
        std::vector<eddy::task<>> tasks;
        tasks.reserve(contenders);
        for (std::int64_t& own : inside) {
            tasks.push_back(eddy::create_task(user(of, own)));
        }
        for (const eddy::task<>& each : tasks) {
            co_await each;
        }
        for (const std::int64_t own : inside) {
            sum += own;
        }
    }
    check(sum, state.iterations(), "times inside");
}
EDDY_BENCH(eight_tasks_share_two);

struct court {
    eddy::semaphore there{0};
    eddy::semaphore back{0};
};

eddy::coro<> pong(court& court, std::int64_t& hits) {
    for (;; ++hits) {
        (co_await court.there.acquire()).detach();
        court.back.release();
    }
}

eddy::coro<> ping_pong(benchmark::State& state) {
    court court;
    std::int64_t hits = 0;
    const eddy::task<> other = eddy::create_task(pong(court, hits));
    for (auto _ : state) {
        court.there.release();
        (co_await court.back.acquire()).detach();
    }
    other.cancel();
    (void)co_await eddy::as_result(other);
    check(hits, state.iterations(), "hits");
}
EDDY_BENCH(ping_pong);

// -- threads --

void threads_uncontended(benchmark::State& state) {
    std::counting_semaphore<2> of(2);
    std::int64_t inside = 0;
    for (auto _ : state) {
        of.acquire();
        benchmark::DoNotOptimize(++inside);
        of.release();
    }
    check(inside, state.iterations(), "times inside");
}
BENCHMARK(threads_uncontended);

void eight_threads_share_two(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(rounds * static_cast<std::int64_t>(contenders))) {
        std::counting_semaphore<2> of(2);
        std::vector<std::int64_t> inside(contenders);
        std::vector<std::thread> threads;
        threads.reserve(contenders);
        for (std::int64_t& own : inside) {
            threads.emplace_back([&of, &own] {
                for (std::int64_t k = 0; k != rounds; ++k) {
                    of.acquire();
                    std::this_thread::yield();
                    ++own;
                    of.release();
                }
            });
        }
        for (std::thread& each : threads) {
            each.join();
        }
        for (const std::int64_t own : inside) {
            sum += own;
        }
    }
    check(sum, state.iterations(), "times inside");
}
BENCHMARK(eight_threads_share_two)->UseRealTime()->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
