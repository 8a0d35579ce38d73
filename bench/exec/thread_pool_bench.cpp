// thread_pool_bench.cpp — an empty job from a loop to a pool of threads and back.
//
// Question: what does a call off the loop cost: the next one as soon as the last one is back
//           (close); with a pause before each, in which the threads fall asleep (apart); 64 of them
//           under way (many)? The same of Asio, libuv, oneTBB, std::async and a thread each.
// Unit:     ns a job. Of `apart` the job alone is timed, not the pause.
// Valid if: nothing else runs and there are two cores. CPU time stands beside: who spins is fast on
//           an idle machine. tbb and async have no loop to come back to: a thread waits.

#include "bench.hpp"

#include <oneapi/tbb/task_arena.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <future>
#include <thread>
#include <vector>

#ifdef EDDY_BENCH_ASIO
#include <asio.hpp>
#endif
#ifdef EDDY_BENCH_LIBUV
#include <uv.h>
#endif

namespace {

using namespace eddy; // memory orders
using eddy::bench::check;

constexpr std::int64_t in_flight = 64;
constexpr std::size_t pool_threads = 4;
constexpr std::chrono::microseconds pause(300);

// Times each iteration of `apart` itself.
class stopwatch {
public:
    explicit stopwatch(benchmark::State& state) : state_(state) {
        std::this_thread::sleep_for(pause);
        start_ = std::chrono::steady_clock::now();
    }
    void stop() const {
        const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - start_;
        state_.SetIterationTime(lasted.count());
    }

private:
    benchmark::State& state_;
    std::chrono::steady_clock::time_point start_;
};

std::int64_t one() {
    return 1;
}

// -- eddy --

eddy::coro<> eddy_close_body(benchmark::State& state) {
    eddy::thread_pool_executor pool(pool_threads);
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += co_await eddy::run_in_executor(pool, one);
    }
    co_await pool.aclose();
    check(sum, state.iterations(), "jobs");
}
eddy::coro<> eddy_apart_body(benchmark::State& state) {
    eddy::thread_pool_executor pool(pool_threads);
    std::int64_t sum = 0;
    for (auto _ : state) {
        const stopwatch watch(state);
        sum += co_await eddy::run_in_executor(pool, one);
        watch.stop();
    }
    co_await pool.aclose();
    check(sum, state.iterations(), "jobs");
}

eddy::coro<> keep_calling(eddy::thread_pool_executor& pool, std::int64_t& left, std::int64_t& sum) {
    while (left > 0) {
        --left;
        sum += co_await eddy::run_in_executor(pool, one);
    }
}
eddy::coro<> eddy_many_body(benchmark::State& state) {
    eddy::thread_pool_executor pool(pool_threads);
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(100 * in_flight)) {
        std::int64_t left = 100 * in_flight;
        std::vector<eddy::coro<>> callers;
        for (std::int64_t i = 0; i != in_flight; ++i) {
            callers.push_back(keep_calling(pool, left, sum));
        }
        co_await eddy::gather(std::move(callers));
    }
    co_await pool.aclose();
    check(sum, state.iterations(), "jobs");
}

template <eddy::coro<> (*Body)(benchmark::State&)>
void on_a_loop(benchmark::State& state) {
    eddy::run(Body(state), {.workers = 1});
}
void eddy_close(benchmark::State& state) {
    on_a_loop<eddy_close_body>(state);
}
void eddy_apart(benchmark::State& state) {
    on_a_loop<eddy_apart_body>(state);
}
void eddy_many(benchmark::State& state) {
    on_a_loop<eddy_many_body>(state);
}

// -- those with a loop, by callbacks: Loop has call(then), which has `then` called, and run() --

template <typename Loop>
void close_on(benchmark::State& state) {
    Loop loop;
    std::int64_t sum = 0;
    for (auto _ : state) {
        loop.call([&](std::int64_t got) { sum += got; });
        loop.run();
    }
    check(sum, state.iterations(), "jobs");
}
template <typename Loop>
void apart_on(benchmark::State& state) {
    Loop loop;
    std::int64_t sum = 0;
    for (auto _ : state) {
        const stopwatch watch(state);
        loop.call([&](std::int64_t got) { sum += got; });
        loop.run();
        watch.stop();
    }
    check(sum, state.iterations(), "jobs");
}
template <typename Loop>
class caller {
public:
    caller(Loop& loop, std::int64_t& left, std::int64_t& sum)
        : loop_(loop), left_(left), sum_(sum) {}
    void next() {
        if (left_ > 0) {
            --left_;
            loop_.call([this](std::int64_t got) {
                sum_ += got;
                next();
            });
        }
    }

private:
    Loop& loop_;
    std::int64_t& left_;
    std::int64_t& sum_;
};
template <typename Loop>
void many_on(benchmark::State& state) {
    Loop loop;
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(100 * in_flight)) {
        std::int64_t left = 100 * in_flight;
        std::vector<caller<Loop>> callers(in_flight, caller<Loop>(loop, left, sum));
        for (auto& each : callers) {
            each.next();
        }
        loop.run();
    }
    check(sum, state.iterations(), "jobs");
}

#ifdef EDDY_BENCH_ASIO
class asio_loop {
public:
    template <typename Then>
    void call(Then then) {
        asio::post(pool_, [this, then, open = asio::make_work_guard(loop_)]() mutable {
            const std::int64_t got = one();
            asio::post(loop_, [then, got]() mutable { then(got); });
        });
    }
    void run() {
        loop_.restart();
        loop_.run();
    }

private:
    asio::io_context loop_{1};
    asio::thread_pool pool_{pool_threads};
};
#endif

#ifdef EDDY_BENCH_LIBUV
class libuv_loop {
public:
    libuv_loop() { ::uv_loop_init(&loop_); }
    ~libuv_loop() { ::uv_loop_close(&loop_); }
    libuv_loop(const libuv_loop&) = delete;
    libuv_loop& operator=(const libuv_loop&) = delete;

    template <typename Then>
    void call(Then then) {
        struct job : uv_work_t {
            explicit job(Then then) : uv_work_t(), then(std::move(then)) {}
            Then then;
            std::int64_t got = 0;
        };
        auto* const made = new job(std::move(then));
        const int failed = ::uv_queue_work(
            &loop_, made, [](uv_work_t* work) { static_cast<job*>(work)->got = one(); },
            [](uv_work_t* work, int /*status*/) {
                const std::unique_ptr<job> owned(static_cast<job*>(work));
                owned->then(owned->got);
            });
        check(failed, 0, "uv_queue_work");
    }
    void run() { ::uv_run(&loop_, UV_RUN_DEFAULT); }

private:
    uv_loop_t loop_{};
};
#endif

// -- those without one: a thread waits --

class tbb_waiter {
public:
    tbb_waiter() : arena_(static_cast<int>(pool_threads) + 1, 1) {}

    template <typename Then>
    void call(Then then) {
        ++asked_;
        arena_.enqueue([this, then] {
            then(one());
            done_.fetch_add(1, release);
            done_.notify_one();
        });
    }
    void run() {
        for (std::int64_t seen = done_.load(acquire); seen != asked_; seen = done_.load(acquire)) {
            done_.wait(seen, acquire);
        }
    }

private:
    oneapi::tbb::task_arena arena_;
    eddy::atomic<std::int64_t> done_{0};
    std::int64_t asked_ = 0;
};

void async_close(benchmark::State& state) {
    std::int64_t sum = 0;
    for (auto _ : state) {
        sum += std::async(std::launch::async, one).get();
    }
    check(sum, state.iterations(), "jobs");
}
void async_many(benchmark::State& state) {
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(in_flight)) {
        std::array<std::future<std::int64_t>, in_flight> all;
        for (auto& each : all) {
            each = std::async(std::launch::async, one);
        }
        for (auto& each : all) {
            sum += each.get();
        }
    }
    check(sum, state.iterations(), "jobs");
}

void timed(benchmark::internal::Benchmark* bench) {
    bench->UseRealTime()->MeasureProcessCPUTime();
}
void timed_apart(benchmark::internal::Benchmark* bench) {
    bench->UseManualTime()->MeasureProcessCPUTime();
}

BENCHMARK(eddy_close)->Apply(timed);
BENCHMARK(eddy_apart)->Apply(timed_apart);
BENCHMARK(eddy_many)->Apply(timed);
#ifdef EDDY_BENCH_ASIO
BENCHMARK(close_on<asio_loop>)->Name("asio_close")->Apply(timed);
BENCHMARK(apart_on<asio_loop>)->Name("asio_apart")->Apply(timed_apart);
BENCHMARK(many_on<asio_loop>)->Name("asio_many")->Apply(timed);
#endif
#ifdef EDDY_BENCH_LIBUV
BENCHMARK(close_on<libuv_loop>)->Name("libuv_close")->Apply(timed);
BENCHMARK(apart_on<libuv_loop>)->Name("libuv_apart")->Apply(timed_apart);
BENCHMARK(many_on<libuv_loop>)->Name("libuv_many")->Apply(timed);
#endif
BENCHMARK(close_on<tbb_waiter>)->Name("tbb_close")->Apply(timed);
BENCHMARK(apart_on<tbb_waiter>)->Name("tbb_apart")->Apply(timed_apart);
BENCHMARK(async_close)->Apply(timed);
BENCHMARK(async_many)->Apply(timed);

} // namespace

BENCHMARK_MAIN();
