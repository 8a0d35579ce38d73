// with_test.cpp — a resource is entered before a body and left after it, and both may await.
//
// Covers:    what enter gives, results, exceptions and who replaces whom, suppression, cancels,
//            generators as bodies.
// Not here:  what must not compile -> tests/compile_fail; many cleanups -> exit_stack_test.cpp; a
//            cancel at every suspension -> tests/stress/cancel_points_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

/// Says what is done with it; both ends take a second.
class resource {
public:
    explicit resource(event_log& log) : log_(&log) {}
    coro<> async_enter() {
        co_await sleep(1s);
        log_->add("enter");
    }
    coro<> async_exit(std::exception_ptr error) {
        log_->add(error == nullptr ? "leave" : "leave(" + describe(error) + ")");
        co_await sleep(1s);
        log_->add("left");
    }

private:
    event_log* log_;
};

coro<> nothing(resource& /*of*/) {
    co_return;
}

CO_TEST(with, enters_runs_and_leaves_and_both_ends_may_wait) {
    event_log log;
    const auto start = now();
    co_await with(resource(log), [&log](resource& /*of*/) -> coro<> {
        co_await sleep(1s);
        log.add("body");
    });
    EXPECT_EQ(log.text(), "enter body leave left");
    EXPECT_EQ(now() - start, 3s);
}

CO_TEST(with, does_nothing_until_it_is_awaited) {
    event_log log;
    auto whole = with(resource(log), nothing);
    co_await yield();
    EXPECT_EQ(log.text(), "");
    co_await std::move(whole);
    EXPECT_EQ(log.text(), "enter leave left");
}

CO_TEST(with, gives_the_result_of_the_body) {
    event_log log;
    EXPECT_EQ(co_await with(resource(log), [](resource&) -> coro<int> { co_return 7; }), 7);
    const auto owned = co_await with(resource(log), [](resource&) -> coro<std::unique_ptr<int>> {
        co_return std::make_unique<int>(8);
    });
    EXPECT_EQ(*owned, 8);
    int target = 0;
    int& same = co_await with(resource(log), [&](resource&) -> coro<int&> { co_return target; });
    EXPECT_EQ(&same, &target);
}

CO_TEST(with, refers_to_a_resource_that_has_a_name) {
    struct counting {
        int entered = 0;
        coro<> async_enter() {
            ++entered;
            co_return;
        }
        coro<> async_exit(std::exception_ptr /*error*/) { co_return; }
        counting() = default;
        counting(const counting&) = delete;
        counting& operator=(const counting&) = delete;
        counting(counting&&) = delete;
        counting& operator=(counting&&) = delete;
        ~counting() = default;
    };
    counting named;
    counting* seen = nullptr;
    co_await with(named, [&](counting& given) -> coro<> {
        seen = &given;
        co_return;
    });
    EXPECT_EQ(seen, &named);
    EXPECT_EQ(named.entered, 1);
}

CO_TEST(with, calls_the_body_with_what_enter_gives) {
    struct connection {
        std::string to;
    };
    struct pool {
        coro<connection> async_enter() { co_return connection{"there"}; }
        coro<> async_exit(std::exception_ptr /*error*/) { co_return; }
    };
    const auto to = co_await with(
        pool(), [](connection& it) -> coro<std::string> { co_return std::move(it.to); });
    EXPECT_EQ(to, "there");
    struct lender {
        connection& lent;
        coro<connection&> async_enter() { co_return lent; }
        coro<> async_exit(std::exception_ptr /*error*/) { co_return; }
    };
    connection mine{"here"};
    co_await with(lender{mine}, [&](connection& it) -> coro<> {
        EXPECT_EQ(&it, &mine);
        co_return;
    });
}

CO_TEST(with, closes_what_has_just_an_aclose) {
    struct closable {
        event_log* log;
        coro<> aclose() {
            co_await yield();
            log->add("closed");
        }
    };
    event_log log;
    co_await with(closable{&log}, [&](closable& /*it*/) -> coro<> {
        log.add("body");
        co_return;
    });
    EXPECT_EQ(log.text(), "body closed");
}

CO_TEST(with, closes_a_generator_also_if_the_loop_throws) {
    event_log log;
    auto items = [](event_log& log) -> async_generator<int> {
        std::exception_ptr error;
        try {
            for (int i = 0;; ++i) {
                co_yield i;
            }
        } catch (...) {
            error = std::current_exception();
        }
        co_await sleep(1s);
        log.add("clean");
        std::rethrow_exception(error);
    };
    auto failing = [](auto& from) -> coro<> {
        EDDY_FOR(auto each, from) {
            if (each == 2) {
                throw std::runtime_error("planned");
            }
        }
    };
    EXPECT_TRUE((co_await as_result(with(items(log), failing))).holds<std::runtime_error>());
    EXPECT_EQ(log.text(), "clean");
}

// -- exceptions --

CO_TEST(with, leaves_with_the_exception_of_the_body_and_throws_it) {
    event_log log;
    auto fail = [](resource& /*of*/) -> coro<int> {
        co_await yield();
        throw std::runtime_error("broken");
    };
    auto result = co_await as_result(with(resource(log), fail));
    EXPECT_TRUE(result.holds<std::runtime_error>());
    EXPECT_EQ(log.text(), "enter leave(broken) left");
}

CO_TEST(with, leaves_also_if_the_body_throws_before_it_is_a_coroutine) {
    event_log log;
    auto refuse = [](resource& /*of*/) -> coro<> { throw std::runtime_error("refused"); };
    EXPECT_TRUE((co_await as_result(with(resource(log), refuse))).holds<std::runtime_error>());
    EXPECT_EQ(log.text(), "enter leave(refused) left");
}

CO_TEST(with, does_not_leave_what_it_could_not_enter) {
    struct locked {
        event_log* log;
        coro<> async_enter() {
            co_await yield();
            throw std::runtime_error("locked");
        }
        coro<> async_exit(std::exception_ptr /*error*/) {
            log->add("left");
            co_return;
        }
    };
    event_log log;
    auto body = [&log](locked& /*of*/) -> coro<> {
        log.add("body");
        co_return;
    };
    EXPECT_TRUE((co_await as_result(with(locked{&log}, body))).holds<std::runtime_error>());
    EXPECT_EQ(log.text(), "");
}

struct failing_exit {
    coro<> async_enter() { co_return; }
    coro<> async_exit(std::exception_ptr /*error*/) {
        co_await yield();
        throw std::invalid_argument("in the exit");
    }
};

CO_TEST(with, throws_what_the_exit_throws) {
    auto body = [](failing_exit& /*of*/) -> coro<int> { co_return 1; };
    EXPECT_TRUE((co_await as_result(with(failing_exit(), body))).holds<std::invalid_argument>());
}

CO_TEST(with, reports_the_exception_that_the_exit_replaces) {
    report_log reports;
    auto body = [](failing_exit& /*of*/) -> coro<> {
        co_await yield();
        throw std::runtime_error("in the body");
    };
    EXPECT_TRUE((co_await as_result(with(failing_exit(), body))).holds<std::invalid_argument>());
    const report only = reports.only();
    EXPECT_EQ(only.kind, report_kind::replaced);
    EXPECT_NE(only.message.find("in the body"), std::string::npos) << only.message;
    EXPECT_NE(only.message.find("in the exit"), std::string::npos) << only.message;
}

CO_TEST(with, reports_nothing_if_the_exit_throws_the_same_exception_again) {
    struct rethrowing {
        coro<> async_enter() { co_return; }
        coro<> async_exit(std::exception_ptr error) {
            std::rethrow_exception(std::move(error));
            co_return;
        }
    };
    auto body = [](rethrowing& /*of*/) -> coro<> {
        throw std::runtime_error("in the body");
        co_return;
    };
    EXPECT_TRUE((co_await as_result(with(rethrowing(), body))).holds<std::runtime_error>());
}

// -- suppression --

struct suppressing {
    suppress verdict;
    coro<> async_enter() { co_return; }
    coro<suppress> async_exit(std::exception_ptr /*error*/) {
        co_await yield();
        co_return verdict;
    }
};

CO_TEST(with, drops_an_exception_only_if_the_exit_says_so) {
    auto fail = [](suppressing& /*of*/) -> coro<> {
        throw std::runtime_error("broken");
        co_return;
    };
    co_await with(suppressing{suppress::yes}, fail);
    EXPECT_TRUE(
        (co_await as_result(with(suppressing{suppress::no}, fail))).holds<std::runtime_error>());
}

CO_TEST(with, gives_no_result_if_the_exception_was_dropped) {
    auto body = [](int value) {
        return [value](suppressing& /*of*/) -> coro<int> {
            co_await yield();
            if (value == 0) {
                throw std::runtime_error("broken");
            }
            co_return value;
        };
    };
    EXPECT_EQ(co_await with(suppressing{suppress::yes}, body(3)), 3);
    EXPECT_EQ(co_await with(suppressing{suppress::yes}, body(0)), std::nullopt);
}

// -- cancel --

CO_TEST(with, leaves_after_a_cancel_and_what_the_exit_awaits_works) {
    event_log log;
    const auto start = now();
    auto sleeping = [](resource& /*of*/) -> coro<> { co_await sleep(1h); };
    const auto task = create_task(with(resource(log), sleeping));
    co_await sleep(2s);
    (void)task.cancel("enough");
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "enter leave(enough) left");
    EXPECT_EQ(now() - start, 3s);
}

CO_TEST(with, lets_a_second_cancel_reach_what_the_exit_awaits) {
    event_log log;
    auto sleeping = [](resource& /*of*/) -> coro<> { co_await sleep(1h); };
    const auto task = create_task(with(resource(log), sleeping));
    co_await sleep(2s);
    (void)task.cancel("first");
    co_await sleep(1ms);
    (void)task.cancel("second");
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "enter leave(first)");
}

CO_TEST(with, gives_the_result_if_the_cancel_came_in_the_last_step_of_the_body) {
    event_log log;
    auto cancelled_at_its_end = [](resource& /*of*/) -> coro<int> {
        (void)current_task().cancel();
        co_return 7;
    };
    auto whole = [](auto body, event_log& log) -> coro<std::string> {
        const int value = co_await with(resource(log), body);
        log.add(std::to_string(value));
        co_await sleep(1ms); // here the cancel is delivered
        co_return "not cancelled";
    };
    EXPECT_TRUE((co_await as_result(create_task(whole(cancelled_at_its_end, log)))).cancelled());
    EXPECT_EQ(log.text(), "enter leave left 7");
}

CO_TEST(with, counts_a_cancel_once_though_it_waits_for_the_exit) {
    unsigned counted = 0;
    auto body = [](resource& /*of*/) -> coro<> {
        (void)current_task().cancel();
        co_return;
    };
    event_log log;
    auto whole = [&]() -> coro<> {
        co_await with(resource(log), body);
        counted = current_task().cancelling();
    };
    (void)co_await as_result(create_task(whole()));
    EXPECT_EQ(counted, 1U);
}

CO_TEST(with, does_not_leave_what_a_cancel_kept_it_from_entering) {
    event_log log;
    const auto task = create_task(with(resource(log), nothing));
    co_await sleep(1ms);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "");
}

CO_TEST(with, stays_within_a_timeout_that_waits_for_the_exit) {
    event_log log;
    const auto start = now();
    auto sleeping = [](resource& /*of*/) -> coro<> { co_await sleep(1h); };
    EXPECT_TRUE(
        (co_await as_result(wait_for(with(resource(log), sleeping), 2s))).holds<timeout_error>());
    EXPECT_EQ(log.text(), "enter leave(cancelled) left");
    EXPECT_EQ(now() - start, 3s);
}

// -- a generator as the body --

async_generator<int> count(resource& /*of*/) {
    for (int i = 1; i <= 3; ++i) {
        co_await yield();
        co_yield i;
    }
}

CO_TEST(with, of_a_generator_is_a_generator_within_the_resource) {
    event_log log;
    auto items = with(resource(log), count);
    EXPECT_EQ(log.text(), "");
    EXPECT_EQ(co_await items.next(), 1);
    EXPECT_EQ(log.text(), "enter");
    EXPECT_EQ(co_await lazy::collect(std::move(items)), (std::vector{2, 3}));
    EXPECT_EQ(log.text(), "enter leave left");
}

CO_TEST(with, of_a_generator_leaves_when_that_is_closed) {
    event_log log;
    EDDY_FOR(auto each, with(resource(log), count)) {
        EXPECT_EQ(each, 1);
        break;
    }
    EXPECT_EQ(log.text(), "enter leave(unknown exception) left");
}

CO_TEST(with, of_a_generator_leaves_with_what_that_throws) {
    event_log log;
    auto failing = [](resource& /*of*/) -> async_generator<int> {
        co_yield 1;
        throw std::runtime_error("broken");
    };
    auto items = with(resource(log), failing);
    EXPECT_EQ(co_await items.next(), 1);
    EXPECT_TRUE((co_await as_result(items.next())).holds<std::runtime_error>());
    EXPECT_EQ(log.text(), "enter leave(broken) left");
}

CO_TEST(with, of_a_generator_that_is_destroyed_unfinished_reports_that_it_never_left) {
    event_log log;
    report_log reports;
    constexpr unsigned line = __LINE__ + 2;
    {
        auto items = with(resource(log), count);
        (void)co_await items.next();
    }
    EXPECT_EQ(log.text(), "enter");
    const report only = reports.only();
    EXPECT_EQ(only.kind, report_kind::cleanup_skipped);
    EXPECT_EQ(only.site.line(), line);
}

CO_TEST(with, of_a_generator_that_was_never_begun_reports_nothing) {
    event_log log;
    {
        const auto items = with(resource(log), count);
    }
    EXPECT_EQ(log.text(), "");
    co_return;
}

CO_TEST(with, of_a_generator_hears_of_a_cancel_and_leaves) {
    event_log log;
    auto waiting = [](resource& /*of*/) -> async_generator<int> {
        co_yield 1;
        co_await sleep(1h);
    };
    const auto task = create_task(lazy::collect(with(resource(log), waiting)));
    co_await sleep(2s);
    (void)task.cancel("enough");
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "enter leave(enough) left");
}

} // namespace
} // namespace eddy
