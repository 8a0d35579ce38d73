// wait_test.cpp — waiting for several tasks without cancelling any.
//
// Covers:    wait in its three modes and with a timeout, and as_completed.
// Not here:  gather -> core/gather_test.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

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
coro<int> fail_after(clock::duration delay) {
    co_await sleep(delay);
    throw std::runtime_error("bad");
}
std::vector<coro<int>> three() {
    std::vector<coro<int>> bodies;
    bodies.push_back(give_after(3s, 3));
    bodies.push_back(give_after(1s, 1));
    bodies.push_back(give_after(2s, 2));
    return bodies;
}
void cancel_all(const auto& tasks) {
    for (const auto& each : tasks) {
        each.cancel();
    }
}

CO_TEST(wait, for_all_is_the_default_and_gives_them_in_the_order_of_the_range) {
    const auto start = now();
    auto [done, pending] = co_await wait(three());
    EXPECT_EQ(now() - start, 3s);
    EXPECT_TRUE(pending.empty());
    EXPECT_EQ(done.size(), 3U);
    EXPECT_EQ(done[0].result(), 3);
    EXPECT_EQ(done[1].result(), 1);
    EXPECT_EQ(done[2].result(), 2);
}

CO_TEST(wait, for_the_first_leaves_the_others_running) {
    const auto start = now();
    auto [done, pending] = co_await wait(three(), {.when = return_when::first_completed});
    EXPECT_EQ(now() - start, 1s);
    EXPECT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].result(), 1);
    EXPECT_EQ(pending.size(), 2U);
    EXPECT_EQ(co_await pending[0], 3);
    EXPECT_EQ(co_await pending[1], 2);
}

CO_TEST(wait, for_the_first_exception_returns_when_one_fails) {
    auto bodies = three();
    bodies.push_back(fail_after(1500ms));
    const auto start = now();
    auto [done, pending] = co_await wait(std::move(bodies), {.when = return_when::first_exception});
    EXPECT_EQ(now() - start, 1500ms);
    EXPECT_EQ(done.size(), 2U);
    EXPECT_EQ(pending.size(), 2U);
    EXPECT_NE(done[1].exception(), nullptr);
    co_await gather(pending);
}

CO_TEST(wait, for_the_first_exception_is_a_wait_for_all_if_none_fails) {
    auto [done, pending] = co_await wait(three(), {.when = return_when::first_exception});
    EXPECT_EQ(done.size(), 3U);
    EXPECT_TRUE(pending.empty());
}

CO_TEST(wait, a_cancelled_task_is_no_first_exception) {
    std::vector<task<int>> tasks{create_task(give_after(1h, 1)), create_task(give_after(2s, 2))};
    auto w = create_task([](std::vector<task<int>> tasks) -> coro<std::size_t> {
        auto [done, pending] = co_await wait(tasks, {.when = return_when::first_exception});
        co_return done.size();
    }(tasks));
    co_await sleep(1s);
    tasks[0].cancel();
    EXPECT_EQ(co_await w, 2U);
}

CO_TEST(wait, a_timeout_returns_what_there_is_and_cancels_nothing) {
    const auto start = now();
    auto [done, pending] = co_await wait(three(), {.timeout = 1500ms});
    EXPECT_EQ(now() - start, 1500ms);
    EXPECT_EQ(done.size(), 1U);
    EXPECT_EQ(pending.size(), 2U);
    EXPECT_EQ(pending[0].cancelling(), 0U);
    co_await gather(pending);
    EXPECT_EQ(now() - start, 3s);
}

CO_TEST(wait, a_timeout_that_is_not_needed_changes_nothing) {
    const auto start = now();
    auto [done, pending] = co_await wait(three(), {.timeout = 1h});
    EXPECT_EQ(now() - start, 3s);
    EXPECT_EQ(done.size(), 3U);
}

CO_TEST(wait, a_timeout_of_zero_or_less_returns_in_the_same_moment) {
    const auto start = now();
    auto tasks = std::vector{create_task(give_after(1s, 1))};
    EXPECT_EQ((co_await wait(tasks, {.timeout = 0s})).pending.size(), 1U);
    EXPECT_EQ((co_await wait(tasks, {.timeout = -1s})).pending.size(), 1U);
    EXPECT_EQ(now(), start);
    co_await gather(tasks);
}

CO_TEST(wait, a_cancel_ends_it_and_the_tasks_go_on) {
    std::vector<task<int>> tasks{create_task(give_after(2s, 1)), create_task(give_after(3s, 2))};
    auto body = [](std::vector<task<int>> tasks) -> coro<> {
        (void)co_await wait(tasks, {.timeout = 1h});
    };
    auto w = create_task(body(tasks));
    co_await sleep(1s);
    w.cancel();
    EXPECT_TRUE((co_await as_result(w)).cancelled());
    EXPECT_EQ(co_await gather(tasks), (std::vector{1, 2}));
}

CO_TEST(wait, tasks_that_are_done_already_end_it_at_once) {
    std::vector<task<int>> tasks{create_task(give_after(1s, 1)), create_task(give_after(1h, 2))};
    co_await sleep(2s);
    const auto start = now();
    auto [done, pending] = co_await wait(tasks, {.when = return_when::first_completed});
    EXPECT_EQ(now(), start);
    EXPECT_EQ(done.size(), 1U);
    cancel_all(pending);
    (void)co_await as_result(pending.front());
}

CO_TEST(wait, for_futures_and_for_tasks_of_several_kinds) {
    promise<int> source;
    source.set_value(1);
    EXPECT_EQ((co_await wait(std::vector{source.get_future()})).done.size(), 1U);
    std::vector<any_task> mixed{create_task(give_after(1s, 1)),
                                create_task([]() -> coro<> { co_return; }())};
    EXPECT_EQ((co_await wait(mixed)).done.size(), 2U);
}

CO_TEST(wait, for_nothing_returns_at_once) {
    auto [done, pending] = co_await wait(std::vector<task<>>());
    EXPECT_TRUE(done.empty() && pending.empty());
}

CO_TEST(wait, a_failed_task_that_it_gives_is_reported_if_nobody_reads_it) {
    report_log log;
    {
        std::vector<coro<int>> bodies;
        bodies.push_back(fail_after(1s));
        const auto result = co_await wait(std::move(bodies));
        EXPECT_EQ(log.size(), 0U);
    }
    EXPECT_EQ(log.count(report_kind::never_retrieved), 1U);
}

// -- as_completed --

CO_TEST(as_completed, it_gives_tasks_as_they_end) {
    std::vector<int> order;
    const auto start = now();
    for (auto each = as_completed(three()); auto t = co_await each.next();) {
        order.push_back(t->result());
        EXPECT_EQ(now() - start, t->result() * 1s);
    }
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

CO_TEST(as_completed, a_slow_reader_gets_them_in_the_order_in_which_they_ended) {
    std::vector<int> order;
    auto each = as_completed(three());
    co_await sleep(10s);
    while (auto t = co_await each.next()) {
        order.push_back(t->result());
    }
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
    EXPECT_FALSE((co_await each.next()).has_value());
}

CO_TEST(as_completed, of_nothing_is_at_its_end) {
    auto each = as_completed(std::vector<task<>>());
    EXPECT_FALSE((co_await each.next()).has_value());
}

CO_TEST(as_completed, a_cancelled_next_loses_nothing) {
    auto each = as_completed(three());
    EXPECT_TRUE((co_await as_result(wait_for(each.next(), 500ms))).holds<timeout_error>());
    std::vector<int> order;
    while (auto t = co_await each.next()) {
        order.push_back(t->result());
    }
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

CO_TEST(as_completed, a_reader_that_stops_leaves_the_tasks_running) {
    std::vector<task<int>> tasks{create_task(give_after(1s, 1)), create_task(give_after(2s, 2))};
    {
        auto each = as_completed(tasks);
        EXPECT_EQ((co_await each.next())->result(), 1);
    }
    EXPECT_EQ(co_await tasks[1], 2);
}

CO_TEST(as_completed, failures_are_given_too) {
    std::vector<coro<int>> bodies;
    bodies.push_back(fail_after(1s));
    auto each = as_completed(std::move(bodies));
    auto failed = co_await each.next();
    EXPECT_EQ(describe(failed->exception()), "bad");
}

} // namespace
} // namespace eddy
