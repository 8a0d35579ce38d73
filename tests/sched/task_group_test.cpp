// task_group_test.cpp — tasks that end before the scope that made them.
//
// Covers:    joining, failures of children and body, nested groups; supervisor_group.
// Not here:  cancels and limits -> task_group_cancel_test.cpp; equal traces in CPython ->
//            tests/e2e/scopes_test.py; many threads -> tests/stress/scopes_stress.cpp.

#include "support/event_log.hpp"
#include "support/group_bodies.hpp"
#include <eddy/testing/co_test.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give_after(clock::duration delay, int value) {
    co_await sleep(delay);
    co_return value;
}

// -- joining --

CO_TEST(task_group, it_ends_when_its_children_have_ended) {
    event_log log;
    const auto start = now();
    co_await with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(note_after(2s, log, "b"));
        (void)group.create_task(note_after(1s, log, "a"));
        EXPECT_EQ(group.size_hint(), 2U);
        co_return;
    });
    EXPECT_EQ(log.text(), "a b");
    EXPECT_EQ(now() - start, 2s);
}

CO_TEST(task_group, a_child_may_be_anything_that_can_be_awaited) {
    const auto start = now();
    co_await with_task_group([](task_group& group) -> coro<> {
        (void)group.create_task(sleep(2s));
        co_return;
    });
    EXPECT_EQ(now() - start, 2s);
}

CO_TEST(task_group, a_child_was_created_by_the_line_that_asks) {
    auto own_line = [](auto...) -> coro<unsigned> {
        co_return current_task().creation_site().line();
    };
    std::vector<task<unsigned>> children;
    unsigned line = 0;
    auto body = [&](task_group& group) -> coro<> {
        line = __LINE__ + 1;
        children.push_back(group.create_task(own_line()));
        children.push_back(group.create_task(own_line));
        children.push_back(group.create_task(own_line, 1));
        children.push_back(group.create_task(own_line, 1, 2));
        co_return;
    };
    co_await with_task_group(body);
    for (unsigned i = 0; i != children.size(); ++i) {
        EXPECT_EQ(children[i].result(), line + i);
    }
}

CO_TEST(task_group, it_gives_the_result_of_its_body_and_handles_keep_those_of_the_children) {
    task<int> child;
    const int value = co_await with_task_group([&child](task_group& group) -> coro<int> {
        child = group.create_task(give_after(1s, 5), {.name = "five"});
        co_return 6;
    });
    EXPECT_EQ(value, 6);
    EXPECT_EQ(child.result(), 5);
    EXPECT_EQ(child.name(), "five");
    auto unique = [](task_group& /*group*/) -> coro<std::unique_ptr<int>> {
        co_return std::make_unique<int>(7);
    };
    EXPECT_EQ(*co_await with_task_group(unique), 7);
}

CO_TEST(task_group, without_children_it_ends_with_its_body) {
    const auto start = now();
    co_await with_task_group([](task_group& /*group*/) -> coro<> { co_return; });
    co_await with_task_group([](task_group& /*group*/) -> coro<> { co_await sleep(1s); });
    EXPECT_EQ(now() - start, 1s);
}

CO_TEST(task_group, children_may_refer_to_the_locals_of_the_caller) {
    std::atomic<int> sum{0};
    co_await with_task_group([&sum](task_group& group) -> coro<> {
        for (int i = 1; i <= 100; ++i) {
            (void)group.create_task([](std::atomic<int>& sum, int i) -> coro<> {
                co_await yield();
                sum.fetch_add(i);
            }(sum, i));
        }
        co_return;
    });
    EXPECT_EQ(sum.load(), 5050);
}

CO_TEST(task_group, a_child_may_create_siblings_while_the_body_has_ended) {
    event_log log;
    co_await with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task([](task_group& group, event_log& log) -> coro<> {
            co_await sleep(1s);
            (void)group.create_task(note_after(1s, log, "grandchild"));
            log.add("child");
        }(group, log));
        co_return;
    });
    EXPECT_EQ(log.text(), "child grandchild");
}

CO_TEST(task_group, a_function_is_kept_with_its_task) {
    event_log log;
    co_await with_task_group([&log](task_group& group) -> coro<> {
        const auto child = group.create_task(
            [&log, word = std::string("kept in the frame of the task")](int i) -> coro<int> {
                co_await sleep(1s);
                log.add(word);
                co_return i;
            },
            5);
        EXPECT_EQ(co_await child, 5);
    });
    EXPECT_EQ(log.text(), "kept in the frame of the task");
}

CO_TEST(task_group, an_eager_child_may_end_at_once) {
    event_log log;
    co_await with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(
            [](event_log& log) -> coro<> {
                log.add("eager");
                co_return;
            }(log),
            {.eager = true});
        log.add("body");
        EXPECT_EQ(group.size_hint(), 0U);
        co_return;
    });
    EXPECT_EQ(log.text(), "eager body");
}

CO_TEST(task_group, children_that_end_do_not_pile_up) {
    const std::int64_t before = frame_cache::live_hint();
    std::int64_t meanwhile = 0;
    co_await with_task_group([&](task_group& group) -> coro<> {
        for (int i = 0; i != 1000; ++i) {
            (void)co_await group.create_task(give_after(1ms, i));
        }
        meanwhile = frame_cache::live_hint() - before;
    });
    EXPECT_LT(meanwhile, 20);
}

// -- failures --

CO_TEST(task_group, a_child_that_fails_has_its_siblings_and_the_body_cancelled) {
    event_log log;
    const auto start = now();
    auto scope = with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(note_end(log, "sibling"));
        (void)group.create_task(fail_after(1s, "boom"));
        co_await note_end(log, "body");
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[boom]"));
    EXPECT_TRUE(log.text() == "body-cancelled sibling-cancelled" ||
                log.text() == "sibling-cancelled body-cancelled");
    EXPECT_EQ(now() - start, 1s);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s); // nothing is pending
}

CO_TEST(task_group, a_failure_after_the_body_has_ended_cancels_the_siblings_only) {
    event_log log;
    auto scope = with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(clean_up(2s, log, "cleaned"));
        (void)group.create_task(fail_after(1s, "boom"));
        co_return;
    });
    const auto start = now();
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[boom]"));
    EXPECT_EQ(log.text(), "cleaned");
    EXPECT_EQ(now() - start, 3s);
    EXPECT_EQ(current_task().cancelling(), 0U);
}

CO_TEST(task_group, a_body_that_throws_has_the_children_cancelled_and_is_in_the_group) {
    event_log log;
    auto scope = with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(note_end(log, "child"));
        co_await sleep(1s);
        throw std::out_of_range("far");
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[far]"));
    EXPECT_EQ(log.text(), "child-cancelled");
}

// On one worker: others could begin a child before the body throws.
CO_TEST_ON_1(task_group, a_body_that_throws_before_it_gives_a_coroutine_has_its_children_joined) {
    event_log log;
    auto scope = with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(clean_up(1s, log, "cleaned"));
        (void)group.create_task(note_after(0s, log, "other"));
        throw std::out_of_range("far");
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[far]"));
    EXPECT_EQ(log.text(), ""); // cancelled before they began
}

CO_TEST(task_group, all_failures_are_in_the_group_children_first) {
    auto scope = with_task_group([](task_group& group) -> coro<> {
        (void)group.create_task(fail_when_cancelled("second"));
        (void)group.create_task(fail_after(1s, "first"));
        (void)co_await as_result(sleep(1h));
        co_await sleep(1s);
        throw std::out_of_range("body");
    });
    const auto result = co_await as_result(std::move(scope));
    EXPECT_TRUE(result.holds<exception_group>());
    EXPECT_EQ(describe(result.error()), unhandled("[first] [second] [body]", 3));
}

CO_TEST(task_group, a_child_that_is_cancelled_is_no_failure) {
    event_log log;
    co_await with_task_group([&log](task_group& group) -> coro<> {
        auto child = group.create_task(note_end(log, "child"));
        (void)group.create_task(note_after(2s, log, "other"));
        co_await sleep(1s);
        child.cancel();
    });
    EXPECT_EQ(log.text(), "child-cancelled other");
}

CO_TEST(task_group, a_body_that_awaits_a_failed_child_has_both_errors) {
    auto scope = with_task_group([](task_group& group) -> coro<> {
        const auto child = group.create_task(fail_after(1s, "boom"));
        co_await child;
    });
    // It depends on the workers whether the body sees the failure or the cancel first.
    const std::string end = co_await end_of(std::move(scope));
    EXPECT_TRUE(end == unhandled("[boom] [boom]", 2) || end == unhandled("[boom]")) << end;
}

CO_TEST(task_group, failures_in_it_are_not_reported) {
    report_log reports;
    auto scope = with_task_group([](task_group& group) -> coro<> {
        (void)group.create_task(fail_after(0s, "boom"));
        co_return;
    });
    (void)co_await as_result(std::move(scope));
    EXPECT_EQ(reports.size(), 0U);
}

CO_TEST(task_group, in_one_that_is_cancelled_a_new_child_never_runs) {
    event_log log;
    auto scope = with_task_group([&log](task_group& group) -> coro<> {
        (void)group.create_task(fail_after(1s, "boom"));
        (void)co_await as_result(sleep(1h));
        const auto late = group.create_task(note_after(0s, log, "late"));
        EXPECT_TRUE((co_await as_result(late)).cancelled());
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[boom]"));
    EXPECT_EQ(log.text(), "");
}

CO_TEST(task_group, a_group_that_ended_in_a_group_fails_it_with_a_nested_group) {
    auto inner = [](std::string what) -> coro<> {
        co_await with_task_group([what](task_group& group) -> coro<> {
            (void)group.create_task(fail_after(1s, what));
            co_return;
        });
    };
    auto scope = with_task_group([inner](task_group& group) -> coro<> {
        (void)group.create_task(inner("boom"));
        co_return;
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[" + unhandled("[boom]") + "]"));
}

CO_TEST(task_group, a_failure_in_the_outer_group_cancels_the_inner_one_in_its_body) {
    event_log log;
    auto scope = with_task_group([&log](task_group& outer) -> coro<> {
        (void)outer.create_task(fail_after(1s, "boom"));
        co_await with_task_group([&log](task_group& inner) -> coro<> {
            (void)inner.create_task(note_end(log, "inner"));
            co_return;
        });
        log.add("not reached");
    });
    EXPECT_EQ(co_await end_of(std::move(scope)), unhandled("[boom]"));
    EXPECT_EQ(log.text(), "inner-cancelled");
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(task_group, a_failure_in_the_inner_group_that_is_caught_leaves_the_outer_one_alone) {
    event_log log;
    co_await with_task_group([&log](task_group& outer) -> coro<> {
        (void)outer.create_task(note_after(2s, log, "outer"));
        auto inner = with_task_group([](task_group& group) -> coro<> {
            (void)group.create_task(fail_after(1s, "boom"));
            co_await sleep(1h);
        });
        EXPECT_TRUE((co_await as_result(std::move(inner))).holds<exception_group>());
        co_await sleep(500ms);
        log.add("body");
    });
    EXPECT_EQ(log.text(), "body outer");
}

// -- supervisor_group --

CO_TEST(supervisor_group, a_failure_leaves_the_others_alone_and_is_thrown_at_the_end) {
    event_log log;
    auto scope = with_supervisor_group([&log](supervisor_group& group) -> coro<> {
        (void)group.create_task(fail_after(1s, "a"));
        (void)group.create_task(fail_after(2s, "b"));
        (void)group.create_task(note_after(3s, log, "sibling"));
        co_await note_after(1500ms, log, "body");
    });
    EXPECT_EQ(co_await end_of(std::move(scope)),
              "unhandled errors in a supervisor group (2 exceptions): [a] [b]");
    EXPECT_EQ(log.text(), "body sibling");
}

CO_TEST(supervisor_group, a_handler_gets_each_failure_and_nothing_is_thrown) {
    event_log log;
    auto note = [&log](const any_task& child, const std::exception_ptr& error) {
        log.add(child.name() + ":" + describe(error));
    };
    const int value = co_await with_supervisor_group(
        [](supervisor_group& group) -> coro<int> {
            (void)group.create_task(fail_after(1s, "boom"), {.name = "one"});
            (void)group.create_task(fail_after(2s, "bang"), {.name = "two"});
            co_return 5;
        },
        note);
    EXPECT_EQ(value, 5);
    EXPECT_EQ(log.text(), "one:boom two:bang");
}

CO_TEST(supervisor_group, a_handler_may_start_the_child_again) {
    int starts = 0;
    supervisor_group* mine = nullptr;
    auto worker = [&starts]() -> coro<> {
        ++starts;
        co_await sleep(1s);
        if (starts < 3) {
            throw std::runtime_error("again");
        }
    };
    const auto start = now();
    co_await with_supervisor_group(
        [&](supervisor_group& group) -> coro<> {
            mine = &group;
            (void)group.create_task(worker);
            co_return;
        },
        [&](const any_task& /*child*/, const std::exception_ptr& /*error*/) {
            (void)mine->create_task(worker);
        });
    EXPECT_EQ(starts, 3);
    EXPECT_EQ(now() - start, 3s);
}

CO_TEST(supervisor_group, a_handler_that_throws_is_reported) {
    report_log reports;
    co_await with_supervisor_group(
        [](supervisor_group& group) -> coro<> {
            (void)group.create_task(fail_after(1s, "boom"));
            co_return;
        },
        [](const any_task& /*child*/, const std::exception_ptr& /*error*/) {
            throw std::runtime_error("clumsy");
        });
    EXPECT_EQ(reports.only().kind, report_kind::callback_failed);
    EXPECT_NE(reports.only().message.find("clumsy"), std::string::npos);
}

CO_TEST(supervisor_group, a_body_that_throws_has_the_children_cancelled) {
    event_log log;
    auto scope = with_supervisor_group([&log](supervisor_group& group) -> coro<> {
        (void)group.create_task(note_end(log, "child"));
        co_await sleep(1s);
        throw std::out_of_range("far");
    });
    EXPECT_EQ(co_await end_of(std::move(scope)),
              "unhandled errors in a supervisor group (1 exception): [far]");
    EXPECT_EQ(log.text(), "child-cancelled");
}

CO_TEST(supervisor_group, a_cancel_from_outside_and_cancel_work_as_in_a_task_group) {
    event_log log;
    auto t = create_task(
        [](event_log& log) -> coro<> {
            co_await with_supervisor_group([&log](supervisor_group& group) -> coro<> {
                (void)group.create_task(clean_up(1s, log, "cleaned"));
                co_return;
            });
        },
        std::ref(log));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "cleaned");
    co_await with_supervisor_group([&log](supervisor_group& group) -> coro<> {
        (void)group.create_task(clean_up(1s, log, "again"));
        co_await sleep(1s);
        group.cancel();
    });
    EXPECT_EQ(log.text(), "cleaned again");
}

} // namespace
} // namespace eddy
