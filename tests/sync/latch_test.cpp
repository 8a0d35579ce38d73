// latch_test.cpp — a number that is counted down to 0.
//
// Covers:    counting, waiting, order; cancels; counting too far; a latch destroyed by its waiter.
// Not here:  what it shares with event -> event_test.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <string>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> wait_and_note(latch& of, event_log& log, std::string name) {
    co_await of.wait();
    log.add(name);
}

TEST(latch, it_is_open_when_it_was_counted_down_to_0) {
    latch of(3);
    EXPECT_FALSE(of.try_wait());
    of.count_down();
    of.count_down(2);
    EXPECT_TRUE(of.try_wait());
    EXPECT_TRUE(latch(0).try_wait());
}

TEST(latch, to_count_below_0_is_an_invalid_state_and_changes_nothing) {
    latch of(2);
    EXPECT_THROW(of.count_down(3), invalid_state_error);
    of.count_down(2);
    EXPECT_THROW(of.count_down(), invalid_state_error);
    of.count_down(0);
    EXPECT_TRUE(of.try_wait());
}

CO_TEST_ON_1(latch, all_who_wait_go_on_at_0_in_the_order_in_which_they_came) {
    event_log log;
    latch of(2);
    std::vector<task<>> tasks;
    for (const char* name : {"a", "b", "c"}) {
        tasks.push_back(create_task(wait_and_note(of, log, name)));
    }
    co_await yield();
    of.count_down();
    co_await yield();
    EXPECT_EQ(log.text(), "");
    EXPECT_THROW(of.count_down(2), invalid_state_error);
    of.count_down();
    co_await gather(tasks);
    EXPECT_EQ(log.text(), "a b c");
    co_await of.wait();
}

CO_TEST(latch, tasks_that_arrive_wait_for_the_last_one) {
    latch of(3);
    auto body = [](latch& of, std::chrono::milliseconds after) -> coro<> {
        co_await sleep(after);
        co_await of.arrive_and_wait();
    };
    const auto start = now();
    co_await gather(body(of, 1ms), body(of, 2ms), body(of, 3ms));
    EXPECT_EQ(now() - start, 3ms);
}

CO_TEST(latch, a_cancelled_waiter_counts_nothing) {
    event_log log;
    latch of(1);
    auto victim = create_task(wait_and_note(of, log, "victim"));
    auto other = create_task(wait_and_note(of, log, "other"));
    co_await sleep(1ms);
    victim.cancel();
    EXPECT_TRUE((co_await as_result(victim)).cancelled());
    EXPECT_FALSE(of.try_wait());
    of.count_down();
    co_await other;
    EXPECT_EQ(log.text(), "other");
}

CO_TEST(latch, the_waiter_may_destroy_it_while_count_down_is_returning) {
    for (int i = 0; i != 200; ++i) {
        auto done = std::make_unique<latch>(2);
        auto part = [](latch& done) -> coro<> {
            done.count_down();
            co_return;
        };
        auto one = create_task(part(*done));
        auto other = create_task(part(*done));
        co_await done->wait();
        done.reset();
        co_await gather(one, other);
    }
}

} // namespace
} // namespace eddy
