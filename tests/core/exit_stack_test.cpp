// exit_stack_test.cpp — cleanup that awaits runs in reverse order, whatever happens.
//
// Covers:    order, exceptions and suppression, resources, cancels, what is never run.

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

coro<> say(event_log& log, std::string word) {
    co_await sleep(1s);
    log.add(word);
}

/// Says when it is entered and left.
struct resource {
    event_log* log;
    std::string name;
    coro<> async_enter() {
        co_await yield();
        log->add("+" + name);
    }
    coro<> async_exit(std::exception_ptr error) {
        co_await yield();
        log->add("-" + name + (error == nullptr ? "" : "(" + describe(error) + ")"));
    }
};

CO_TEST(exit_stack, runs_what_was_deferred_after_the_body_the_last_one_first) {
    event_log log;
    co_await with_defers([&](defer_scope& scope) -> coro<> {
        scope.defer(say(log, "first"));
        scope.defer([&] { return say(log, "second"); });
        scope.defer([&] { log.add("third"); });
        co_await yield();
        log.add("body");
    });
    EXPECT_EQ(log.text(), "body third second first");
}

CO_TEST(exit_stack, gives_the_result_of_the_body) {
    event_log log;
    const int result = co_await with_defers([&](defer_scope& scope) -> coro<int> {
        scope.defer(say(log, "clean"));
        co_return 7;
    });
    EXPECT_EQ(result, 7);
    EXPECT_EQ(log.text(), "clean");
}

CO_TEST(exit_stack, runs_what_was_deferred_when_the_body_throws) {
    event_log log;
    auto failing = [&](defer_scope& scope) -> coro<> {
        scope.defer(say(log, "clean"));
        co_await yield();
        throw std::runtime_error("broken");
    };
    EXPECT_TRUE((co_await as_result(with_defers(failing))).holds<std::runtime_error>());
    EXPECT_EQ(log.text(), "clean");
}

CO_TEST(exit_stack, runs_what_was_deferred_when_the_body_is_cancelled) {
    event_log log;
    auto sleeping = [&](defer_scope& scope) -> coro<> {
        scope.defer(say(log, "first"));
        scope.defer(say(log, "second"));
        co_await sleep(1h);
    };
    const auto task = create_task(with_defers(sleeping));
    co_await sleep(1ms);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "second first");
}

CO_TEST(exit_stack, goes_on_with_the_others_when_a_second_cancel_interrupts_one) {
    event_log log;
    auto sleeping = [&](defer_scope& scope) -> coro<> {
        scope.defer(say(log, "first"));
        scope.defer(say(log, "second"));
        co_await sleep(1h);
    };
    const auto task = create_task(with_defers(sleeping));
    co_await sleep(1ms);
    (void)task.cancel();
    co_await sleep(1ms);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "first");
}

CO_TEST(exit_stack, enters_resources_and_leaves_them_in_reverse_order) {
    event_log log;
    co_await with(exit_stack(), [&](exit_stack& stack) -> coro<> {
        for (const char* name : {"a", "b", "c"}) {
            resource& entered = co_await stack.enter(resource{&log, name});
            EXPECT_EQ(entered.name, name);
        }
        log.add("body");
    });
    EXPECT_EQ(log.text(), "+a +b +c body -c -b -a");
}

CO_TEST(exit_stack, gives_what_entering_gives) {
    struct pool {
        coro<std::unique_ptr<int>> async_enter() { co_return std::make_unique<int>(7); }
        coro<> async_exit(std::exception_ptr /*error*/) { co_return; }
    };
    exit_stack stack;
    const std::unique_ptr<int>& lent = co_await stack.enter(pool());
    for (int i = 0; i != 20; ++i) { // the stack grows; what it keeps stays where it is
        stack.defer([] {});
    }
    EXPECT_EQ(*lent, 7);
    co_await stack.aclose();
}

CO_TEST(exit_stack, refers_to_a_resource_that_has_a_name) {
    event_log log;
    resource named{&log, "n"};
    exit_stack stack;
    EXPECT_EQ(&co_await stack.enter(named), &named);
    co_await stack.aclose();
    EXPECT_EQ(log.text(), "+n -n");
}

CO_TEST(exit_stack, does_not_leave_what_it_could_not_enter) {
    struct locked {
        coro<> async_enter() {
            co_await yield();
            throw std::runtime_error("locked");
        }
        coro<> async_exit(std::exception_ptr /*error*/) {
            ADD_FAILURE() << "left, and never entered";
            co_return;
        }
    };
    event_log log;
    auto body = [&](exit_stack& stack) -> coro<> {
        co_await stack.enter(resource{&log, "a"});
        co_await stack.enter(locked());
    };
    EXPECT_TRUE((co_await as_result(with(exit_stack(), body))).holds<std::runtime_error>());
    EXPECT_EQ(log.text(), "+a -a(locked)");
}

CO_TEST(exit_stack, gives_the_exception_on_its_way_to_what_was_pushed) {
    std::string seen;
    auto body = [&](exit_stack& stack) -> coro<> {
        stack.push([&](std::exception_ptr error) { seen += describe(error); });
        throw std::runtime_error("broken");
        co_return;
    };
    EXPECT_TRUE((co_await as_result(with(exit_stack(), body))).holds<std::runtime_error>());
    EXPECT_EQ(seen, "broken");
    exit_stack quiet;
    quiet.push([&](std::exception_ptr error) -> coro<> {
        seen += error == nullptr ? " none" : " some";
        co_return;
    });
    co_await quiet.aclose();
    EXPECT_EQ(seen, "broken none");
}

CO_TEST(exit_stack, drops_the_exception_if_what_was_pushed_says_so) {
    std::string seen;
    co_await with(exit_stack(), [&](exit_stack& stack) -> coro<> {
        stack.push([&](std::exception_ptr error) { seen += error == nullptr ? "none" : "some"; });
        stack.push([&](std::exception_ptr error) -> coro<suppress> {
            seen += describe(error) + " ";
            co_return suppress::yes;
        });
        throw std::runtime_error("broken");
        co_return;
    });
    EXPECT_EQ(seen, "broken none");
}

CO_TEST(exit_stack, runs_all_even_if_some_throw_and_throws_the_last_exception) {
    event_log log;
    report_log reports;
    exit_stack stack;
    stack.defer([&] { log.add("first"); });
    stack.defer([] { throw std::runtime_error("second"); });
    stack.defer([&] { log.add("third"); });
    stack.defer([] { throw std::invalid_argument("fourth"); });
    auto result = co_await as_result(stack.aclose());
    EXPECT_TRUE(result.holds<std::runtime_error>());
    EXPECT_EQ(describe(result.error()), "second");
    EXPECT_EQ(log.text(), "third first");
    EXPECT_TRUE(stack.empty());
    EXPECT_EQ(reports.only().kind, report_kind::replaced);
    EXPECT_NE(reports.only().message.find("fourth"), std::string::npos);
}

CO_TEST(exit_stack, reports_the_exception_of_the_body_once_when_a_cleanup_replaces_it) {
    report_log reports;
    auto body = [](defer_scope& scope) -> coro<> {
        scope.defer([] { throw std::invalid_argument("in the cleanup"); });
        throw std::runtime_error("in the body");
        co_return;
    };
    EXPECT_TRUE((co_await as_result(with_defers(body))).holds<std::invalid_argument>());
    EXPECT_EQ(reports.only().kind, report_kind::replaced);
    EXPECT_NE(reports.only().message.find("in the body"), std::string::npos);
}

CO_TEST(exit_stack, hands_its_entries_on_when_it_is_moved) {
    event_log log;
    exit_stack kept;
    {
        exit_stack stack;
        stack.defer(say(log, "later"));
        kept = std::move(stack);
    }
    EXPECT_EQ(log.text(), "");
    co_await kept.aclose();
    EXPECT_EQ(log.text(), "later");
}

CO_TEST(exit_stack, reports_what_never_ran) {
    event_log log;
    report_log reports;
    {
        exit_stack stack;
        stack.defer([&] { log.add("never"); });
        (void)co_await stack.enter(resource{&log, "a"});
        stack.defer(say(log, "never"));
    }
    EXPECT_EQ(log.text(), "+a");
    EXPECT_EQ(reports.count(report_kind::cleanup_skipped), 2U);
    EXPECT_EQ(reports.count(report_kind::never_awaited), 1U);
    EXPECT_EQ(reports.size(), 3U);
}

CO_TEST(exit_stack, is_left_with_a_generator_that_runs_in_it) {
    event_log log;
    auto items = with_defers([&log](defer_scope& scope) -> async_generator<int> {
        scope.defer(say(log, "clean"));
        for (int i = 0;; ++i) {
            co_yield i;
        }
    });
    EDDY_FOR(auto each, std::move(items)) {
        if (each == 3) {
            break;
        }
    }
    EXPECT_EQ(log.text(), "clean");
}

CO_TEST(exit_stack, may_have_very_many_entries) {
    std::size_t ran = 0;
    exit_stack stack;
    for (int i = 0; i != 10'000; ++i) {
        stack.defer([&ran] { ++ran; });
    }
    co_await stack.aclose();
    EXPECT_EQ(ran, 10'000U);
}

} // namespace
} // namespace eddy
