// condition_test.cpp — waiting, under a lock, for something to become true.
//
// Covers:    wait, wait_for, notify and their order; the lock is held again afterwards, also when
//            the wait was cancelled, at each of its stages; notifications are passed on; misuse.
// Not here:  contention -> tests/stress/sync_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> wait_and_note(condition& of, event_log& log, std::string name) {
    auto held = co_await of.acquire();
    const auto waited = co_await as_result(of.wait(held));
    EXPECT_TRUE(held);
    EXPECT_TRUE(of.locked());
    log.add(waited.cancelled() ? name + "!" : name);
}

std::vector<task<>> start_four(condition& of, event_log& log) {
    std::vector<task<>> tasks;
    for (const char* name : {"a", "b", "c", "d"}) {
        tasks.push_back(create_task(wait_and_note(of, log, name)));
    }
    return tasks;
}

coro<> notify(condition& of, std::size_t count) {
    const auto held = co_await of.acquire();
    of.notify(count);
}

CO_TEST(condition, a_wait_releases_the_lock_and_holds_it_again_afterwards) {
    event_log log;
    condition of;
    auto t = create_task(wait_and_note(of, log, "woken"));
    co_await sleep(1ms);
    EXPECT_FALSE(of.locked());
    {
        const auto held = co_await of.acquire();
        of.notify();
        co_await sleep(1ms);
        EXPECT_EQ(log.text(), ""); // it waits for the lock now
    }
    co_await t;
    EXPECT_EQ(log.text(), "woken");
    EXPECT_FALSE(of.locked());
}

CO_TEST_ON_1(condition, those_who_wait_longest_are_notified_first) {
    event_log log;
    condition of;
    auto tasks = start_four(of, log);
    co_await yield();
    co_await notify(of, 1);
    co_await sleep(1ms);
    EXPECT_EQ(log.text(), "a");
    co_await notify(of, 2);
    co_await sleep(1ms);
    EXPECT_EQ(log.text(), "a b c");
    co_await notify(of, 5);
    co_await gather(tasks);
    EXPECT_EQ(log.text(), "a b c d");
}

CO_TEST_ON_1(condition, all_who_wait_are_notified_and_run_one_after_the_other) {
    event_log log;
    condition of;
    auto tasks = start_four(of, log);
    co_await yield();
    {
        const auto held = co_await of.acquire();
        of.notify_all();
    }
    co_await gather(tasks);
    EXPECT_EQ(log.text(), "a b c d");
}

CO_TEST(condition, a_notification_without_waiters_is_not_kept) {
    event_log log;
    condition of;
    co_await notify(of, 3);
    auto t = create_task(wait_and_note(of, log, "woken"));
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    co_await notify(of, 1);
    co_await t;
}

CO_TEST(condition, wait_for_waits_until_what_it_looks_for_is_there_and_gives_it) {
    condition of;
    int value = 0;
    auto setter = [](condition& of, int& value) -> coro<> {
        for (int i = 1; i != 4; ++i) {
            co_await sleep(1ms);
            const auto held = co_await of.acquire();
            value = i;
            of.notify_all();
        }
    };
    auto t = create_task(setter(of, value));
    auto held = co_await of.acquire();
    const auto start = now();
    EXPECT_EQ(co_await of.wait_for(held, [&] { return value == 3 ? &value : nullptr; }), &value);
    EXPECT_EQ(now() - start, 3ms);
    EXPECT_TRUE(held);
    EXPECT_TRUE(co_await of.wait_for(held, [] { return true; }));
    held.release();
    co_await t;
}

CO_TEST(condition, what_the_predicate_throws_comes_out_with_the_lock_held) {
    condition of;
    auto held = co_await of.acquire();
    auto look = []() -> bool { throw std::runtime_error("look"); };
    EXPECT_TRUE((co_await as_result(of.wait_for(held, look))).holds<std::runtime_error>());
    EXPECT_TRUE(held);
    EXPECT_TRUE(of.locked());
}

// Two conditions, one lock: the buffer of the text books.
class buffer {
public:
    coro<> put(int item) {
        auto held = co_await gate_.acquire();
        co_await not_full_.wait_for(held, [this] { return items_.size() < 2; });
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
    lock gate_;
    condition not_full_{gate_};
    condition not_empty_{gate_};
    std::deque<int> items_;
};

CO_TEST(condition, several_may_share_a_lock) {
    buffer between;
    auto producer = [](buffer& between) -> coro<> {
        for (int i = 0; i != 100; ++i) {
            co_await between.put(1);
        }
    };
    auto consumer = [](buffer& between) -> coro<int> {
        int sum = 0;
        for (int i = 0; i != 150; ++i) {
            sum += co_await between.get();
        }
        co_return sum;
    };
    std::vector<task<>> producers;
    std::vector<task<int>> consumers;
    for (int i = 0; i != 3; ++i) {
        producers.push_back(create_task(producer(between)));
    }
    for (int i = 0; i != 2; ++i) {
        consumers.push_back(create_task(consumer(between)));
    }
    int sum = 0;
    for (const int each : co_await gather(consumers)) {
        sum += each;
    }
    co_await gather(producers);
    EXPECT_EQ(sum, 300);
}

// -- cancel --

CO_TEST_ON_1(condition, any_waiter_may_be_cancelled_and_holds_the_lock_when_it_hears_of_it) {
    for (std::size_t victim = 0; victim != 4; ++victim) {
        event_log log;
        condition of;
        auto tasks = start_four(of, log);
        co_await yield();
        tasks[victim].cancel();
        co_await sleep(1ms);
        {
            const auto held = co_await of.acquire();
            of.notify_all();
        }
        co_await gather(tasks);
        std::string expected = "a b c d";
        expected.erase(victim == 3 ? 5 : 2 * victim, 2);
        EXPECT_EQ(log.text(), std::string(1, "abcd"[victim]) + "! " + expected);
        EXPECT_FALSE(of.locked());
    }
}

CO_TEST_ON_1(condition, a_cancel_while_the_lock_is_held_is_delivered_when_it_is_free) {
    event_log log;
    condition of;
    auto t = create_task(wait_and_note(of, log, "waiter"));
    co_await yield();
    {
        const auto held = co_await of.acquire();
        t.cancel();
        co_await sleep(5ms);
        EXPECT_FALSE(t.done());
        EXPECT_EQ(log.text(), "");
        of.notify(); // it is not there any more
    }
    co_await t;
    EXPECT_EQ(log.text(), "waiter!");
    EXPECT_FALSE(of.locked());
}

CO_TEST_ON_1(condition, a_notification_of_one_that_is_cancelled_then_goes_to_the_next) {
    event_log log;
    condition of;
    auto tasks = start_four(of, log);
    co_await yield();
    {
        const auto held = co_await of.acquire();
        of.notify();
        tasks[0].cancel(); // it waits for the lock
    }
    co_await sleep(1ms);
    EXPECT_EQ(log.text(), "a! b");
    {
        const auto held = co_await of.acquire();
        of.notify_all();
    }
    co_await gather(tasks);
    EXPECT_EQ(log.text(), "a! b c d");
}

CO_TEST_ON_1(condition, a_cancel_after_the_lock_was_handed_over_passes_the_notification_on) {
    event_log log;
    condition of;
    auto tasks = start_four(of, log);
    co_await yield();
    co_await notify(of, 1);
    EXPECT_TRUE(of.locked()); // by the first one, which has not run yet
    tasks[0].cancel();
    co_await sleep(1ms);
    EXPECT_EQ(log.text(), "a! b");
    {
        const auto held = co_await of.acquire();
        of.notify_all();
    }
    co_await gather(tasks);
}

CO_TEST(condition, two_cancels_while_it_waits_for_the_lock_are_one_error) {
    event_log log;
    condition of;
    auto t = create_task(wait_and_note(of, log, "waiter"));
    co_await sleep(1ms);
    {
        const auto held = co_await of.acquire();
        t.cancel();
        co_await sleep(1ms);
        t.cancel();
    }
    co_await t;
    EXPECT_EQ(log.text(), "waiter!");
    EXPECT_EQ(t.cancelling(), 2U);
}

CO_TEST(condition, a_wait_may_be_limited_and_holds_the_lock_afterwards) {
    condition of;
    auto held = co_await of.acquire();
    const auto start = now();
    EXPECT_TRUE((co_await as_result(wait_for(of.wait(held), 20ms))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 20ms);
    EXPECT_TRUE(held);
    EXPECT_TRUE(of.locked());
    auto never = [] { return false; };
    EXPECT_TRUE(
        (co_await as_result(wait_for(of.wait_for(held, never), 20ms))).holds<timeout_error>());
    EXPECT_TRUE(of.locked());
}

// -- misuse --

CO_TEST(condition, a_wait_with_a_guard_of_another_lock_or_of_none_is_an_invalid_state) {
    condition of;
    lock other;
    auto wrong = co_await other.acquire();
    EXPECT_THROW((void)of.wait(wrong), invalid_state_error);
    lock::guard none;
    EXPECT_THROW((void)of.wait(none), invalid_state_error);
    EXPECT_TRUE(other.locked());
}

TEST(condition, a_notification_without_the_lock_is_an_invalid_state) {
    condition of;
    EXPECT_THROW(of.notify(), invalid_state_error);
    EXPECT_THROW(of.notify_all(), invalid_state_error);
}

} // namespace
} // namespace eddy
