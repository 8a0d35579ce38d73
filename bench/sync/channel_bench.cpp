// channel_bench.cpp — items through a channel.
//
// Question: what does an item cost from one task to another, and among several; what does a round
//           trip cost when each item has to be waited for; what do threads pay for the same?
// Unit:     ns an item (ping_pong: a round trip).
// Valid if: nothing else runs. On two workers the sides may share one or have one each, as the
//           scheduler decides; the CPU time says which.

#include "bench.hpp"

#include <oneapi/tbb/concurrent_queue.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using eddy::bench::check;

constexpr std::int64_t items_a_round = 100'000;
constexpr std::int64_t sum_of(std::int64_t items) {
    return items * (items - 1) / 2;
}

eddy::coro<> send_all(eddy::channel<std::int64_t>& to, std::int64_t items) {
    for (std::int64_t i = 0; i != items; ++i) {
        co_await to.send(i);
    }
}
eddy::coro<std::int64_t> receive_all(eddy::channel<std::int64_t>& from) {
    std::int64_t sum = 0;
    while (const auto item = co_await from.receive()) {
        sum += *item;
    }
    co_return sum;
}

eddy::coro<> many_to_many(benchmark::State& state) {
    const auto senders = state.range(1);
    const auto receivers = state.range(2);
    const auto room = static_cast<std::size_t>(state.range(3));
    const std::int64_t each = items_a_round / senders;
    std::int64_t sum = 0;
    std::int64_t rounds = 0;
    while (state.KeepRunningBatch(each * senders)) {
        eddy::channel<std::int64_t> c(room);
        std::vector<eddy::task<>> sending;
        std::vector<eddy::task<std::int64_t>> receiving;
        for (std::int64_t i = 0; i != receivers; ++i) {
            receiving.push_back(eddy::create_task(receive_all(c)));
        }
        for (std::int64_t i = 0; i != senders; ++i) {
            sending.push_back(eddy::create_task(send_all(c, each)));
        }
        for (const eddy::task<>& task : sending) {
            co_await task;
        }
        c.close();
        for (const auto& task : receiving) {
            sum += co_await task;
        }
        ++rounds;
    }
    check(sum, rounds * senders * sum_of(each), "sum of the items");
}
BENCHMARK(eddy::bench::in_runtime<many_to_many>)
    ->Name("channel")
    ->ArgNames({"workers", "senders", "receivers", "room"})
    ->ArgsProduct({{1, 2}, {1}, {1}, {1, 64, 1024}})
    ->ArgsProduct({{1, 2}, {2}, {2}, {64}})
    ->ArgsProduct({{1, 2}, {4}, {1}, {64}})
    ->ArgsProduct({{1, 2}, {1}, {4}, {64}})
    ->ArgsProduct({{1, 2}, {4}, {4}, {64}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

// A loop each in a runtime of its own, so that the sides are on two threads for certain.
eddy::coro<> send_and_close(eddy::channel<std::int64_t>& to) {
    co_await send_all(to, items_a_round);
    to.close();
}
void across_loops(benchmark::State& state) {
    std::int64_t sum = 0;
    std::int64_t rounds = 0;
    while (state.KeepRunningBatch(items_a_round)) {
        eddy::channel<std::int64_t> c(static_cast<std::size_t>(state.range(0)));
        std::thread other([&] { eddy::run(send_and_close(c), {.workers = 1}); });
        sum += eddy::run(receive_all(c), {.workers = 1});
        other.join();
        ++rounds;
    }
    check(sum, rounds * sum_of(items_a_round), "sum of the items");
}
BENCHMARK(across_loops)
    ->ArgName("room")
    ->ArgsProduct({{1, 64, 1024}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

eddy::coro<> pong(eddy::channel<std::int64_t>& there, eddy::channel<std::int64_t>& back) {
    while (const auto ball = co_await there.receive()) {
        co_await back.send(*ball);
    }
}
eddy::coro<> ping(benchmark::State& state, eddy::channel<std::int64_t>& there,
                  eddy::channel<std::int64_t>& back) {
    std::int64_t hits = 0;
    for (auto _ : state) {
        co_await there.send(hits);
        hits += *co_await back.receive() == hits ? 1 : 0;
    }
    there.close();
    check(hits, state.iterations(), "hits");
}
eddy::coro<> ping_pong(benchmark::State& state) {
    eddy::channel<std::int64_t> there(1);
    eddy::channel<std::int64_t> back(1);
    const auto other = eddy::create_task(pong(there, back));
    co_await ping(state, there, back);
    co_await other;
}
EDDY_BENCH(ping_pong);

void ping_pong_across_loops(benchmark::State& state) {
    eddy::channel<std::int64_t> there(1);
    eddy::channel<std::int64_t> back(1);
    std::thread other([&] { eddy::run(pong(there, back), {.workers = 1}); });
    eddy::run(ping(state, there, back), {.workers = 1});
    other.join();
}
BENCHMARK(ping_pong_across_loops)->UseRealTime()->MeasureProcessCPUTime();

eddy::coro<> send_and_receive(benchmark::State& state) {
    eddy::channel<std::int64_t> c(64);
    std::int64_t sum = 0;
    for (auto _ : state) {
        co_await c.send(1);
        sum += *co_await c.receive();
    }
    check(sum, state.iterations(), "items");
}
EDDY_BENCH(send_and_receive);

// Two channels, one of which has something.
eddy::coro<> select_of_two(benchmark::State& state) {
    eddy::channel<std::int64_t> silent(1);
    eddy::channel<std::int64_t> c(64);
    std::int64_t sum = 0;
    for (auto _ : state) {
        co_await c.send(1);
        sum += std::get<1>(co_await eddy::select(silent.receive(), c.receive())).value();
    }
    check(sum, state.iterations(), "items");
}
EDDY_BENCH(select_of_two);

// -- threads --

// As in a hundred code bases: a lock, two condition variables, a ring.
class locked_queue {
public:
    explicit locked_queue(std::size_t room) : items_(room) {}

    void put(std::int64_t item) {
        std::unique_lock hold(lock_);
        not_full_.wait(hold, [this] { return count_ != items_.size(); });
        items_[(first_ + count_++) % items_.size()] = item;
        hold.unlock();
        not_empty_.notify_one();
    }
    std::int64_t get() {
        std::unique_lock hold(lock_);
        not_empty_.wait(hold, [this] { return count_ != 0; });
        const std::int64_t item = items_[first_];
        first_ = (first_ + 1) % items_.size();
        --count_;
        hold.unlock();
        not_full_.notify_one();
        return item;
    }

private:
    std::mutex lock_;
    std::condition_variable not_full_;
    std::condition_variable not_empty_;
    std::vector<std::int64_t> items_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

class tbb_queue {
public:
    explicit tbb_queue(std::size_t room) { items_.set_capacity(static_cast<std::ptrdiff_t>(room)); }
    void put(std::int64_t item) { items_.push(item); }
    std::int64_t get() {
        std::int64_t item = 0;
        items_.pop(item);
        return item;
    }

private:
    tbb::concurrent_bounded_queue<std::int64_t> items_;
};

template <class Queue>
void between_threads(benchmark::State& state) {
    const auto each_side = state.range(0);
    const std::int64_t each = items_a_round / each_side;
    std::int64_t rounds = 0;
    std::atomic<std::int64_t> sum = 0;
    while (state.KeepRunningBatch(each * each_side)) {
        Queue queue(static_cast<std::size_t>(state.range(1)));
        std::vector<std::thread> threads;
        for (std::int64_t i = 0; i != each_side; ++i) {
            threads.emplace_back([&] {
                for (std::int64_t n = 0; n != each; ++n) {
                    queue.put(n);
                }
            });
            threads.emplace_back([&] {
                std::int64_t mine = 0;
                for (std::int64_t n = 0; n != each; ++n) {
                    mine += queue.get();
                }
                sum += mine;
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        ++rounds;
    }
    check(sum, rounds * each_side * sum_of(each), "sum of the items");
}
BENCHMARK(between_threads<locked_queue>)
    ->Name("threads/mutex_and_condition")
    ->ArgNames({"sides", "room"})
    ->ArgsProduct({{1, 4}, {64, 1024}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK(between_threads<tbb_queue>)
    ->Name("threads/tbb_concurrent_bounded_queue")
    ->ArgNames({"sides", "room"})
    ->ArgsProduct({{1, 4}, {64, 1024}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();

template <class Queue>
void threads_ping_pong(benchmark::State& state) {
    Queue there(1);
    Queue back(1);
    std::thread other([&] {
        for (;;) {
            const std::int64_t ball = there.get();
            back.put(ball);
            if (ball < 0) {
                return;
            }
        }
    });
    std::int64_t hits = 0;
    for (auto _ : state) {
        there.put(hits);
        hits += back.get() == hits ? 1 : 0;
    }
    there.put(-1);
    other.join();
    check(hits, state.iterations(), "hits");
}
BENCHMARK(threads_ping_pong<locked_queue>)
    ->Name("threads_ping_pong/mutex_and_condition")
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK(threads_ping_pong<tbb_queue>)
    ->Name("threads_ping_pong/tbb_concurrent_bounded_queue")
    ->UseRealTime()
    ->MeasureProcessCPUTime();

} // namespace

BENCHMARK_MAIN();
