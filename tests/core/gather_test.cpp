// gather_test.cpp — several at the same time.
//
// Covers:    gather of coroutines (structured) and of tasks and futures (asyncio's): results,
//            order, exceptions, cancel.
// Not here:  forks that are stolen -> fork_group_test.cpp, tests/stress.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give_after(std::chrono::milliseconds delay, int value) {
    co_await sleep(delay);
    co_return value;
}
coro<> note_after(std::chrono::milliseconds delay, event_log& log, std::string word) {
    co_await sleep(delay);
    log.add(word);
}
coro<int> fail_after(std::chrono::milliseconds delay, std::string what) {
    co_await sleep(delay);
    throw std::runtime_error(what);
}
coro<> note_end(event_log& log, std::string word) {
    const auto result = co_await as_result(sleep(1h));
    log.add(result.cancelled() ? word + "-cancelled" : word);
    result.has_value() ? void() : std::rethrow_exception(result.error());
}
coro<int> absorb() {
    (void)co_await as_result(sleep(1h));
    co_return 1;
}
// The text of the exception that the await of `awaited` ends with.
template <typename A>
coro<std::string> failure_of(A awaited) {
    const auto result = co_await as_result(std::forward<A>(awaited));
    co_return result.cancelled() ? "cancelled" : result.error() ? describe(result.error()) : "none";
}

// -- of coroutines --

CO_TEST(gather, coroutines_wait_at_the_same_time_and_results_are_in_the_order_of_the_arguments) {
    const auto start = now();
    const auto [a, b, c] =
        co_await gather(give_after(30ms, 1), give_after(10ms, 2), give_after(20ms, 3));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
    EXPECT_EQ(c, 3);
    EXPECT_EQ(now() - start, 30ms);
}

CO_TEST(gather, results_may_be_of_different_kinds) {
    int target = 0;
    auto refer = [](int& to) -> coro<int&> { co_return to; };
    auto make = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(2); };
    auto nothing = []() -> coro<> { co_return; };
    auto [reference, owner, none] = co_await gather(refer(target), make(), nothing());
    EXPECT_EQ(&reference, &target);
    EXPECT_EQ(*owner, 2);
    static_assert(std::is_same_v<decltype(none), std::monostate>);
}

CO_TEST(gather, one_coroutine_is_enough) {
    const auto [only] = co_await gather(give_after(1ms, 1));
    EXPECT_EQ(only, 1);
}

CO_TEST(gather, of_nothing_but_void_gives_nothing) {
    event_log log;
    static_assert(std::is_void_v<decltype(gather(note_after(1ms, log, "")).await_resume())>);
    co_await gather(note_after(2ms, log, "b"), note_after(1ms, log, "a"));
    EXPECT_EQ(log.text(), "a b");
}

CO_TEST(gather, of_a_range_gives_a_vector_in_its_order) {
    std::vector<coro<int>> bodies;
    for (int i = 0; i != 20; ++i) {
        bodies.push_back(give_after(std::chrono::milliseconds(20 - i), i));
    }
    const std::vector<int> got = co_await gather(std::move(bodies));
    EXPECT_EQ(got.size(), 20U);
    for (int i = 0; i != 20; ++i) {
        EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
    }
}

CO_TEST(gather, of_an_empty_range_is_done_at_once) {
    EXPECT_TRUE((co_await gather(std::vector<coro<int>>())).empty());
    co_await gather(std::vector<coro<>>());
}

CO_TEST_ON_1(gather, on_one_worker_the_children_start_in_order_and_the_first_one_inline) {
    event_log log;
    auto child = [](event_log& log, std::string name) -> coro<> {
        log.add(name);
        co_await yield();
        log.add(name + "'");
    };
    co_await gather(child(log, "a"), child(log, "b"), child(log, "c"));
    EXPECT_EQ(log.text(), "a b c a' b' c'");
}

CO_TEST(gather, it_may_be_nested) {
    auto sum = [](auto& self, int depth) -> coro<int> {
        if (depth == 0) {
            co_return 1;
        }
        auto [a, b] = co_await gather(self(self, depth - 1), self(self, depth - 1));
        co_return a + b;
    };
    EXPECT_EQ(co_await sum(sum, 10), 1024);
}

CO_TEST(gather, it_throws_the_first_exception_in_time_after_all_children_have_ended) {
    event_log log;
    const auto start = now();
    EXPECT_EQ(co_await failure_of(gather(fail_after(20ms, "second"), fail_after(10ms, "first"),
                                         note_after(50ms, log, "ended"))),
              "first");
    EXPECT_EQ(log.text(), "ended");
    EXPECT_EQ(now() - start, 50ms);
}

CO_TEST(gather, a_cancel_reaches_every_child_and_is_thrown_when_all_have_ended) {
    event_log log;
    auto body = [](event_log& log) -> coro<> {
        auto clean_up = [](event_log& log) -> coro<> {
            (void)co_await as_result(sleep(1h));
            co_await sleep(10ms);
            log.add("cleaned");
        };
        co_await gather(note_end(log, "a"), clean_up(log));
    };
    const auto start = now();
    auto t = create_task(body(log));
    co_await sleep(1ms);
    t.cancel();
    EXPECT_EQ(co_await failure_of(t), "cancelled");
    EXPECT_EQ(log.text(), "a-cancelled cleaned");
    EXPECT_EQ(now() - start, 11ms);
}

CO_TEST(gather, a_cancel_is_thrown_even_if_all_children_absorb_it) {
    auto body = []() -> coro<> { (void)co_await gather(absorb(), absorb()); };
    auto t = create_task(body());
    co_await sleep(1ms);
    t.cancel();
    EXPECT_EQ(co_await failure_of(t), "cancelled");
}

CO_TEST_ON_1(gather, children_that_have_not_started_never_do_after_a_cancel) {
    event_log log;
    auto first = [](event_log& log) -> coro<> {
        current_task().cancel();
        log.add("first");
        co_return;
    };
    auto other = [](event_log& log) -> coro<> {
        log.add("other");
        co_await sleep(1ms);
        log.add("not-cancelled");
    };
    auto body = [&](event_log& log) -> coro<> { co_await gather(first(log), other(log)); };
    EXPECT_EQ(co_await failure_of(create_task(body(log))), "cancelled");
    EXPECT_EQ(log.text().find("not-cancelled"), std::string::npos);
}

CO_TEST(gather, a_deadline_in_one_child_leaves_the_others_alone) {
    auto limited = []() -> coro<bool> {
        co_return (co_await as_result(wait_for(sleep(1h), 5ms))).holds<timeout_error>();
    };
    const auto [timed_out, value] = co_await gather(limited(), give_after(10ms, 3));
    EXPECT_TRUE(timed_out);
    EXPECT_EQ(value, 3);
}

CO_TEST(gather, tasks_and_coroutines_may_be_mixed) {
    auto t = create_task(give_after(5ms, 1));
    const auto [a, b] = co_await gather(t, give_after(1ms, 2));
    EXPECT_EQ(a + b, 3);
    EXPECT_EQ(t.result(), 1);
}

CO_TEST(gather, any_awaitable_may_be_a_child) {
    promise<int> source;
    source.set_value(4);
    const auto [slept, value] = co_await gather(sleep(1ms), source.get_future());
    (void)slept;
    EXPECT_EQ(value, 4);
}

// -- of tasks --

CO_TEST(gather, of_tasks_gives_copies_of_their_results) {
    auto a = create_task(give_after(2ms, 1));
    auto b = create_task(give_after(1ms, 2));
    const auto [x, y] = co_await gather(a, b);
    EXPECT_EQ(x, 1);
    EXPECT_EQ(y, 2);
    EXPECT_EQ(a.result(), 1);
}

CO_TEST(gather, of_a_range_of_tasks_gives_a_vector) {
    std::vector<task<int>> tasks{create_task(give_after(2ms, 1)), create_task(give_after(1ms, 2))};
    EXPECT_EQ(co_await gather(tasks), (std::vector<int>{1, 2}));
    EXPECT_TRUE((co_await gather(std::vector<task<int>>())).empty());
}

CO_TEST(gather, of_tasks_throws_the_first_exception_at_once_and_the_others_go_on) {
    event_log log;
    const auto start = now();
    auto bad = create_task(fail_after(10ms, "bad"));
    auto good = create_task(note_after(50ms, log, "good"));
    EXPECT_EQ(co_await failure_of(gather(good, bad)), "bad");
    EXPECT_EQ(now() - start, 10ms);
    EXPECT_FALSE(good.done());
    co_await good;
    EXPECT_EQ(log.text(), "good");
}

CO_TEST_ON_1(gather, of_tasks_that_fail_in_one_round_throws_what_came_first) {
    auto late = create_task([]() -> coro<> {
        co_await yield();
        throw std::runtime_error("late");
    }());
    auto early = create_task([]() -> coro<> {
        throw std::runtime_error("early");
        co_return;
    }());
    EXPECT_EQ(co_await failure_of(gather(late, early)), "early");
    EXPECT_EQ(co_await failure_of(late), "late");
}

CO_TEST(gather, of_tasks_that_failed_before_throws) {
    auto bad = create_task(fail_after(1ms, "bad"));
    auto good = create_task(give_after(1ms, 1));
    co_await sleep(10ms);
    EXPECT_EQ(co_await failure_of(gather(good, bad)), "bad");
}

CO_TEST(gather, of_tasks_one_of_which_is_cancelled_throws_cancelled_error) {
    auto victim = create_task(give_after(1000ms, 1));
    auto other = create_task(give_after(20ms, 2));
    auto g = create_task(failure_of(gather(victim, other)));
    co_await sleep(1ms);
    victim.cancel();
    EXPECT_EQ(co_await g, "cancelled");
    EXPECT_EQ(co_await other, 2);
}

CO_TEST(gather, a_cancel_of_a_gather_of_tasks_cancels_them_all) {
    event_log log;
    auto a = create_task(note_end(log, "a"));
    auto b = create_task(note_end(log, "b"));
    auto body = [](task<> a, task<> b) -> coro<> { co_await gather(a, b); };
    auto g = create_task(body(a, b));
    co_await sleep(1ms);
    g.cancel();
    EXPECT_EQ(co_await failure_of(g), "cancelled");
    EXPECT_EQ(co_await failure_of(a), "cancelled");
    EXPECT_EQ(co_await failure_of(b), "cancelled");
}

CO_TEST(gather, a_cancel_is_thrown_even_if_all_tasks_absorb_it) {
    auto a = create_task(absorb());
    auto b = create_task(absorb());
    auto body = [](task<int> a, task<int> b) -> coro<> { (void)co_await gather(a, b); };
    auto g = create_task(body(a, b));
    co_await sleep(1ms);
    g.cancel();
    EXPECT_EQ(co_await failure_of(g), "cancelled");
    EXPECT_EQ(a.result() + b.result(), 2);
}

CO_TEST(gather, the_same_task_may_be_given_twice) {
    auto t = create_task(give_after(1ms, 2));
    const auto [a, b] = co_await gather(t, t);
    EXPECT_EQ(a + b, 4);
}

// -- of futures --

CO_TEST(gather, of_futures_waits_for_all) {
    promise<int> a;
    promise<std::string> b;
    auto g = create_task([](future<int> a, future<std::string> b) -> coro<std::string> {
        const auto [x, y] = co_await gather(a, b);
        co_return y + std::to_string(x);
    }(a.get_future(), b.get_future()));
    co_await sleep(1ms);
    b.set_value("b");
    co_await sleep(1ms);
    EXPECT_FALSE(g.done());
    a.set_value(1);
    EXPECT_EQ(co_await g, "b1");
}

CO_TEST(gather, of_futures_can_be_cancelled) {
    promise<int> a;
    promise<int> b;
    b.set_value(1);
    auto body = [](future<int> a, future<int> b) -> coro<> { (void)co_await gather(a, b); };
    auto g = create_task(body(a.get_future(), b.get_future()));
    co_await sleep(1ms);
    EXPECT_FALSE(g.done());
    g.cancel();
    EXPECT_EQ(co_await failure_of(g), "cancelled");
    a.set_value(1);
}

CO_TEST(gather, of_a_future_and_a_task_that_absorbs_the_cancel_ends) {
    promise<int> never;
    auto t = create_task(absorb());
    auto body = [](future<int> f, task<int> t) -> coro<> { (void)co_await gather(f, t); };
    auto g = create_task(body(never.get_future(), t));
    co_await sleep(1ms);
    g.cancel();
    EXPECT_EQ(co_await failure_of(g), "cancelled");
    EXPECT_EQ(co_await t, 1);
}

} // namespace
} // namespace eddy
