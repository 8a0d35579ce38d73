// future_case_test.cpp — tasks and futures among the things that a select waits for.
//
// Covers:    one that is done, one that comes later, one that fails, what the others lose: nothing.
// Not here:  the choice itself -> select_test.cpp.

#include <eddy/core/future.hpp>
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/sleep.hpp>
#include <eddy/sync/future_case.hpp>
#include <eddy/sync/select.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

using namespace std::chrono_literals;

namespace {

eddy::coro<int> after(std::chrono::milliseconds span, int value) {
    co_await eddy::sleep(span);
    co_return value;
}

CO_TEST(future_case, the_task_that_ends_first_is_chosen_and_the_other_goes_on) {
    const auto slow = eddy::create_task(after(20ms, 1));
    const auto quick = eddy::create_task(after(10ms, 2));
    const auto first = co_await eddy::select(slow, quick);
    CO_ASSERT_EQ(first.index(), 1U);
    EXPECT_EQ(std::get<1>(first), 2);
    EXPECT_EQ(co_await slow, 1);
}

CO_TEST(future_case, a_future_that_is_done_is_chosen_at_once_and_keeps_its_result) {
    eddy::promise<int> set;
    const eddy::future<int> result = set.get_future();
    set.set_value(3);
    const auto other = eddy::create_task(after(10ms, 1));
    const auto first = co_await eddy::select(result, other);
    CO_ASSERT_EQ(first.index(), 0U);
    EXPECT_EQ(std::get<0>(first), 3);
    EXPECT_EQ(co_await result, 3);
    EXPECT_EQ(co_await other, 1);
}

CO_TEST(future_case, the_failure_of_the_chosen_one_is_thrown) {
    eddy::promise<int> set;
    const eddy::future<int> result = set.get_future();
    set.set_exception(std::make_exception_ptr(std::runtime_error("no")));
    const auto task = eddy::create_task(after(10ms, 1));
    const auto first = co_await eddy::as_result(
        [&]() -> eddy::coro<> { (void)co_await eddy::select(result, task); }());
    EXPECT_TRUE(first.holds<std::runtime_error>());
    EXPECT_EQ(co_await task, 1);
}

} // namespace
