// task_group_cancel_test.cpp — groups that are cancelled: from outside, by cancel(), by limits.
//
// Covers:    what reaches whom, what is thrown at the end, what is counted and stays pending.
// Not here:  failures -> task_group_test.cpp.

#include "support/event_log.hpp"
#include "support/group_bodies.hpp"
#include <eddy/testing/co_test.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace eddy {
namespace {

using namespace std::chrono_literals;

// -- cancels from outside --

CO_TEST(task_group, a_cancel_from_outside_is_thrown_once_all_have_ended) {
    event_log log;
    auto t = create_task(
        [](event_log& log) -> coro<> {
            co_await with_task_group([&log](task_group& group) -> coro<> {
                (void)group.create_task(clean_up(2s, log, "child"));
                co_await note_end(log, "body");
            });
        },
        std::ref(log));
    co_await sleep(1s);
    const auto start = now();
    t.cancel("enough");
    const auto result = co_await as_result(t);
    EXPECT_TRUE(result.cancelled());
    EXPECT_EQ(describe(result.error()), "enough");
    EXPECT_EQ(log.text(), "body-cancelled child");
    EXPECT_EQ(now() - start, 2s);
    EXPECT_EQ(t.cancelling(), 1U);
}

CO_TEST(task_group, a_cancel_from_outside_after_the_body_has_ended) {
    event_log log;
    auto t = create_task(
        [](event_log& log) -> coro<> {
            co_await with_task_group([&log](task_group& group) -> coro<> {
                (void)group.create_task(clean_up(2s, log, "child"));
                co_return;
            });
        },
        std::ref(log));
    co_await sleep(1s);
    t.cancel();
    co_await sleep(1s);
    t.cancel(); // does not end the wait for the child
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "child");
    EXPECT_EQ(t.cancelling(), 2U);
}

CO_TEST(task_group, children_that_absorb_the_cancel_do_not_turn_it_into_an_end) {
    auto t = create_task([]() -> coro<> {
        co_await with_task_group([](task_group& group) -> coro<> {
            (void)group.create_task([]() -> coro<> { (void)co_await as_result(sleep(1h)); });
            co_return;
        });
    });
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

CO_TEST(task_group, a_body_that_absorbs_the_cancel_goes_on_with_its_children) {
    event_log log;
    auto t = create_task(
        [](event_log& log) -> coro<> {
            co_await with_task_group([&log](task_group& group) -> coro<> {
                (void)group.create_task(note_after(3s, log, "child"));
                (void)co_await as_result(sleep(1h));
                log.add("absorbed");
            });
        },
        std::ref(log));
    co_await sleep(1s);
    t.cancel();
    co_await t;
    EXPECT_EQ(log.text(), "absorbed child");
}

CO_TEST(task_group, errors_win_over_a_cancel_from_outside_which_the_next_await_throws) {
    auto t = create_task([]() -> coro<bool> {
        auto scope = with_task_group([](task_group& group) -> coro<> {
            (void)group.create_task(fail_when_cancelled("boom"));
            co_await sleep(1h);
        });
        EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[boom]"));
        EXPECT_EQ(current_task().cancelling(), 1U);
        co_return (co_await as_result(sleep(1s))).cancelled();
    });
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE(co_await t);
}

CO_TEST(task_group, a_cancel_before_it_begins_cancels_the_body_at_its_first_await) {
    event_log log;
    auto t = create_task(
        [](event_log& log) -> coro<> {
            current_task().cancel();
            co_await with_task_group([&log](task_group& group) -> coro<> {
                (void)group.create_task(note_after(0s, log, "child"));
                co_await note_end(log, "body");
            });
        },
        std::ref(log));
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_NE(log.text().find("body-cancelled"), std::string::npos);
}

CO_TEST(task_group, a_cancelled_error_that_nobody_asked_for_passes) {
    event_log log;
    auto scope = with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(note_end(log, "child"));
        co_await sleep(1s);
        throw cancelled_error();
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), "cancelled");
    EXPECT_EQ(log.text(), "child-cancelled");
    EXPECT_EQ(current_task().cancelling(), 0U);
}

// -- cancel() --

CO_TEST(task_group, cancel_by_the_body_ends_it_without_an_error) {
    event_log log;
    co_await with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(note_end(log, "child"));
        co_await sleep(1s);
        group.cancel();
        group.cancel();
        log.add("still here");
        co_await note_end(log, "body");
        log.add("not reached");
    });
    EXPECT_EQ(log.text().find("not reached"), std::string::npos);
    EXPECT_NE(log.text().find("still here"), std::string::npos);
    EXPECT_NE(log.text().find("child-cancelled"), std::string::npos);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(task_group, cancel_by_a_child_cancels_that_child_too) {
    event_log log;
    co_await with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task([](task_group& group, event_log& log) -> coro<> {
            co_await sleep(1s);
            group.cancel();
            co_await note_end(log, "child");
        }(group, log));
        (void)group.create_task(note_end(log, "sibling"));
        co_return;
    });
    EXPECT_EQ(log.text().size(), std::string("child-cancelled sibling-cancelled").size());
}

CO_TEST(task_group, cancel_does_not_hide_failures) {
    auto scope = with_task_group([](task_group& group) -> coro<> {
        (void)group.create_task(fail_when_cancelled("boom"));
        co_await sleep(1s);
        group.cancel();
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[boom]"));
}

CO_TEST(task_group, cancel_of_one_whose_body_has_a_result_to_give) {
    auto stopped = [](task_group& group) -> coro<int> {
        group.cancel();
        co_await sleep(1s);
        co_return 5;
    };
    EXPECT_EQ(co_await end_of(with_task_group(stopped)), "cancelled");
    EXPECT_EQ(current_task().cancelling(), 0U);
    auto in_time = [](task_group& group) -> coro<int> {
        group.cancel();
        co_return 5;
    };
    EXPECT_EQ(co_await with_task_group(in_time), 5);
    co_await sleep(1s); // nothing is pending
}

CO_TEST(task_group, cancel_and_a_cancel_from_outside_at_the_same_time_are_a_cancel) {
    auto t = create_task([]() -> coro<> {
        co_await with_task_group([](task_group& group) -> coro<> {
            group.cancel();
            current_task().cancel();
            co_await sleep(1h);
        });
    });
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(t.cancelling(), 1U);
}

CO_TEST(task_group, cancel_leaves_a_cancel_that_was_pending_before_it_pending) {
    auto t = create_task([]() -> coro<> {
        current_task().cancel();
        co_await with_task_group([](task_group& group) -> coro<> {
            group.cancel();
            co_return;
        });
        co_await sleep(1h);
        ADD_FAILURE() << "the cancel was lost";
    });
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(t.cancelling(), 1U);
}

CO_TEST(task_group, cancel_is_for_any_thread) {
    event_log log;
    co_await with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(note_end(log, "child"));
        (void)get_running_loop().call_later(1s, [&group] { group.cancel(); });
        co_return;
    });
    EXPECT_EQ(log.text(), "child-cancelled");
}

// -- with limits, and in gathers --

CO_TEST(task_group, a_limit_around_it_is_a_timeout_once_all_have_ended) {
    event_log log;
    const auto start = now();
    auto scope = with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(clean_up(2s, log, "child"));
        co_await sleep(1h);
    });
    EXPECT_TRUE((co_await as_result(wait_for(std::move(scope), 1s))).holds<timeout_error>());
    EXPECT_EQ(log.text(), "child");
    EXPECT_EQ(now() - start, 3s);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(task_group, a_limit_around_it_and_errors_are_the_errors_and_nothing_is_pending) {
    auto scope = with_task_group([](task_group& group) -> coro<> {
        (void)group.create_task(fail_when_cancelled("boom"));
        co_await sleep(1h);
    });
    EXPECT_EQ(co_await end_of(wait_for(std::move(scope), 1s)), unhandled("[boom]"));
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(task_group, a_limit_in_the_body_that_expires_is_an_error_of_the_body) {
    event_log log;
    auto scope = with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(note_end(log, "child"));
        co_await wait_for(sleep(1h), 1s);
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[timed out]"));
    EXPECT_EQ(log.text(), "child-cancelled");
}

CO_TEST_ON_1(task_group, a_limit_around_it_wins_over_a_child_that_fails_at_the_same_time) {
    auto scope = with_task_group([](task_group& group) -> coro<> {
        (void)group.create_task(fail_after(1s, "boom"));
        co_await sleep(1h);
    });
    EXPECT_EQ(co_await end_of(wait_for(std::move(scope), 1s)), "timed out");
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(task_group, in_a_child_of_a_gather_it_cancels_that_child_only) {
    event_log log;
    auto scope = [](event_log& log) -> coro<> {
        auto inner = with_task_group([&log](task_group& group) -> coro<> {
            (void)group.create_task(fail_after(1s, "boom"));
            co_await note_end(log, "body");
        });
        (void)co_await as_result(std::move(inner));
    };
    co_await gather(scope(log), note_after(2s, log, "sibling"));
    EXPECT_EQ(log.text(), "body-cancelled sibling");
}

CO_TEST(task_group, a_masked_child_is_awaited) {
    event_log log;
    auto scope = with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(
            [](event_log& log) -> coro<> { co_await masked(note_after(3s, log, "masked")); }(log));
        co_await sleep(1s);
        throw std::runtime_error("boom");
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[boom]"));
    EXPECT_EQ(log.text(), "masked");
}

CO_TEST(task_group, groups_nest_deep) {
    struct nest {
        static coro<> level(int depth) {
            co_await with_task_group([depth](task_group& group) -> coro<> {
                if (depth == 0) {
                    throw std::out_of_range("bottom");
                }
                (void)group.create_task(level(depth - 1));
                co_await sleep(1h);
            });
        }
    };
    const auto result = co_await as_result(nest::level(50));
    EXPECT_TRUE(result.holds<exception_group>());
    try {
        std::rethrow_exception(result.error());
    } catch (const exception_group& errors) {
        EXPECT_TRUE(errors.contains<std::out_of_range>());
        EXPECT_EQ(errors.leaves().size(), 1U);
    }
    EXPECT_EQ(current_task().cancelling(), 0U);
}

} // namespace
} // namespace eddy
