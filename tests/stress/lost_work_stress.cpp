// lost_work_stress.cpp — whatever is handed to a runtime runs, once, however often its workers park
// meanwhile.
//
// Covers:    call_soon_threadsafe, runtime::create_task and run_coroutine_threadsafe from foreign
//            threads; create_task of plain, pinned and strand tasks from tasks; bursts that
//            overflow the ready ring; single items between which everybody parks; promises handed
//            around between loops; waiters of one future that come and go; timers armed and
//            cancelled; callbacks of one loop; virtual time on several workers.
// Expect:    every item has a counter, which is 1 at the end; a lost wake-up is a hang, which the
//            watchdog reports.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::coro;
using stress::scaled;

/// Items that must be marked once each; the last one fulfils `done`.
class ledger {
public:
    explicit ledger(std::size_t count)
        : marks_(std::make_unique<std::atomic<std::uint8_t>[]>(count)), left_(count),
          count_(count) {}

    void mark(std::size_t item) {
        EXPECT_EQ(marks_[item].fetch_add(1), 0);
        if (left_.fetch_sub(1) == 1) {
            done_.set_value();
        }
    }
    /// The next item that nobody has handed out; false: there is none.
    bool take(std::size_t& item) {
        item = next_.fetch_add(1);
        return item < count_;
    }
    eddy::future<void> done() const { return done_.get_future(); }
    void check() const {
        for (std::size_t i = 0; i != count_; ++i) {
            ASSERT_EQ(marks_[i].load(), 1) << i;
        }
    }

private:
    std::unique_ptr<std::atomic<std::uint8_t>[]> marks_;
    std::atomic<std::size_t> left_;
    std::atomic<std::size_t> next_{0};
    std::size_t count_;
    eddy::promise<void> done_;
};

coro<> mark(ledger& in, std::size_t item, std::uint64_t seed) {
    eddy::random_source random(seed, item);
    switch (random.below(8)) {
    case 0:
        co_await eddy::yield();
        break;
    case 1:
        co_await eddy::sleep(std::chrono::microseconds(random.below(100)));
        break;
    default:
        break;
    }
    in.mark(item);
}

void pause(eddy::random_source& random) {
    if (random.below(4) != 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(random.below(150)));
    }
}

void produce_from_outside(eddy::runtime& runtime, ledger& in, std::uint64_t seed,
                          std::uint64_t stream) {
    eddy::random_source random(seed, stream);
    std::size_t item = 0;
    for (;;) {
        const std::uint64_t burst = random.below(8) == 0 ? random.below(400) : 1 + random.below(3);
        for (std::uint64_t i = 0; i != burst; ++i) {
            if (!in.take(item)) {
                return;
            }
            eddy::event_loop& loop =
                runtime.loop(static_cast<unsigned>(random.below(runtime.workers())));
            switch (random.below(3)) {
            case 0:
                (void)loop.call_soon_threadsafe([&in, item] { in.mark(item); });
                break;
            case 1:
                (void)runtime.create_task(mark(in, item, seed), {.pinned = random.below(3) == 0});
                break;
            default:
                (void)eddy::run_coroutine_threadsafe(mark(in, item, seed), loop);
            }
        }
        pause(random);
    }
}

coro<> produce_from_inside(eddy::runtime& runtime, ledger& in, eddy::strand& line,
                           std::uint64_t seed, std::uint64_t stream) {
    eddy::random_source random(seed, stream);
    std::size_t item = 0;
    for (;;) {
        const std::uint64_t burst = random.below(8) == 0 ? random.below(400) : 1 + random.below(3);
        for (std::uint64_t i = 0; i != burst; ++i) {
            if (!in.take(item)) {
                co_return;
            }
            eddy::event_loop& loop =
                runtime.loop(static_cast<unsigned>(random.below(runtime.workers())));
            switch (random.below(6)) {
            case 0:
                (void)line.create_task(mark(in, item, seed));
                break;
            case 1:
                (void)eddy::create_task(mark(in, item, seed), {.pinned = true});
                break;
            case 2:
                (void)loop.call_soon([&in, item] { in.mark(item); });
                break;
            case 3:
                (void)eddy::get_running_loop().call_later(
                    std::chrono::microseconds(random.below(100)), [&in, item] { in.mark(item); });
                break;
            case 4:
                (void)eddy::create_task(mark(in, item, seed), {.eager = true});
                break;
            default:
                (void)eddy::create_task(mark(in, item, seed));
            }
        }
        co_await eddy::sleep(std::chrono::microseconds(random.below(150)));
    }
}

class lost_work_stress : public stress::stress_case,
                         public testing::WithParamInterface<unsigned> {};

INSTANTIATE_TEST_SUITE_P(workers, lost_work_stress, testing::Values(1U, 2U, 4U, 16U),
                         testing::PrintToStringParamName());

TEST_P(lost_work_stress, every_item_of_many_producers_runs_once) {
    ledger items(scaled(300'000));
    const std::uint64_t seed = eddy::process_seed() + GetParam();
    eddy::strand line;
    eddy::runtime runtime({.workers = GetParam()});
    std::vector<std::thread> outside;
    for (std::uint64_t i = 0; i != 3; ++i) {
        outside.emplace_back([&, i] { produce_from_outside(runtime, items, seed, i); });
    }
    auto main = [](eddy::runtime& runtime, ledger& in, eddy::strand& line,
                   std::uint64_t seed) -> coro<> {
        std::vector<eddy::task<>> inside;
        for (std::uint64_t i = 10; i != 14; ++i) {
            inside.push_back(eddy::create_task(produce_from_inside(runtime, in, line, seed, i)));
        }
        co_await in.done();
        co_await eddy::gather(inside);
    };
    runtime.run_until_complete(main(runtime, items, line, seed));
    for (std::thread& each : outside) {
        each.join();
    }
    runtime.close();
    items.check();
}

// One item at a time: between two of them everybody may have parked.
TEST_P(lost_work_stress, a_single_foreign_item_always_wakes_its_loop) {
    eddy::runtime runtime({.workers = GetParam()});
    std::thread driver([&] { runtime.run_forever(); });
    eddy::random_source random(eddy::process_seed(), GetParam());
    std::atomic<std::size_t> served{0};
    for (std::size_t i = 0; i != scaled(20'000); ++i) {
        eddy::event_loop& loop =
            runtime.loop(static_cast<unsigned>(random.below(runtime.workers())));
        auto count = [](std::atomic<std::size_t>& served) -> coro<> {
            served.fetch_add(1);
            co_return;
        };
        switch (random.below(3)) {
        case 0:
            (void)loop.call_soon_threadsafe([&served] { served.fetch_add(1); });
            break;
        case 1:
            (void)runtime.create_task(count(served), {.pinned = true});
            break;
        default:
            (void)eddy::run_coroutine_threadsafe(count(served), loop);
        }
        while (served.load() != i + 1) {
            std::this_thread::yield();
        }
        if (random.below(16) == 0) {
            std::this_thread::sleep_for(std::chrono::microseconds(random.below(100)));
        }
    }
    runtime.stop();
    driver.join();
    runtime.close();
    EXPECT_EQ(served.load(), scaled(20'000));
}

/// Waits for a token, passes it on.
coro<> pass_on(eddy::future<int> from, eddy::promise<int> to) {
    const int token = co_await from;
    to.set_value(token + 1);
}

// A token runs through pinned tasks on all loops: at any time one of them is awake.
TEST_P(lost_work_stress, a_token_passes_through_all_loops) {
    const std::size_t length = scaled(100'000);
    eddy::runtime runtime({.workers = GetParam()});
    eddy::promise<int> first;
    eddy::future<int> last = first.get_future();
    eddy::random_source random(eddy::process_seed(), GetParam());
    for (std::size_t i = 0; i != length; ++i) {
        eddy::promise<int> next;
        eddy::future<int> after = next.get_future();
        auto place = [](eddy::future<int> from, eddy::promise<int> to, bool pinned) -> coro<> {
            (void)eddy::create_task(pass_on(std::move(from), std::move(to)),
                                    {.pinned = pinned, .eager = true});
            co_return;
        };
        eddy::event_loop& loop =
            runtime.loop(static_cast<unsigned>(random.below(runtime.workers())));
        (void)eddy::run_coroutine_threadsafe(
            place(std::move(last), std::move(next), random.below(2) == 0), loop);
        last = std::move(after);
    }
    auto main = [](eddy::promise<int> first, eddy::future<int> last) -> coro<int> {
        first.set_value(0);
        co_return co_await last;
    };
    EXPECT_EQ(runtime.run_until_complete(main(std::move(first), std::move(last))),
              static_cast<int>(length));
}

// Sleepers are woken by their timer or by a cancel, never twice, never by neither.
TEST_P(lost_work_stress, timers_fire_or_are_cancelled) {
    constexpr std::size_t batch = 100;
    using marks = std::vector<std::atomic<int>>;
    auto sleeper = [](std::atomic<int>& slept, std::uint64_t micros) -> coro<> {
        co_await eddy::sleep(std::chrono::microseconds(micros));
        slept.fetch_add(1);
    };
    auto main = [&](std::size_t batches) -> coro<> {
        eddy::random_source random(eddy::process_seed(), 5);
        for (std::size_t i = 0; i != batches; ++i) {
            marks slept(batch);
            std::vector<eddy::task<>> tasks;
            for (std::atomic<int>& each : slept) {
                tasks.push_back(eddy::create_task(sleeper(each, random.below(300))));
            }
            co_await eddy::sleep(std::chrono::microseconds(random.below(300)));
            for (std::size_t k = 0; k != batch / 2; ++k) {
                (void)tasks[random.below(batch)].cancel();
            }
            co_await eddy::wait(tasks);
            for (std::size_t k = 0; k != batch; ++k) {
                EXPECT_EQ(slept[k].load(), tasks[k].cancelled() ? 0 : 1);
            }
        }
    };
    eddy::run(main(scaled(200)), {.workers = GetParam()});
}

// Waiters of one future come, are cancelled by tiny timeouts, and come again, until it is set.
TEST_P(lost_work_stress, waiters_of_one_future_come_and_go) {
    auto waiter = [](eddy::future<int> answer, std::uint64_t seed, std::uint64_t stream) -> coro<> {
        eddy::random_source random(seed, stream);
        for (;;) {
            const auto limit = std::chrono::microseconds(random.below(60));
            const auto got = co_await eddy::as_result(eddy::wait_for(answer, limit));
            if (!got.holds<eddy::timeout_error>()) {
                EXPECT_TRUE(got.has_value());
                co_return;
            }
        }
    };
    auto main = [&waiter](std::size_t rounds) -> coro<> {
        for (std::size_t i = 0; i != rounds; ++i) {
            eddy::promise<int> set;
            std::vector<coro<>> waiters;
            for (std::uint64_t k = 0; k != 24; ++k) {
                waiters.push_back(waiter(set.get_future(), eddy::process_seed() + i, k));
            }
            std::thread foreign([&set, i] {
                std::this_thread::sleep_for(std::chrono::microseconds(100 * (i % 8)));
                set.set_value(1);
            });
            co_await eddy::gather(std::move(waiters));
            foreign.join();
        }
    };
    eddy::run(main(scaled(150)), {.workers = GetParam()});
}

// Whichever worker takes the turns: the callbacks of one loop run in order, one at a time.
TEST_P(lost_work_stress, callbacks_of_one_loop_run_one_at_a_time_in_order) {
    eddy::runtime runtime({.workers = GetParam()});
    std::thread driver([&] { runtime.run_forever(); });
    eddy::event_loop& loop = runtime.loop(0);
    constexpr std::size_t posters = 2;
    const std::size_t each = scaled(10'000);
    std::atomic<int> inside{0};
    std::atomic<std::size_t> called{0};
    std::array<std::size_t, posters> last{}; // the callbacks' own: one runs at a time
    std::vector<std::thread> threads;
    for (std::size_t p = 0; p != posters; ++p) {
        threads.emplace_back([&, p] {
            for (std::size_t i = 1; i <= each; ++i) {
                (void)loop.call_soon_threadsafe([&, p, i] {
                    EXPECT_EQ(inside.fetch_add(1), 0);
                    EXPECT_EQ(last[p] + 1, i);
                    last[p] = i;
                    if (i % 64 == 0) { // long enough for a sibling to come
                        std::this_thread::sleep_for(20us);
                    }
                    inside.fetch_sub(1);
                    called.fetch_add(1);
                });
            }
        });
    }
    for (std::thread& one : threads) {
        one.join();
    }
    while (called.load() != posters * each) {
        std::this_thread::yield();
    }
    runtime.stop();
    driver.join();
}

// In virtual time the clock does not move under a step, on whatever worker.
TEST_P(lost_work_stress, virtual_time_stands_still_while_anything_runs) {
    auto holder = [](eddy::future<int> from, eddy::promise<int> to) -> coro<> {
        const int token = co_await from;
        const auto before = eddy::now();
        for (int i = 0; i != 100; ++i) {
            EXPECT_EQ(eddy::now(), before);
        }
        to.set_value(token + 1);
    };
    auto ticker = []() -> coro<> { // a timer that the clock could jump to
        for (;;) {
            co_await eddy::sleep(1ms);
        }
    };
    eddy::runtime runtime({.workers = GetParam(), .virtual_time = true});
    eddy::random_source random(eddy::process_seed(), GetParam());
    auto main = [&](eddy::promise<int> first, eddy::future<int> last) -> coro<int> {
        const auto ticking = eddy::create_task(ticker());
        first.set_value(0);
        const int token = co_await last;
        (void)ticking.cancel();
        co_return token;
    };
    auto place = [](coro<> body) -> coro<> {
        (void)eddy::create_task(std::move(body), {.pinned = true, .eager = true});
        co_return;
    };
    for (std::size_t round = 0; round != scaled(40); ++round) {
        constexpr int length = 100;
        eddy::promise<int> first;
        eddy::future<int> last = first.get_future();
        for (int i = 0; i != length; ++i) {
            eddy::promise<int> next;
            eddy::future<int> after = next.get_future();
            const auto index = static_cast<unsigned>(random.below(runtime.workers()));
            (void)eddy::run_coroutine_threadsafe(place(holder(std::move(last), std::move(next))),
                                                 runtime.loop(index));
            last = std::move(after);
        }
        EXPECT_EQ(runtime.run_until_complete(main(std::move(first), std::move(last))), length);
    }
}

} // namespace
