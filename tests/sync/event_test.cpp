// event_test.cpp — a flag that is waited for.
//
// Covers:    set, clear, order, many waiters; cancels of each of them, before and after set(); time
//            limits; set() on other threads; an event destroyed by its waiter.
// Not here:  contention -> tests/stress/sync_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> wait_and_note(event& of, event_log& log, std::string name) {
    co_await of.wait();
    log.add(name);
}

TEST(event, it_is_set_and_cleared) {
    event of;
    EXPECT_FALSE(of.is_set());
    of.set();
    EXPECT_TRUE(of.is_set());
    of.set();
    EXPECT_TRUE(of.is_set());
    of.clear();
    EXPECT_FALSE(of.is_set());
    of.clear();
    EXPECT_FALSE(of.is_set());
}

CO_TEST_ON_1(event, a_wait_for_one_that_is_set_does_not_suspend) {
    event_log log;
    event of;
    of.set();
    auto other = create_task(wait_and_note(of, log, "other"));
    co_await of.wait();
    log.add("first");
    co_await other;
    EXPECT_EQ(log.text(), "first other");
}

CO_TEST(event, a_wait_lasts_until_it_is_set) {
    event of;
    auto setter = [](event& of) -> coro<> {
        co_await sleep(5ms);
        of.set();
    };
    auto t = create_task(setter(of));
    const auto start = now();
    co_await of.wait();
    EXPECT_EQ(now() - start, 5ms);
    co_await t;
}

CO_TEST_ON_1(event, its_waiters_go_on_in_the_order_in_which_they_came) {
    event_log log;
    event of;
    std::vector<task<>> waiters;
    for (const char* name : {"a", "b", "c", "d"}) {
        waiters.push_back(create_task(wait_and_note(of, log, name)));
    }
    co_await yield();
    of.set();
    EXPECT_EQ(log.text(), "");
    co_await gather(waiters);
    EXPECT_EQ(log.text(), "a b c d");
}

CO_TEST(event, all_of_ten_thousand_waiters_are_woken_by_one_set) {
    event of;
    auto waiter = [](event& of, atomic<int>& woken) -> coro<> {
        co_await of.wait();
        woken.fetch_add(1, relaxed);
    };
    atomic<int> woken{0};
    std::vector<task<>> waiters;
    for (int i = 0; i != 10'000; ++i) {
        waiters.push_back(create_task(waiter(of, woken)));
    }
    co_await sleep(1ms);
    of.set();
    co_await gather(waiters);
    EXPECT_EQ(woken.load(relaxed), 10'000);
}

CO_TEST_ON_1(event, who_was_woken_goes_on_although_it_is_cleared_at_once) {
    event_log log;
    event of;
    auto t = create_task(wait_and_note(of, log, "woken"));
    co_await yield();
    of.set();
    of.clear();
    co_await t;
    EXPECT_EQ(log.text(), "woken");
}

CO_TEST(event, who_comes_after_a_clear_waits_for_the_next_set) {
    event_log log;
    event of;
    of.set();
    of.clear();
    auto t = create_task(wait_and_note(of, log, "late"));
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    of.set();
    co_await t;
}

CO_TEST_ON_1(event, any_waiter_may_be_cancelled_and_the_others_keep_their_order) {
    for (std::size_t victim = 0; victim != 4; ++victim) {
        event_log log;
        event of;
        std::vector<task<>> waiters;
        for (const char* name : {"a", "b", "c", "d"}) {
            waiters.push_back(create_task(wait_and_note(of, log, name)));
        }
        co_await yield();
        waiters[victim].cancel();
        EXPECT_TRUE((co_await as_result(waiters[victim])).cancelled());
        of.set();
        co_await wait(waiters);
        std::string expected = "a b c d";
        expected.erase(victim == 3 ? 5 : 2 * victim, 2);
        EXPECT_EQ(log.text(), expected);
    }
}

CO_TEST_ON_1(event, a_cancel_after_set_and_before_the_waiter_runs_is_delivered_by_the_wait) {
    event_log log;
    event of;
    auto t = create_task(wait_and_note(of, log, "went on"));
    co_await yield();
    of.set();
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "");
}

CO_TEST_ON_1(event, a_cancel_after_the_wait_is_delivered_at_the_next_suspension) {
    event of;
    of.set();
    auto body = [](event& of, bool& passed) -> coro<> {
        co_await of.wait();
        passed = true;
        co_await sleep(1s);
    };
    bool passed = false;
    auto t = create_task(body(of, passed));
    co_await yield();
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_TRUE(passed);
}

CO_TEST(event, a_wait_may_be_limited) {
    event of;
    const auto start = now();
    EXPECT_TRUE((co_await as_result(wait_for(of.wait(), 20ms))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 20ms);
    of.set();
    co_await wait_for(of.wait(), 20ms);
}

CO_TEST(event, the_waiter_may_destroy_it_while_set_is_returning) {
    for (int i = 0; i != 200; ++i) {
        auto done = std::make_unique<event>();
        auto setter = [](event& done) -> coro<> {
            done.set();
            co_return;
        };
        auto t = create_task(setter(*done));
        co_await done->wait();
        done.reset();
        co_await t;
    }
}

CO_TEST(event, it_may_be_set_by_a_thread_that_runs_no_loop) {
    event of;
    event_log log;
    auto t = create_task(wait_and_note(of, log, "woken"));
    while (t.stage() != task_state::suspended) {
        co_await yield();
    }
    std::thread setter([&] { of.set(); });
    co_await t;
    setter.join();
}

TEST(event, it_works_between_two_runtimes) {
    event there;
    event back;
    std::thread other([&] {
        run_virtual(2, [&]() -> coro<> {
            co_await there.wait();
            back.set();
        });
    });
    run_virtual(2, [&]() -> coro<> {
        there.set();
        co_await back.wait();
    });
    other.join();
}

CO_TEST(event, a_task_that_finds_it_set_again_and_again_does_not_keep_the_others_waiting) {
    event of;
    of.set();
    bool stop = false;
    auto greedy = [](event& of, const bool& stop) -> coro<> {
        while (!stop) {
            co_await of.wait();
        }
    };
    auto t = create_task(greedy(of, stop), {.pinned = true});
    auto stopper = [](bool& stop) -> coro<> {
        stop = true;
        co_return;
    };
    co_await create_task(stopper(stop), {.pinned = true});
    co_await t;
}

} // namespace
} // namespace eddy
