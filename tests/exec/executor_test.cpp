// executor_test.cpp — one body for every executor: what the interface promises.
//
// Covers:    submit, apply, apply_async, run_in_executor, cancels before and after the beginning,
//            exceptions, shutdown in its ways.
// Not here:  map -> executor_map_test.cpp; a bounded queue -> executor_queue_test.cpp; what one of
//            them has alone -> its own test.

#include "exec/executor_kinds.hpp"

#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace executor_test {

using namespace std::chrono_literals;

template <typename E>
class executor_test : public executor_case<E> {};

TYPED_TEST_SUITE(executor_test, executors, names);

// -- submit, run_in_executor --

TYPED_TEST(executor_test, a_future_gives_what_the_call_gives) {
    this->on_loops(2, [](TypeParam& on) -> coro<> {
        EXPECT_EQ(co_await on.submit(twice, 21), 42);
        const future<std::string> later = on.submit(joined, "a", std::string("b"));
        EXPECT_EQ(co_await later, "ab");
        co_await on.submit(nothing);
        const auto [a, b] =
            co_await gather(run_in_executor(on, twice, 1), run_in_executor(on, joined, "c", "d"));
        EXPECT_EQ(a, 2);
        EXPECT_EQ(b, "cd");
    });
}

TYPED_TEST(executor_test, a_future_throws_what_the_call_throws) {
    this->on_loops(2, [](TypeParam& on) -> coro<> {
        const auto bad = co_await as_result(on.submit(refuse_7, 7));
        CO_ASSERT_FALSE(bad);
        EXPECT_NE(describe(bad.error()).find("not 7"), std::string::npos);
        EXPECT_FALSE(co_await as_result(run_in_executor(on, refuse_7, 7)));
        EXPECT_EQ(co_await on.submit(refuse_7, 8), 8);
    });
}

TYPED_TEST(executor_test, a_cancel_before_the_call_begins_withdraws_it) {
    this->on_loops(1, [](TypeParam& on) -> coro<> {
        gate busy;
        gate ran;
        const auto first = on.submit(passed, busy.path(), 1);
        co_await busy.reached(1);
        const auto withdrawn = on.submit(noted, ran.path(), 2);
        auto waits = create_task(run_in_executor(on, noted, ran.path(), 3));
        co_await yield();
        EXPECT_TRUE(withdrawn.cancel());
        EXPECT_TRUE(waits.cancel());
        EXPECT_TRUE((co_await as_result(waits)).cancelled());
        busy.open();
        EXPECT_EQ(co_await first, 1);
        co_await on.aclose();
        EXPECT_EQ(ran.notes(), 0U);
    });
}

TYPED_TEST(executor_test, a_cancel_while_the_call_runs_is_delivered_at_once) {
    this->on_loops(1, [](TypeParam& on) -> coro<> {
        gate busy;
        auto runs = create_task(run_in_executor(on, passed, busy.path(), 1));
        co_await busy.reached(1);
        EXPECT_TRUE(runs.cancel());
        EXPECT_TRUE((co_await as_result(runs)).cancelled());
        busy.open();
        EXPECT_EQ(co_await on.submit(twice, 1), 2); // it is as good as before
    });
}

// -- apply, apply_async --

TYPED_TEST(executor_test, apply_blocks_until_the_result_is_there) {
    TypeParam on = this->make(2);
    EXPECT_EQ(on.apply(twice, 21), 42);
    EXPECT_EQ(on.apply(joined, "a", "b"), "ab");
    on.apply(nothing);
    EXPECT_THROW(on.apply(refuse_7, 7), std::exception);
}

TYPED_TEST(executor_test, on_the_thread_of_a_loop_what_blocks_is_refused) {
    this->on_loops(1, [](TypeParam& on) -> coro<> {
        EXPECT_THROW(on.apply(twice, 1), already_running);
        EXPECT_THROW(on.shutdown(), already_running);
        EXPECT_EQ(co_await run_in_executor(on, twice, 1), 2);
    });
}

TYPED_TEST(executor_test, the_callbacks_of_apply_async_are_called_by_the_loop) {
    this->on_loops(2, [](TypeParam& on) -> coro<> {
        promise<int> seen;
        promise<std::string> failed;
        const auto good = on.apply_async(
            twice, 21,
            [&](int result) {
                EXPECT_NE(try_get_running_loop(), nullptr);
                seen.set_value(result);
            },
            [&](const std::exception_ptr&) { ADD_FAILURE(); });
        const auto bad = on.apply_async(
            refuse_7, 7, [&](int) { ADD_FAILURE(); },
            [&](const std::exception_ptr& error) { failed.set_value(describe(error)); });
        EXPECT_EQ(co_await seen.get_future(), 42);
        EXPECT_EQ(co_await good, 42);
        EXPECT_NE((co_await failed.get_future()).find("not 7"), std::string::npos);
        EXPECT_FALSE(co_await as_result(bad));
    });
}

TYPED_TEST(executor_test, callbacks_may_be_left_out) {
    this->on_loops(2, [](TypeParam& on) -> coro<> {
        EXPECT_EQ(co_await on.apply_async(twice, 1), 2);
        promise<> called;
        co_await on.apply_async(nothing, [&] { called.set_value(); });
        co_await called.get_future();
        promise<> failed;
        const auto bad = on.apply_async(refuse_7, 7, nullptr,
                                        [&](const std::exception_ptr&) { failed.set_value(); });
        co_await failed.get_future();
        EXPECT_TRUE(bad.done());
    });
}

TYPED_TEST(executor_test, without_a_loop_the_callbacks_are_called_where_the_job_ends) {
    TypeParam on = this->make(1);
    std::promise<int> seen;
    (void)on.apply_async(twice, 4, [&](int result) { seen.set_value(result); });
    EXPECT_EQ(seen.get_future().get(), 8);
    std::promise<std::string> failed;
    (void)on.apply_async(refuse_7, 7, nullptr, [&](const std::exception_ptr& error) {
        failed.set_value(describe(error));
    });
    EXPECT_NE(failed.get_future().get().find("not 7"), std::string::npos);
}

TYPED_TEST(executor_test, a_callback_that_throws_is_reported) {
    const report_log reports;
    TypeParam on = this->make(1);
    (void)on.apply_async(twice, 4, [&](int) { throw std::runtime_error("by a callback"); });
    on.shutdown();
    ASSERT_EQ(reports.count(report_kind::callback_failed), 1U);
    EXPECT_NE(reports.all()[0].message.find("by a callback"), std::string::npos);
}

// -- the end --

TYPED_TEST(executor_test, shutdown_runs_what_is_queued_and_refuses_what_comes_later) {
    TypeParam on = this->make(1);
    const gate ran;
    for (int i = 0; i != 10; ++i) {
        (void)on.submit(noted, ran.path(), i);
    }
    on.shutdown();
    EXPECT_EQ(ran.notes(), 10U);
    EXPECT_THROW((void)on.submit(twice, 1), executor_shut_down);
    on.shutdown(); // may be called again
}

TYPED_TEST(executor_test, shutdown_can_cancel_what_has_not_begun) {
    TypeParam on = this->make(1);
    gate busy;
    const gate ran;
    const auto first = on.submit(passed, busy.path(), 1);
    busy.wait_until_reached(1);
    const auto queued = on.submit(noted, ran.path(), 2);
    on.shutdown({.wait = false, .cancel_pending = true});
    EXPECT_TRUE(queued.cancelled());
    busy.open();
    on.shutdown();
    EXPECT_EQ(first.result(), 1);
    EXPECT_EQ(ran.notes(), 0U);
}

TYPED_TEST(executor_test, aclose_suspends_until_all_has_ended) {
    this->on_loops(1, [](TypeParam& on) -> coro<> {
        const auto last = on.submit(twice, 4);
        co_await on.aclose();
        EXPECT_EQ(last.result(), 8);
        EXPECT_THROW((void)on.submit(twice, 1), executor_shut_down);
        EXPECT_TRUE((co_await as_result(on.map(twice, std::vector{1, 2, 3}).next()))
                        .template holds<executor_shut_down>());
        co_await on.aclose();
    });
}

TYPED_TEST(executor_test, one_that_nobody_used_ends_at_once) {
    TypeParam on = this->make(2);
    on.shutdown();
}

} // namespace executor_test
} // namespace eddy
