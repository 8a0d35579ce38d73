// sleep_test.cpp — waiting for a time, and taking turns.
//
// Covers:    sleep, sleep_until, yield, now: order, limits, cancel; virtual time itself.
// Not here:  the wheel -> io/timer_wheel_test.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <string>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> note_after(clock::duration delay, event_log& log, std::string word) {
    co_await sleep(delay);
    log.add(word);
}

CO_TEST(sleep, it_lasts_exactly_as_long_in_virtual_time) {
    const auto start = now();
    co_await sleep(1h);
    EXPECT_EQ(now() - start, 1h);
    co_await sleep(1ns);
    EXPECT_EQ(now() - start, 1h + 1ns);
}

CO_TEST(sleep, sleepers_wake_by_their_deadlines) {
    event_log log;
    co_await gather(note_after(30ms, log, "c"), note_after(10ms, log, "a"),
                    note_after(20ms, log, "b"));
    EXPECT_EQ(log.text(), "a b c");
}

CO_TEST_ON_1(sleep, sleepers_of_equal_deadline_wake_in_the_order_in_which_they_came) {
    event_log log;
    co_await gather(note_after(10ms, log, "a"), note_after(10ms, log, "b"),
                    note_after(10ms, log, "c"));
    EXPECT_EQ(log.text(), "a b c");
}

CO_TEST_ON_1(sleep, nothing_and_less_are_a_turn_of_the_others) {
    event_log log;
    const auto start = now();
    create_task(note_after(0s, log, "other"));
    co_await sleep(0s);
    log.add("main");
    co_await sleep(-1h);
    EXPECT_EQ(now(), start);
    EXPECT_EQ(log.text(), "main other");
}

CO_TEST(sleep, until_a_time_and_until_one_that_has_passed) {
    const auto start = now();
    co_await sleep_until(start + 5s);
    EXPECT_EQ(now() - start, 5s);
    co_await sleep_until(start);
    EXPECT_EQ(now() - start, 5s);
}

CO_TEST(sleep, a_cancel_ends_it_at_once) {
    const auto start = now();
    auto t = create_task([]() -> coro<> { co_await sleep(1h); }());
    co_await sleep(1ms);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(now() - start, 1ms);
}

CO_TEST(sleep, for_longer_than_time_can_tell_is_for_ever) {
    auto t = create_task([]() -> coro<> { co_await sleep(std::chrono::hours::max()); }());
    co_await sleep(1h);
    EXPECT_FALSE(t.done());
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

CO_TEST(sleep, fractions_of_any_unit_may_be_given) {
    const auto start = now();
    co_await sleep(std::chrono::duration<double>(0.25));
    EXPECT_EQ(now() - start, 250ms);
}

CO_TEST(sleep, thousands_sleep_at_the_same_time) {
    const auto start = now();
    std::vector<task<>> tasks;
    for (int i = 0; i != 2000; ++i) {
        tasks.push_back(create_task([](int i) -> coro<> { co_await sleep(1s + i * 1us); }(i)));
    }
    co_await gather(tasks);
    EXPECT_EQ(now() - start, 1s + 1999us);
}

CO_TEST_ON_1(yield, it_gives_everything_that_is_ready_one_turn) {
    event_log log;
    auto body = [](event_log& log, std::string name) -> coro<> {
        log.add(name);
        co_await yield();
        log.add(name);
    };
    create_task(body(log, "a"));
    create_task(body(log, "b"));
    co_await yield();
    log.add("main");
    co_await yield();
    EXPECT_EQ(log.text(), "a b main a b");
}

coro<> yield_thrice(event_log& log, std::string word) {
    for (int i = 0; i != 3; ++i) {
        log.add(word + std::to_string(i));
        co_await yield();
    }
}

CO_TEST_ON_1(yield, a_task_that_is_alone_goes_on_and_lets_in_whoever_comes) {
    event_log log;
    co_await yield_thrice(log, "alone");
    const task<> other = create_task(yield_thrice(log, "a"));
    co_await yield_thrice(log, "b");
    co_await other;
    EXPECT_EQ(log.text(), "alone0 alone1 alone2 b0 a0 b1 a1 b2 a2");
}

CO_TEST_ON_1(yield, an_eager_task_gives_its_turn_back_to_who_created_it) {
    event_log log;
    const task<> eager = create_task(yield_thrice(log, "eager"), {.eager = true});
    log.add("creator");
    co_await eager;
    EXPECT_EQ(log.text(), "eager0 creator eager1 eager2");
}

CO_TEST_ON_1(yield, the_first_child_of_a_gather_lets_the_second_one_start) {
    event_log log;
    co_await gather(yield_thrice(log, "a"), yield_thrice(log, "b"));
    EXPECT_EQ(log.text(), "a0 b0 a1 b1 a2 b2");
}

CO_TEST_ON_1(yield, a_task_that_is_alone_does_not_keep_out_what_threads_post) {
    bool called = false;
    std::thread([&loop = get_running_loop(), &called] {
        loop.call_soon_threadsafe([&called] { called = true; });
    }).join();
    while (!called) {
        co_await yield();
    }
}

CO_TEST(yield, a_cancel_that_comes_meanwhile_is_delivered_by_it) {
    auto body = []() -> coro<bool> {
        current_task().cancel();
        co_return (co_await as_result(yield())).cancelled();
    };
    EXPECT_TRUE(co_await create_task(body()));
}

TEST(now, outside_of_a_loop_it_is_the_steady_clock) {
    const auto before = clock::now();
    const auto between = now();
    EXPECT_LE(before, between);
    EXPECT_LE(between, clock::now());
}

TEST(sleep, in_real_time_it_never_ends_early) {
    run(
        []() -> coro<> {
            for (int i = 0; i != 5; ++i) {
                const auto start = now();
                co_await sleep(100us);
                EXPECT_GE(now() - start, 100us);
            }
        }(),
        {.workers = 2});
}

} // namespace
} // namespace eddy
