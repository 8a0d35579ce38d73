// sync_stress.cpp — locks, semaphores, events and the like between many workers, while foreign
// threads cancel whoever waits.
//
// Covers:    lock, rw_lock, semaphore, condition, event, latch, barrier: waits that are
//            cancelled by foreign threads and by tiny limits, releases by tasks and by foreign
//            threads, guards that travel; events and latches destroyed by whoever waited for them.
// Expect:    never two holders, never more permits than there are, none lost; every item of a
//            buffer comes out once; all end, which the watchdog checks; what is guarded is plain
//            data, which ThreadSanitizer watches.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::as_result;
using eddy::coro;
using stress::scaled;

/// Foreign threads that cancel random ones of `tasks` while this lives.
class cancel_rain {
public:
    cancel_rain(const std::vector<eddy::task<>>& tasks, std::uint64_t seed) {
        for (std::uint64_t i = 0; i != 2; ++i) {
            threads_.emplace_back([this, &tasks, seed, i] {
                eddy::random_source random(seed, 1000 + i);
                while (!over_.load()) {
                    (void)tasks[random.below(tasks.size())].cancel();
                    if (random.below(8) == 0) {
                        std::this_thread::sleep_for(std::chrono::microseconds(random.below(50)));
                    }
                }
            });
        }
    }
    ~cancel_rain() {
        over_.store(true);
        for (std::thread& each : threads_) {
            each.join();
        }
    }
    cancel_rain(const cancel_rain&) = delete;
    cancel_rain& operator=(const cancel_rain&) = delete;

private:
    std::atomic<bool> over_{false};
    std::vector<std::thread> threads_;
};

/// Runs `count` tasks `make(stream)` in the rain, to their end.
template <typename Make>
coro<> in_the_rain(std::uint64_t seed, std::uint64_t count, Make make) {
    std::vector<eddy::task<>> tasks;
    for (std::uint64_t stream = 0; stream != count; ++stream) {
        // Eager: a task that is cancelled before it begins would never do its part.
        tasks.push_back(eddy::create_task(make(stream), {.eager = true}));
    }
    const cancel_rain rain(tasks, seed);
    for (const eddy::task<>& each : tasks) {
        EXPECT_TRUE((co_await as_result(each)).has_value()); // also with a cancel in its last step
    }
}

/// A wait that may be limited, and its result; a cancel is one of them.
template <typename Wait>
auto wait_somehow(Wait wait, eddy::random_source& random)
    -> coro<eddy::outcome<eddy::await_result_t<Wait>>> {
    if (random.below(4) == 0) {
        const auto limit = std::chrono::microseconds(random.below(100));
        co_return co_await as_result(eddy::wait_for(std::move(wait), limit));
    }
    co_return co_await as_result(std::move(wait));
}

/// What a task does while it holds something; cancels that come now count for nothing.
coro<> linger(eddy::random_source& random) {
    if (random.below(4) == 0) {
        (void)co_await as_result(eddy::yield());
    }
}

class sync_stress : public stress::stress_case, public testing::WithParamInterface<unsigned> {
protected:
    static constexpr std::uint64_t tasks = 48;

    [[nodiscard]] std::uint64_t seed() const { return eddy::process_seed() + GetParam(); }
    void run(coro<> main) const { eddy::run(std::move(main), {.workers = GetParam()}); }
};

INSTANTIATE_TEST_SUITE_P(workers, sync_stress, testing::Values(2U, 8U, 32U),
                         testing::PrintToStringParamName());

TEST_P(sync_stress, a_lock_has_one_holder_and_is_never_lost) {
    struct {
        eddy::lock gate;
        std::size_t inside = 0; // plain data: gate guards it
        std::atomic<std::size_t> got{0};
    } shared;
    auto body = [&](std::uint64_t stream) -> coro<> {
        eddy::random_source random(seed(), stream);
        for (std::size_t round = 0; round != scaled(15'000); ++round) {
            const auto held = co_await wait_somehow(shared.gate.acquire(), random);
            if (!held.has_value()) {
                continue;
            }
            shared.got.fetch_add(1);
            const std::size_t seen = shared.inside;
            co_await linger(random);
            shared.inside = seen + 1;
        }
    };
    run(in_the_rain(seed(), tasks, body));
    EXPECT_EQ(shared.inside, shared.got.load());
    EXPECT_NE(shared.inside, 0U);
    EXPECT_FALSE(shared.gate.locked());
}

// The guards are released by a thread that runs no loop.
TEST_P(sync_stress, a_lock_is_handed_over_by_foreign_threads) {
    eddy::lock gate;
    std::size_t inside = 0; // plain data: gate guards it
    std::atomic<std::size_t> got{0};
    auto main = [&]() -> coro<> {
        eddy::runtime outside({.workers = 1});
        std::thread driver([&] { outside.run_forever(); });
        auto body = [&](std::uint64_t stream) -> coro<> {
            eddy::random_source random(seed(), stream);
            for (std::size_t round = 0; round != scaled(1500); ++round) {
                auto held = co_await wait_somehow(gate.acquire(), random);
                if (!held.has_value()) {
                    continue;
                }
                got.fetch_add(1);
                ++inside;
                auto release = [kept = std::make_shared<eddy::lock::guard>(
                                    std::move(held).value())] { kept->release(); };
                (void)outside.loop(0).call_soon_threadsafe(release);
            }
        };
        co_await in_the_rain(seed(), tasks, body);
        outside.stop();
        driver.join();
        outside.close();
    };
    run(main());
    EXPECT_EQ(inside, got.load());
    EXPECT_FALSE(gate.locked());
}

TEST_P(sync_stress, a_semaphore_gives_no_permit_twice_and_loses_none) {
    constexpr std::uint32_t permits = 4;
    eddy::semaphore of(permits);
    std::atomic<std::uint32_t> taken{0};
    auto body = [&](std::uint64_t stream) -> coro<> {
        eddy::random_source random(seed(), stream);
        for (std::size_t round = 0; round != scaled(15'000); ++round) {
            const auto wanted = static_cast<std::uint32_t>(1 + random.below(permits));
            const auto held = co_await wait_somehow(of.acquire(wanted), random);
            if (held.has_value()) {
                EXPECT_LE(taken.fetch_add(wanted) + wanted, permits);
                co_await linger(random);
                taken.fetch_sub(wanted);
            }
        }
    };
    run(in_the_rain(seed(), tasks, body));
    EXPECT_EQ(of.value_hint(), permits);
    EXPECT_FALSE(of.locked());
}

TEST_P(sync_stress, a_rw_lock_has_one_writer_or_any_number_of_readers) {
    eddy::rw_lock gate;
    std::size_t written = 0; // plain data: gate guards it
    std::atomic<std::size_t> got{0};
    auto body = [&](std::uint64_t stream) -> coro<> {
        eddy::random_source random(seed(), stream);
        for (std::size_t round = 0; round != scaled(15'000); ++round) {
            if (random.below(4) == 0) {
                const auto held = co_await wait_somehow(gate.exclusive(), random);
                if (held.has_value()) {
                    got.fetch_add(1);
                    ++written;
                    co_await linger(random);
                }
            } else if (const auto held = co_await wait_somehow(gate.shared(), random);
                       held.has_value()) {
                const std::size_t seen = written;
                co_await linger(random);
                EXPECT_EQ(written, seen);
            }
        }
    };
    run(in_the_rain(seed(), tasks, body));
    EXPECT_EQ(written, got.load());
    EXPECT_FALSE(gate.locked());
}

/// A bounded buffer that loses items, or stalls, if a notification is lost.
class buffer {
public:
    coro<> put(int item) {
        auto held = co_await gate_.acquire();
        co_await not_full_.wait_for(held, [this] { return items_.size() < 3; });
        items_.push_back(item);
        not_empty_.notify();
    }
    coro<int> get() {
        auto held = co_await gate_.acquire();
        co_await not_empty_.wait_for(held, [this] { return !items_.empty(); });
        const int item = items_.front();
        items_.pop_front();
        not_full_.notify();
        co_return item;
    }

private:
    eddy::lock gate_;
    eddy::condition not_full_{gate_};
    eddy::condition not_empty_{gate_};
    std::deque<int> items_;
};

TEST_P(sync_stress, no_notification_of_a_condition_is_lost) {
    const std::size_t items = scaled(1500);
    buffer between;
    std::atomic<std::size_t> sum{0};
    auto body = [&](std::uint64_t stream) -> coro<> {
        eddy::random_source random(seed(), stream);
        for (std::size_t done = 0; done != items;) {
            if (stream % 2 == 0) {
                const auto put = co_await wait_somehow(between.put(1), random);
                done += put.has_value() ? 1 : 0;
            } else if (const auto got = co_await wait_somehow(between.get(), random);
                       got.has_value()) {
                sum.fetch_add(static_cast<std::size_t>(*got));
                ++done;
            }
        }
    };
    run(in_the_rain(seed(), tasks, body));
    EXPECT_EQ(sum.load(), items * tasks / 2);
}

TEST_P(sync_stress, every_waiter_of_an_event_is_woken) {
    eddy::event of;
    std::atomic<std::size_t> woken{0};
    auto main = [&]() -> coro<> {
        std::atomic<bool> over{false};
        std::thread toggler([&] {
            eddy::random_source random(seed(), 500);
            while (!over.load()) {
                of.set();
                if (random.below(2) == 0) {
                    std::this_thread::sleep_for(std::chrono::microseconds(random.below(30)));
                }
                of.clear();
            }
            of.set();
        });
        auto body = [&](std::uint64_t stream) -> coro<> {
            eddy::random_source random(seed(), stream);
            for (std::size_t round = 0; round != scaled(6000); ++round) {
                const auto waited = co_await wait_somehow(of.wait(), random);
                woken.fetch_add(waited.has_value() ? 1 : 0);
            }
        };
        co_await in_the_rain(seed(), tasks, body);
        over.store(true);
        toggler.join();
        co_await of.wait();
    };
    run(main());
    EXPECT_NE(woken.load(), 0U);
}

TEST_P(sync_stress, a_barrier_lets_as_many_go_as_it_has_parties) {
    constexpr std::uint32_t parties = 5;
    eddy::barrier at(parties);
    std::atomic<std::size_t> passed{0};
    std::atomic<std::size_t> indexes{0};
    std::atomic<std::size_t> left{tasks};
    auto body = [&](std::uint64_t stream) -> coro<> {
        eddy::random_source random(seed(), stream);
        for (std::size_t round = 0; round != scaled(6000); ++round) {
            const auto index = co_await wait_somehow(at.wait(), random);
            if (index.has_value()) {
                passed.fetch_add(1);
                indexes.fetch_add(*index);
            }
        }
        if (left.fetch_sub(1) == parties) { // too few are left
            at.abort();
        }
    };
    run(in_the_rain(seed(), tasks, body));
    EXPECT_EQ(passed.load() % parties, 0U);
    EXPECT_EQ(indexes.load(), passed.load() / parties * (0 + 1 + 2 + 3 + 4));
    EXPECT_EQ(at.n_waiting(), 0U);
}

/// Another worker, or this one, sets it while the waiter destroys it.
template <typename Gate, typename Open>
coro<> wait_and_destroy(std::size_t rounds, eddy::random_source random, Open open) {
    for (std::size_t round = 0; round != rounds; ++round) {
        auto done = std::make_unique<Gate>();
        auto setter = [](Gate& done, Open open, std::uint64_t turns) -> coro<> {
            for (std::uint64_t i = 0; i != turns; ++i) {
                co_await eddy::yield();
            }
            open(done);
        };
        auto t = eddy::create_task(setter(*done, open, random.below(4)));
        for (std::uint64_t i = random.below(4); i != 0; --i) {
            co_await eddy::yield();
        }
        co_await done->wait();
        done.reset();
        co_await t;
    }
}

TEST_P(sync_stress, the_waiter_destroys_what_it_waited_for) {
    struct one_step : eddy::latch {
        one_step() : latch(1) {}
    };
    auto main = [&]() -> coro<> {
        std::vector<eddy::task<>> all;
        for (std::uint64_t stream = 0; stream != tasks / 2; ++stream) {
            all.push_back(eddy::create_task(
                wait_and_destroy<eddy::event>(scaled(4000), eddy::random_source(seed(), stream),
                                              [](eddy::event& of) { of.set(); })));
            all.push_back(eddy::create_task(
                wait_and_destroy<one_step>(scaled(4000), eddy::random_source(seed(), 100 + stream),
                                           [](one_step& of) { of.count_down(); })));
        }
        co_await eddy::gather(all);
    };
    run(main());
}

// Tasks of two runtimes, so that every wake-up goes to a foreign one.
TEST_P(sync_stress, two_runtimes_share_a_lock_and_a_semaphore) {
    eddy::lock gate;
    eddy::semaphore of(2);
    std::size_t inside = 0; // plain data: gate guards it
    auto main = [&](std::uint64_t first) -> coro<> {
        return in_the_rain(seed() + first, tasks / 2, [&, first](std::uint64_t stream) -> coro<> {
            eddy::random_source random(seed(), first + stream);
            for (std::size_t round = 0; round != scaled(4000); ++round) {
                const auto permit = co_await wait_somehow(of.acquire(), random);
                const auto held = co_await wait_somehow(gate.acquire(), random);
                if (held.has_value()) {
                    const std::size_t seen = inside;
                    co_await linger(random);
                    inside = seen + 1;
                }
            }
        });
    };
    std::thread other([&] { run(main(5000)); });
    run(main(0));
    other.join();
    EXPECT_FALSE(gate.locked());
    EXPECT_EQ(of.value_hint(), 2U);
}

} // namespace
