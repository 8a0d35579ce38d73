// timeout_test.cpp — deadlines, and how to keep a cancel out.
//
// Covers:    wait_for, timeout and its scope, shield: values, limits, cancels from both sides,
//            nesting.
// Not here:  wait with a timeout -> wait_test.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give_after(clock::duration delay, int value) {
    co_await sleep(delay);
    co_return value;
}
coro<> sleep_long() {
    co_await sleep(1h);
}

// Sleeps; when cancelled cleans up for `cleanup`, and passes the cancel on.
coro<> slow_to_end(clock::duration cleanup, event_log& log) {
    const auto result = co_await as_result(sleep(1h));
    co_await sleep(cleanup);
    log.add("cleaned");
    std::rethrow_exception(result.error());
}

// -- wait_for --

CO_TEST(wait_for, a_value_that_comes_in_time_is_given) {
    const auto start = now();
    EXPECT_EQ(co_await wait_for(give_after(1s, 5), 2s), 5);
    EXPECT_EQ(now() - start, 1s);
    co_await sleep(5s); // the timer does not come back
}

CO_TEST(wait_for, after_the_limit_it_cancels_and_throws_timeout_error) {
    const auto start = now();
    EXPECT_TRUE((co_await as_result(wait_for(sleep_long(), 1s))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 1s);
    EXPECT_EQ(current_task().cancelling(), 0U);
}

CO_TEST(wait_for, the_cancelled_operation_is_awaited_first) {
    event_log log;
    const auto start = now();
    EXPECT_TRUE((co_await as_result(wait_for(slow_to_end(3s, log), 1s))).holds<timeout_error>());
    EXPECT_EQ(log.text(), "cleaned");
    EXPECT_EQ(now() - start, 4s);
}

CO_TEST(wait_for, an_operation_that_absorbs_the_cancel_gives_its_value) {
    auto absorb = []() -> coro<int> {
        (void)co_await as_result(sleep(1h));
        co_return 5;
    };
    EXPECT_EQ(co_await wait_for(absorb(), 1s), 5);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(wait_for, an_exception_of_the_operation_passes) {
    auto fail = []() -> coro<> {
        co_await sleep(1s);
        throw std::out_of_range("far");
    };
    EXPECT_TRUE((co_await as_result(wait_for(fail(), 2s))).holds<std::out_of_range>());
}

CO_TEST(wait_for, an_exception_while_it_cleans_up_passes) {
    auto fail = []() -> coro<> {
        (void)co_await as_result(sleep(1h));
        throw std::out_of_range("far");
    };
    EXPECT_TRUE((co_await as_result(wait_for(fail(), 1s))).holds<std::out_of_range>());
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(wait_for, a_cancel_from_outside_passes_and_stays_a_cancel) {
    auto inner = create_task(sleep_long());
    auto body = [](task<> inner) -> coro<> { co_await wait_for(inner, 1h); };
    auto t = create_task(body(inner));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_TRUE(inner.cancelled());
}

CO_TEST(wait_for, a_cancel_from_outside_wins_over_the_limit_while_the_operation_ends) {
    event_log log;
    auto body = [](event_log& log) -> coro<> { co_await wait_for(slow_to_end(3s, log), 1s); };
    auto t = create_task(body(log));
    co_await sleep(2s); // the limit is over, the operation cleans up
    EXPECT_TRUE(t.cancel());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

CO_TEST_ON_1(wait_for, a_cancel_and_the_limit_at_the_same_time_are_a_cancel) {
    auto body = []() -> coro<> { co_await wait_for(sleep_long(), 1s); };
    auto t = create_task(body());
    co_await sleep(1s); // armed before the limit, so it ends before the task gets its turn
    EXPECT_FALSE(t.done());
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

CO_TEST(wait_for, of_a_task_cancels_the_task) {
    auto t = create_task(sleep_long());
    EXPECT_TRUE((co_await as_result(wait_for(t, 1s))).holds<timeout_error>());
    EXPECT_TRUE(t.cancelled());
}

CO_TEST(wait_for, of_a_task_leaves_the_result_in_the_task) {
    auto text = []() -> coro<std::string> {
        co_await sleep(1ms);
        co_return "a text that is too long to be kept inside of the string itself";
    };
    auto t = create_task(text());
    const std::string got = co_await wait_for(t, 1s);
    EXPECT_EQ(t.result(), got);
    EXPECT_EQ(got.size(), 62U);
}

CO_TEST(wait_for, of_a_temporary_task_gives_a_move_only_result) {
    auto make = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
    EXPECT_EQ(*co_await wait_for(create_task(make()), 1s), 5);
    EXPECT_EQ(*co_await wait_for(make(), 1s), 5);
}

CO_TEST(wait_for, of_a_shielded_task_lets_it_go_on) {
    auto t = create_task(give_after(3s, 5));
    EXPECT_TRUE((co_await as_result(wait_for(shield(t), 1s))).holds<timeout_error>());
    EXPECT_FALSE(t.done());
    EXPECT_EQ(co_await t, 5);
}

CO_TEST(wait_for, of_a_future_leaves_the_future_alone) {
    promise<int> source;
    EXPECT_TRUE((co_await as_result(wait_for(source.get_future(), 1s))).holds<timeout_error>());
    EXPECT_FALSE(source.done());
    source.set_value(5);
    EXPECT_EQ(co_await wait_for(source.get_future(), 1s), 5);
}

CO_TEST(wait_for, of_a_gather_cancels_the_children) {
    event_log log;
    EXPECT_TRUE(
        (co_await as_result(wait_for(gather(slow_to_end(1s, log), slow_to_end(2s, log)), 1s)))
            .holds<timeout_error>());
    EXPECT_EQ(log.text(), "cleaned cleaned");
}

CO_TEST(wait_for, with_no_limit_to_speak_of_waits_for_ever) {
    EXPECT_EQ(co_await wait_for(give_after(1h, 5), std::chrono::hours::max()), 5);
}

CO_TEST(wait_for, a_limit_of_zero_or_less_is_over_at_once) {
    const auto start = now();
    EXPECT_TRUE((co_await as_result(wait_for(sleep_long(), 0s))).holds<timeout_error>());
    EXPECT_TRUE((co_await as_result(wait_for(sleep_long(), -1s))).holds<timeout_error>());
    EXPECT_EQ(now(), start);
}

CO_TEST(wait_for, a_limit_of_zero_gives_what_is_there_already) {
    auto t = create_task(give_after(1s, 5));
    co_await sleep(2s);
    EXPECT_EQ(co_await wait_for(t, 0s), 5);
    EXPECT_EQ(co_await wait_for(t, -1s), 5);
}

CO_TEST(wait_for, the_shorter_of_two_nested_limits_counts) {
    const auto start = now();
    auto outer_shorter = wait_for(wait_for(sleep_long(), 5s), 1s);
    EXPECT_TRUE((co_await as_result(std::move(outer_shorter))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 1s);
    auto inner_shorter = wait_for(wait_for(sleep_long(), 1s), 5s);
    EXPECT_TRUE((co_await as_result(std::move(inner_shorter))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 2s);
}

CO_TEST(wait_for, an_inner_timeout_that_is_caught_leaves_the_outer_one_armed) {
    auto body = []() -> coro<> {
        (void)co_await as_result(wait_for(sleep_long(), 1s));
        co_await sleep(1h);
    };
    const auto start = now();
    EXPECT_TRUE((co_await as_result(wait_for(body(), 3s))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 3s);
}

CO_TEST(wait_for, an_outer_limit_ends_the_cleanup_that_an_inner_one_began) {
    event_log log;
    auto inner = wait_for(slow_to_end(3s, log), 1s);
    const auto start = now();
    EXPECT_TRUE((co_await as_result(wait_for(std::move(inner), 2s))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 2s);
    EXPECT_EQ(log.text(), "");
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(5s);
}

CO_TEST(wait_for, of_a_gather_of_tasks_cancels_the_tasks) {
    auto a = create_task(sleep_long());
    auto b = create_task(sleep_long());
    EXPECT_TRUE((co_await as_result(wait_for(gather(a, b), 1s))).holds<timeout_error>());
    co_await sleep(1ms);
    EXPECT_TRUE(a.cancelled() && b.cancelled());
}

CO_TEST(wait_for, limits_in_all_children_of_a_gather_and_around_it) {
    auto child = [](int i) -> coro<> { co_await wait_for(sleep(1h), std::chrono::seconds(i)); };
    std::vector<coro<>> bodies;
    for (int i = 1; i != 10; ++i) {
        bodies.push_back(child(i));
    }
    const auto start = now();
    // The children below 5 s time out by themselves, the others are cancelled; the first error
    // wins.
    EXPECT_TRUE(
        (co_await as_result(wait_for(gather(std::move(bodies)), 4500ms))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 4500ms);
    EXPECT_EQ(current_task().cancelling(), 0U);
}

CO_TEST(wait_for, may_be_used_in_a_loop_many_times) {
    for (int i = 0; i != 200; ++i) {
        EXPECT_TRUE((co_await as_result(wait_for(sleep_long(), 1ms))).holds<timeout_error>());
        EXPECT_EQ(co_await wait_for(give_after(1ms, i), 2ms), i);
    }
}

// -- timeout --

CO_TEST(timeout, it_gives_the_result_of_its_body) {
    auto body = [](timeout_scope&) { return give_after(1s, 5); };
    EXPECT_EQ(co_await timeout(2s, body), 5);
}

CO_TEST(timeout, it_throws_after_the_limit_and_the_scope_says_so) {
    bool expired = false;
    auto body = [&expired](timeout_scope& scope) -> coro<> {
        EXPECT_FALSE(scope.expired());
        (void)co_await as_result(sleep(1h));
        expired = scope.expired();
        co_await sleep(1s);
        throw cancelled_error();
    };
    const auto start = now();
    EXPECT_TRUE((co_await as_result(timeout(2s, body))).holds<timeout_error>());
    EXPECT_TRUE(expired);
    EXPECT_EQ(now() - start, 3s);
}

CO_TEST(timeout, at_a_time) {
    const auto start = now();
    auto body = [](timeout_scope& scope) -> coro<clock::time_point> { co_return scope.when(); };
    EXPECT_EQ(co_await timeout_at(start + 1s, body), start + 1s);
    auto too_long = [](timeout_scope&) { return sleep_long(); };
    EXPECT_TRUE((co_await as_result(timeout_at(start + 1s, too_long))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 1s);
}

CO_TEST(timeout, the_body_may_move_the_deadline) {
    auto longer = [](timeout_scope& scope) -> coro<> {
        scope.reschedule(now() + 10s);
        co_await sleep(5s);
    };
    co_await timeout(1s, longer);
    auto shorter = [](timeout_scope& scope) -> coro<> {
        scope.reschedule(now() + 1s);
        co_await sleep(5s);
    };
    const auto start = now();
    EXPECT_TRUE((co_await as_result(timeout(10s, shorter))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 1s);
    auto never = [](timeout_scope& scope) -> coro<> {
        scope.reschedule(clock::time_point::max());
        co_await sleep(5s);
    };
    co_await timeout(1s, never);
}

CO_TEST(timeout, a_deadline_in_the_past_expires_at_the_next_await) {
    auto body = [](timeout_scope& scope) -> coro<> {
        scope.reschedule(now() - 1s);
        co_await sleep(5s);
    };
    const auto start = now();
    EXPECT_TRUE((co_await as_result(timeout(10s, body))).holds<timeout_error>());
    EXPECT_EQ(now(), start);
}

CO_TEST(timeout, a_deadline_that_has_expired_cannot_be_moved) {
    bool refused = false;
    auto body = [&refused](timeout_scope& scope) -> coro<> {
        (void)co_await as_result(sleep(1h));
        try {
            scope.reschedule(now() + 1s);
        } catch (const invalid_state_error&) {
            refused = true;
        }
    };
    co_await timeout(1s, body);
    EXPECT_TRUE(refused);
}

CO_TEST(timeout, a_deadline_that_has_passed_expires_before_the_body_suspends) {
    bool expired = false;
    auto body = [&expired](timeout_scope& scope) -> coro<> {
        expired = scope.expired();
        co_await yield();
    };
    EXPECT_TRUE((co_await as_result(timeout(0s, body))).holds<timeout_error>());
    EXPECT_TRUE(expired);
    auto never_suspends = [](timeout_scope&) -> coro<int> { co_return 5; };
    EXPECT_EQ(co_await timeout(-1s, never_suspends), 5);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s); // nothing is pending
}

CO_TEST(timeout, what_has_expired_at_once_can_be_moved_until_it_is_delivered) {
    auto body = [](timeout_scope& scope) -> coro<> {
        scope.reschedule(now() + 3s);
        EXPECT_FALSE(scope.expired());
        co_await sleep(2s);
    };
    co_await timeout(0s, body);
    EXPECT_EQ(current_task().cancelling(), 0U);
    auto with_another = [body](timeout_scope& scope) -> coro<> {
        current_task().cancel();
        return body(scope);
    };
    auto t = create_task([with_another]() -> coro<> { co_await timeout(0s, with_another); });
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(t.cancelling(), 1U);
}

CO_TEST(timeout, limits_that_expire_at_the_same_time_are_one_timeout_of_the_outer_one) {
    int inner_timeouts = 0;
    auto body = [&inner_timeouts](timeout_scope&) -> coro<> {
        const auto result = co_await as_result(wait_for(sleep_long(), 1s));
        inner_timeouts += result.holds<timeout_error>() ? 1 : 0;
        std::rethrow_exception(result.error());
    };
    EXPECT_TRUE((co_await as_result(timeout(1s, body))).holds<timeout_error>());
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(timeout, a_cancel_that_was_pending_before_stays_pending_after_a_body_that_never_suspends) {
    auto t = create_task([]() -> coro<> {
        current_task().cancel();
        co_await timeout(0s, [](timeout_scope&) -> coro<> { co_return; });
        co_await sleep(1s);
        ADD_FAILURE() << "the cancel was lost";
    });
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(t.cancelling(), 1U);
}

CO_TEST(timeout, a_cancel_that_was_pending_before_is_not_taken_for_it) {
    auto t = create_task([]() -> coro<> {
        current_task().cancel();
        co_await wait_for(sleep_long(), 0s);
    });
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    auto moved = create_task([]() -> coro<> {
        current_task().cancel();
        co_await timeout(0s, [](timeout_scope& scope) -> coro<> {
            scope.reschedule(now() + 2h);
            co_await sleep(1s);
        });
    });
    EXPECT_TRUE((co_await as_result(moved)).cancelled());
}

CO_TEST(timeout, one_inside_of_another_that_has_passed_too_leaves_it_its_end) {
    auto body = [](timeout_scope&) -> coro<> {
        const auto result = co_await as_result(wait_for(sleep_long(), 0s));
        EXPECT_FALSE(result.holds<timeout_error>());
        if (result.cancelled()) {
            std::rethrow_exception(result.error());
        }
        co_await sleep_long();
    };
    EXPECT_TRUE((co_await as_result(timeout(0s, body))).holds<timeout_error>());
    EXPECT_EQ(current_task().cancelling(), 0U);
}

CO_TEST(timeout, wait_until_is_a_wait_for_with_a_time) {
    const auto start = now();
    EXPECT_EQ(co_await wait_until(give_after(1s, 5), start + 2s), 5);
    EXPECT_TRUE((co_await as_result(wait_until(sleep_long(), start + 3s))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 3s);
    EXPECT_EQ(co_await wait_until(give_after(1s, 5), clock::time_point::max()), 5);
}

// -- deadlines that are inherited --

CO_TEST(deadline, it_is_known_below_the_limits_and_follows_them) {
    const auto start = now();
    auto body = [start](timeout_scope& scope) -> coro<> {
        EXPECT_EQ(current_deadline(), start + 5s);
        auto inner = [start]() -> coro<> {
            EXPECT_EQ(current_deadline(), start + 2s);
            co_await sleep(1s);
            EXPECT_EQ(current_deadline(), start + 2s);
        };
        co_await wait_for(inner(), 2s);
        EXPECT_EQ(current_deadline(), start + 5s);
        scope.reschedule(start + 9s);
        EXPECT_EQ(current_deadline(), start + 9s);
    };
    co_await timeout(5s, body);
    EXPECT_EQ(current_deadline(), clock::time_point::max());
}

CO_TEST(deadline, a_task_knows_the_deadline_it_was_made_in_and_may_outlive_it) {
    const auto start = now();
    task<clock::time_point> late;
    co_await timeout(1s, [&late](timeout_scope&) -> coro<> {
        late = create_task([]() -> coro<clock::time_point> {
            co_await sleep(3s);
            co_return current_deadline();
        });
        co_return;
    });
    EXPECT_EQ(co_await late, start + 1s);
    EXPECT_EQ(now() - start, 3s);
}

CO_TEST(deadline, with_deadline_keeps_to_it) {
    const auto start = now();
    task<> kept;
    task<int> in_time;
    co_await timeout(2s, [&](timeout_scope&) -> coro<> {
        kept = create_task(with_deadline(sleep_long()));
        in_time = create_task(with_deadline(give_after(1s, 5)));
        co_return;
    });
    EXPECT_TRUE((co_await as_result(kept)).holds<timeout_error>());
    EXPECT_EQ(now() - start, 2s);
    EXPECT_EQ(co_await in_time, 5);
    EXPECT_EQ(co_await with_deadline(give_after(1s, 6)), 6); // without one it just awaits
}

CO_TEST(deadline, children_of_a_group_inherit_the_limit_of_the_scope_around_it) {
    const auto start = now();
    clock::time_point seen;
    auto scope = with_task_group([&seen](task_group& group) -> coro<> {
        (void)group.create_task([](clock::time_point& seen) -> coro<> {
            seen = current_deadline();
            co_await sleep(1h);
        }(seen));
        co_return;
    });
    EXPECT_TRUE((co_await as_result(wait_for(std::move(scope), 2s))).holds<timeout_error>());
    EXPECT_EQ(seen, start + 2s);
}

CO_TEST(deadline, where_it_cannot_be_enforced_it_is_not_in_force) {
    auto deadline_here = []() -> coro<clock::time_point> {
        co_await yield();
        co_return current_deadline();
    };
    auto body = [deadline_here]() -> coro<> {
        EXPECT_EQ(co_await masked(deadline_here), clock::time_point::max());
        EXPECT_EQ(co_await shield(deadline_here()), clock::time_point::max());
        EXPECT_NE(current_deadline(), clock::time_point::max());
        const auto start = now();
        auto cleanup = [start]() -> coro<> {
            auto limited = [start]() -> coro<> {
                EXPECT_EQ(current_deadline(), start + 5s);
                co_return;
            };
            co_await wait_for(limited(), 5s);
        };
        co_await masked(cleanup);
    };
    co_await wait_for(body(), 1h);
}

// -- shield --

CO_TEST(shield, of_a_coroutine_gives_its_result_or_exception) {
    EXPECT_EQ(co_await shield(give_after(1s, 5)), 5);
    auto fail = []() -> coro<> {
        co_await sleep(1s);
        throw std::out_of_range("far");
    };
    EXPECT_TRUE((co_await as_result(shield(fail()))).holds<std::out_of_range>());
}

CO_TEST(shield, a_cancel_ends_the_waiter_and_the_coroutine_goes_on) {
    event_log log;
    auto write = [](event_log& log) -> coro<> {
        co_await sleep(2s);
        log.add("written");
    };
    auto t = create_task(shield(write(log)));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "");
    co_await sleep(2s);
    EXPECT_EQ(log.text(), "written");
}

CO_TEST(shield, a_cancel_of_the_shielded_task_itself_reaches_the_waiter) {
    auto inner = create_task(sleep_long());
    auto guard = [](task<> inner) -> coro<> { co_await shield(inner); };
    auto outer = create_task(guard(inner));
    co_await sleep(1s);
    inner.cancel();
    EXPECT_TRUE((co_await as_result(outer)).cancelled());
    EXPECT_EQ(outer.cancelling(), 0U);
}

CO_TEST_ON_1(timeout, a_cancel_that_comes_with_the_deadline_is_not_taken_for_it) {
    // The deadline passes and the task is cancelled within one step; the body returns a value.
    auto t = create_task([]() -> coro<int> {
        const int got = co_await timeout(1s, [](timeout_scope& scope) -> coro<int> {
            scope.reschedule(now());
            while (!scope.expired()) {
                (void)co_await as_result(yield());
            }
            current_task().cancel("from elsewhere");
            co_return 5;
        });
        EXPECT_EQ(got, 5);
        co_await yield();
        ADD_FAILURE() << "the cancel was lost";
        co_return got;
    }());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

} // namespace
} // namespace eddy
