// task_cancel_test.cpp — a cancel is delivered once, and may be caught.
//
// Covers:    cancel, cancelling and uncancel of a task, as in asyncio: edge-triggered, may be
//            caught, forwarded.
// Not here:  cancel of combinators -> gather_test.cpp, sched/wait_test.cpp, sched/timeout_test.cpp;
//            cancels that race -> tests/stress, tests/model/branch_word_model.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <stdexcept>
#include <string>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> until_suspended(any_task t) {
    while (t.stage() != task_state::suspended) {
        co_await yield();
    }
}

coro<> sleep_long() {
    co_await sleep(1h);
}

CO_TEST_ON_1(task_cancel, before_the_start_the_body_never_runs) {
    bool ran = false;
    auto body = [](bool& ran) -> coro<> {
        ran = true;
        co_return;
    };
    auto t = create_task(body(ran));
    EXPECT_TRUE(t.cancel());
    EXPECT_FALSE(t.done());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_FALSE(ran);
    EXPECT_TRUE(t.cancelled());
    EXPECT_EQ(t.stage(), task_state::done);
    EXPECT_THROW(t.result(), cancelled_error);
    EXPECT_THROW((void)t.exception(), cancelled_error);
}

CO_TEST(task_cancel, while_it_waits_the_await_throws_at_once) {
    const auto start = now();
    auto t = create_task(sleep_long());
    co_await until_suspended(t);
    EXPECT_TRUE(t.cancel());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_TRUE(t.cancelled());
    EXPECT_EQ(now(), start);
}

CO_TEST(task_cancel, while_it_is_ready_the_next_await_throws) {
    bool passed = false;
    auto body = [](bool& passed) -> coro<> {
        current_task().cancel();
        passed = true;
        co_await sleep(1h);
        ADD_FAILURE() << "not cancelled";
    };
    const auto start = now();
    EXPECT_TRUE((co_await as_result(create_task(body(passed)))).cancelled());
    EXPECT_TRUE(passed);
    EXPECT_EQ(now(), start);
}

CO_TEST(task_cancel, caught_it_may_await_more_and_end_normally) {
    event_log log;
    auto body = [](event_log& log) -> coro<int> {
        try {
            co_await sleep(1h);
        } catch (const cancelled_error&) {
            log.add("cancelled");
        }
        co_await sleep(1s);
        log.add("cleaned");
        co_return 5;
    };
    const auto start = now();
    auto t = create_task(body(log));
    co_await until_suspended(t);
    t.cancel();
    EXPECT_EQ(co_await t, 5);
    EXPECT_EQ(now() - start, 1s);
    EXPECT_EQ(log.text(), "cancelled cleaned");
    EXPECT_FALSE(t.cancelled());
    EXPECT_EQ(t.cancelling(), 1U);
}

CO_TEST(task_cancel, several_requests_before_it_runs_are_one_error_and_all_counted) {
    int errors = 0;
    auto body = [](int& errors) -> coro<> {
        for (int i = 0; i != 3; ++i) {
            errors += (co_await as_result(sleep(1s))).cancelled() ? 1 : 0;
        }
    };
    auto t = create_task(body(errors));
    co_await until_suspended(t);
    auto twice = [](any_task t) -> coro<> {
        t.cancel();
        t.cancel();
        co_return;
    };
    co_await twice(t);
    co_await t;
    EXPECT_GE(errors, 1);
    EXPECT_LE(errors, 2); // 2: another worker delivered the first before the second came
    EXPECT_EQ(t.cancelling(), 2U);
}

CO_TEST_ON_1(task_cancel, two_requests_in_a_row_are_one_error) {
    int errors = 0;
    auto body = [](int& errors) -> coro<> {
        for (int i = 0; i != 3; ++i) {
            errors += (co_await as_result(sleep(1s))).cancelled() ? 1 : 0;
        }
    };
    auto t = create_task(body(errors));
    co_await yield();
    t.cancel();
    t.cancel();
    co_await t;
    EXPECT_EQ(errors, 1);
}

CO_TEST(task_cancel, each_request_that_comes_later_is_an_error_of_its_own) {
    int errors = 0;
    auto body = [](int& errors) -> coro<> {
        while (errors != 3) {
            errors += (co_await as_result(sleep(1h))).cancelled() ? 1 : 0;
        }
    };
    auto t = create_task(body(errors));
    for (int i = 0; i != 3; ++i) {
        co_await sleep(1ms);
        EXPECT_EQ(errors, i);
        EXPECT_TRUE(t.cancel());
    }
    co_await t;
    EXPECT_EQ(t.cancelling(), 3U);
    EXPECT_FALSE(t.cancelled());
}

CO_TEST(task_cancel, uncancel_takes_requests_back_and_stops_at_none) {
    auto body = []() -> coro<unsigned> {
        (void)co_await as_result(sleep(1h));
        const any_task me = current_task();
        EXPECT_EQ(me.cancelling(), 1U);
        EXPECT_EQ(me.uncancel(), 0U);
        EXPECT_EQ(me.uncancel(), 0U);
        co_await sleep(1ms);
        co_return me.cancelling();
    };
    auto t = create_task(body());
    co_await until_suspended(t);
    t.cancel();
    EXPECT_EQ(co_await t, 0U);
}

CO_TEST(task_cancel, of_a_task_that_is_done_gives_false_and_changes_nothing) {
    auto t = create_task([]() -> coro<int> { co_return 1; }());
    co_await t;
    EXPECT_FALSE(t.cancel());
    EXPECT_FALSE(t.cancelled());
    EXPECT_EQ(t.cancelling(), 0U);
    EXPECT_EQ(t.result(), 1);
}

CO_TEST(task_cancel, of_itself_that_is_pending_when_the_body_returns_makes_the_task_cancelled) {
    auto body = []() -> coro<int> {
        current_task().cancel();
        co_return 1;
    };
    auto t = create_task(body());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_TRUE(t.cancelled());
}

// asyncio: `except BaseException: super().set_exception(exc)`, whatever is pending.
CO_TEST(task_cancel, that_is_pending_when_the_body_throws_does_not_hide_the_exception) {
    auto body = []() -> coro<> {
        current_task().cancel();
        throw std::runtime_error("more important");
        co_return;
    };
    auto t = create_task(body());
    EXPECT_TRUE((co_await as_result(t)).holds<std::runtime_error>());
    EXPECT_FALSE(t.cancelled());
}

CO_TEST(task_cancel, a_body_that_throws_cancelled_error_ends_as_cancelled) {
    auto body = []() -> coro<> {
        throw cancelled_error();
        co_return;
    };
    auto t = create_task(body());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_TRUE(t.cancelled());
}

CO_TEST(task_cancel, an_exception_thrown_instead_is_the_result) {
    auto body = []() -> coro<> {
        try {
            co_await sleep(1h);
        } catch (const cancelled_error&) {
            throw std::runtime_error("while cleaning up");
        }
    };
    auto t = create_task(body());
    co_await until_suspended(t);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).holds<std::runtime_error>());
    EXPECT_FALSE(t.cancelled());
}

CO_TEST_ON_1(task_cancel, before_the_start_frees_what_the_coroutine_holds) {
    auto owner = std::make_shared<int>(1);
    auto t = create_task([](std::shared_ptr<int>) -> coro<> { co_return; }(owner));
    EXPECT_EQ(owner.use_count(), 2);
    t.cancel();
    (void)co_await as_result(t);
    EXPECT_EQ(owner.use_count(), 1);
}

// -- the reason --

CO_TEST(task_cancel, the_reason_is_in_the_error_and_in_the_result) {
    std::string inside;
    auto body = [](std::string& inside) -> coro<> {
        try {
            co_await sleep(1h);
        } catch (const cancelled_error& error) {
            inside = error.reason();
            throw;
        }
    };
    auto t = create_task(body(inside));
    co_await until_suspended(t);
    t.cancel("no longer needed");
    std::string outside;
    try {
        co_await t;
    } catch (const cancelled_error& error) {
        outside = error.reason();
    }
    EXPECT_EQ(inside, "no longer needed");
    EXPECT_EQ(outside, "no longer needed");
}

CO_TEST(task_cancel, a_later_request_without_a_reason_has_none) {
    std::string second = "unset";
    auto body = [](std::string& second) -> coro<> {
        (void)co_await as_result(sleep(1h));
        try {
            co_await sleep(1h);
        } catch (const cancelled_error& error) {
            second = error.reason();
        }
    };
    auto t = create_task(body(second));
    co_await sleep(1ms);
    t.cancel("first");
    co_await sleep(1ms);
    t.cancel();
    co_await t;
    EXPECT_EQ(second, "");
}

CO_TEST(task_cancel, the_reason_goes_with_a_request_that_is_passed_on) {
    std::string inner_reason;
    std::string outer_reason;
    auto inner = [](std::string& reason) -> coro<> {
        try {
            co_await sleep(1h);
        } catch (const cancelled_error& error) {
            reason = error.reason();
            throw;
        }
    };
    auto outer = [](task<> inner) -> coro<> { co_await inner; };
    auto t = create_task(inner(inner_reason));
    auto o = create_task(outer(t));
    co_await sleep(1ms);
    o.cancel("why");
    try {
        co_await o;
    } catch (const cancelled_error& error) {
        outer_reason = error.reason();
    }
    EXPECT_EQ(inner_reason, "why");
    EXPECT_EQ(outer_reason, "why");
}

// -- what it waits for --

CO_TEST(task_cancel, of_a_task_that_awaits_another_cancels_that_one) {
    auto inner = create_task(sleep_long());
    auto wait_for_inner = [](task<> inner) -> coro<> { co_await inner; };
    auto outer = create_task(wait_for_inner(inner));
    co_await until_suspended(outer);
    co_await until_suspended(inner);
    outer.cancel();
    EXPECT_TRUE((co_await as_result(outer)).cancelled());
    EXPECT_TRUE(inner.cancelled());
    EXPECT_TRUE(outer.cancelled());
}

CO_TEST(task_cancel, an_awaited_task_that_absorbs_it_gives_its_result) {
    auto absorb = []() -> coro<int> {
        (void)co_await as_result(sleep(1h));
        co_return 5;
    };
    auto inner = create_task(absorb());
    auto wait_for_inner = [](task<int> inner) -> coro<int> { co_return co_await inner; };
    auto outer = create_task(wait_for_inner(inner));
    co_await until_suspended(outer);
    co_await until_suspended(inner);
    outer.cancel();
    EXPECT_EQ(co_await outer, 5);
    EXPECT_FALSE(outer.cancelled());
}

CO_TEST(task_cancel, of_one_of_two_waiters_cancels_the_task_and_so_reaches_the_other) {
    auto inner = create_task(sleep_long());
    auto wait_for_inner = [](task<> inner) -> coro<> { co_await inner; };
    auto victim = create_task(wait_for_inner(inner));
    auto other = create_task(wait_for_inner(inner));
    co_await sleep(1ms);
    victim.cancel();
    EXPECT_TRUE((co_await as_result(victim)).cancelled());
    EXPECT_TRUE((co_await as_result(other)).cancelled());
    EXPECT_EQ(other.cancelling(), 0U);
}

CO_TEST(task_cancel, of_tasks_that_await_each_other_ends_them) {
    std::vector<task<>> pair(2);
    auto body = [](std::vector<task<>>& pair, std::size_t other) -> coro<> {
        co_await sleep(1ms);
        co_await pair[other];
    };
    pair[0] = create_task(body(pair, 1));
    pair[1] = create_task(body(pair, 0));
    co_await sleep(5ms);
    pair[0].cancel();
    EXPECT_TRUE((co_await as_result(pair[0])).cancelled());
    EXPECT_TRUE((co_await as_result(pair[1])).cancelled());
}

CO_TEST(task_cancel, of_itself_before_the_await_that_closes_a_circle_ends_all_in_it) {
    std::vector<task<>> pair(2);
    auto closes = [](std::vector<task<>>& pair) -> coro<> {
        co_await until_suspended(pair[1]);
        current_task().cancel();
        co_await pair[1];
    };
    auto waits = [](std::vector<task<>>& pair) -> coro<> { co_await pair[0]; };
    pair[0] = create_task(closes(pair));
    pair[1] = create_task(waits(pair));
    EXPECT_TRUE((co_await as_result(pair[1])).cancelled());
    EXPECT_TRUE((co_await as_result(pair[0])).cancelled());
}

// Until it is cancelled; whoever does that makes a request for `also`.
class wait_that_cancels final : public op {
public:
    explicit wait_that_cancels(any_task& also) noexcept : also_(also) {}

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise) {
        return park(promise, [] {});
    }
    void await_resume() { check_aborted(); }
    abort_result abort() noexcept override {
        EXPECT_TRUE(also_.cancel());
        return abort_result::aborted;
    }

private:
    any_task& also_;
};

CO_TEST_ON_1(task_cancel, while_an_earlier_request_is_passed_on_is_passed_on_too) {
    any_task outer;
    auto clean_up = [](any_task& outer) -> coro<> {
        EXPECT_TRUE((co_await as_result(wait_that_cancels(outer))).cancelled());
        co_await sleep(1s);
    };
    auto inner = create_task(clean_up(outer));
    auto wait_for_inner = [](task<> inner) -> coro<> {
        co_await until_suspended(inner);
        current_task().cancel();
        co_await inner;
        EXPECT_TRUE(inner.done());
    };
    const task<> both = create_task(wait_for_inner(inner));
    outer = both;
    co_await both;
    EXPECT_EQ(both.cancelling(), 2U);
    EXPECT_TRUE(inner.done());
}

// Cancels `outer`, which awaits it, and gives 7.
coro<int> cancel_in_last_step(any_task& outer) {
    co_await until_suspended(outer);
    EXPECT_TRUE(outer.cancel());
    co_return 7;
}

CO_TEST_ON_1(task_cancel, in_the_last_step_of_the_awaited_task_is_thrown_at_the_next_await) {
    any_task outer;
    auto inner = create_task(cancel_in_last_step(outer));
    auto pass_on = [](task<int> inner) -> coro<int> { co_return co_await inner; };
    auto between = create_task(pass_on(inner));
    auto body = [](task<int> between) -> coro<> {
        EXPECT_EQ(co_await between, 7);
        EXPECT_TRUE((co_await as_result(sleep(1h))).cancelled());
        co_await sleep(1s); // one error for one request
    };
    const auto waiting = create_task(body(between));
    outer = waiting;
    co_await waiting;
    EXPECT_EQ(waiting.cancelling(), 1U);
}

CO_TEST_ON_1(task_cancel, in_the_last_step_of_a_task_that_throws_leaves_the_exception) {
    any_task outer;
    auto throws = [](any_task& outer) -> coro<> {
        (void)co_await cancel_in_last_step(outer);
        throw std::runtime_error("planned");
    };
    auto inner = create_task(throws(outer));
    auto body = [](task<> inner) -> coro<> {
        EXPECT_TRUE((co_await as_result(inner)).holds<std::runtime_error>());
        co_await sleep(1h);
    };
    const auto waiting = create_task(body(inner));
    outer = waiting;
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
}

CO_TEST_ON_1(task_cancel, of_a_limit_in_the_last_step_of_the_awaited_task_does_not_stay) {
    auto expire = [](timeout_scope& scope) -> coro<int> {
        scope.reschedule(clock::time_point::min());
        co_return 7;
    };
    auto body = [&](timeout_scope& scope) -> coro<int> {
        co_return co_await create_task(expire(scope));
    };
    EXPECT_EQ(co_await timeout(1h, body), 7);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(task_cancel, goes_down_a_chain_of_awaiting_tasks) {
    auto wait_for_it = [](task<> next) -> coro<> { co_await next; };
    std::vector<task<>> chain{create_task(sleep_long())};
    for (int i = 0; i != 50; ++i) {
        chain.push_back(create_task(wait_for_it(chain.back())));
    }
    co_await sleep(1ms);
    chain.back().cancel();
    EXPECT_TRUE((co_await as_result(chain.back())).cancelled());
    for (const auto& each : chain) {
        EXPECT_TRUE(each.cancelled());
    }
}

CO_TEST(task_cancel, of_a_shielded_task_ends_the_waiter_only) {
    auto inner = create_task([]() -> coro<int> {
        co_await sleep(1s);
        co_return 5;
    }());
    auto guard = [](task<int> inner) -> coro<int> { co_return co_await shield(inner); };
    auto outer = create_task(guard(inner));
    co_await until_suspended(outer);
    const auto start = now();
    outer.cancel();
    EXPECT_TRUE((co_await as_result(outer)).cancelled());
    EXPECT_EQ(now(), start);
    EXPECT_FALSE(inner.done());
    EXPECT_EQ(co_await inner, 5);
}

// -- a value that has come is not lost --

CO_TEST_ON_1(task_cancel, that_comes_after_the_result_of_an_await_is_delivered_at_the_next_one) {
    event_log log;
    promise<int> source;
    auto body = [](future<int> from, event_log& log) -> coro<> {
        log.add(std::to_string(co_await from));
        log.add((co_await as_result(sleep(1h))).cancelled() ? "cancelled" : "slept");
    };
    auto t = create_task(body(source.get_future(), log));
    co_await yield();
    source.set_value(5);
    t.cancel();
    co_await t;
    EXPECT_EQ(log.text(), "5 cancelled");
}

CO_TEST_ON_1(task_cancel, that_comes_after_the_last_await_leaves_what_the_body_returns) {
    promise<int> source;
    auto t = create_task(
        [](future<int> from) -> coro<int> { co_return co_await from; }(source.get_future()));
    co_await yield();
    source.set_value(5);
    EXPECT_TRUE(t.cancel());
    EXPECT_EQ(co_await t, 5);
    EXPECT_FALSE(t.cancelled());
    EXPECT_EQ(t.cancelling(), 1);
}

CO_TEST_ON_1(task_cancel, of_itself_that_was_delivered_does_not_count_when_another_comes_too_late) {
    promise<int> source;
    auto body = [](future<int> from) -> coro<int> {
        current_task().cancel();
        EXPECT_TRUE((co_await as_result(sleep(1h))).cancelled());
        co_return co_await from;
    };
    auto t = create_task(body(source.get_future()));
    co_await until_suspended(t);
    source.set_value(5);
    EXPECT_TRUE(t.cancel());
    EXPECT_EQ(co_await t, 5);
}

// -- from other threads --

CO_TEST(task_cancel, may_be_called_by_a_thread_that_runs_no_loop) {
    auto t = create_task([]() -> coro<> {
        promise<> never;
        co_await never.get_future();
    }());
    co_await until_suspended(t);
    std::thread other([&] { EXPECT_TRUE(t.cancel("from outside")); });
    const auto result = co_await as_result(t);
    other.join();
    EXPECT_TRUE(result.cancelled());
}

CO_TEST_ON_1(task_cancel, a_second_request_without_a_reason_does_not_take_the_first_ones_away) {
    std::vector<std::string> heard;
    auto t = create_task([](std::vector<std::string>& heard) -> coro<> {
        for (int i = 0; i != 2; ++i) {
            try {
                co_await sleep(1h);
            } catch (const cancelled_error& error) {
                heard.push_back(error.reason());
            }
        }
    }(heard));
    co_await yield();
    t.cancel("why");
    t.cancel();
    co_await yield();
    t.cancel(); // one for which there is no reason: the old one does not come back
    co_await t;
    EXPECT_EQ(heard, (std::vector<std::string>{"why", ""}));
}

// On one worker: on several the task meets the first request before the last one is made.
CO_TEST_ON_1(task_cancel, the_count_of_requests_does_not_begin_again_at_zero) {
    auto t = create_task([]() -> coro<> { co_await sleep(1h); }());
    for (int i = 0; i != 70'000; ++i) {
        t.cancel();
    }
    EXPECT_EQ(t.cancelling(), 65'535U);
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

} // namespace
} // namespace eddy
