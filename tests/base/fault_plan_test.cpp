// fault_plan_test.cpp — which call fails.
//
// Covers:    which calls fail, which are shortened, what is counted.

#include <eddy/base/fault_plan.hpp>

#include <gtest/gtest.h>

#include <cerrno>

namespace {

using eddy::sys::call;
using eddy::sys::fault_plan;

TEST(fault_plan, is_in_force_while_it_lives) {
    EXPECT_EQ(fault_plan::active(), nullptr);
    {
        fault_plan plan;
        EXPECT_EQ(fault_plan::active(), &plan);
    }
    EXPECT_EQ(fault_plan::active(), nullptr);
}

TEST(fault_plan, fails_the_chosen_calls_and_no_others) {
    fault_plan plan;
    plan.fail(call::read, 2, EIO, 2);
    EXPECT_EQ(plan.take(call::read).error, 0);
    EXPECT_EQ(plan.take(call::write).error, 0);
    EXPECT_EQ(plan.take(call::read).error, EIO);
    EXPECT_EQ(plan.take(call::read).error, EIO);
    EXPECT_EQ(plan.take(call::read).error, 0);
    EXPECT_EQ(plan.calls(call::read), 4U);
    EXPECT_EQ(plan.calls(call::write), 1U);
}

TEST(fault_plan, can_fail_from_some_call_on_for_ever) {
    fault_plan plan;
    plan.fail(call::read, 3, EIO, fault_plan::no_limit);
    EXPECT_EQ(plan.take(call::read).error, 0);
    EXPECT_EQ(plan.take(call::read).error, 0);
    EXPECT_EQ(plan.take(call::read).error, EIO);
    EXPECT_EQ(plan.take(call::read).error, EIO);
}

TEST(fault_plan, shortens_the_chosen_calls) {
    fault_plan plan;
    plan.fail(call::write, 2, EIO);
    EXPECT_FALSE(plan.shortens());
    plan.shorten(call::write, 1, 3);
    EXPECT_TRUE(plan.shortens());
    EXPECT_EQ(plan.take(call::write).bytes_max, 3U);
    EXPECT_EQ(plan.take(call::write).bytes_max, fault_plan::no_limit);
}

} // namespace
