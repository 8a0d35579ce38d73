// spin_budget_test.cpp — who looks in vain looks less often.
//
// Covers:    what is found at once or later; what is left out after looks in vain, and its end.

#include <eddy/base/spin_budget.hpp>

#include <gtest/gtest.h>

namespace {

using eddy::spin_budget;

// How often it looked before it gave up.
int looks_in_vain(spin_budget& budget) {
    int looks = 0;
    EXPECT_FALSE(budget.look([&] {
        ++looks;
        return false;
    }));
    return looks;
}

TEST(spin_budget, what_is_there_is_found) {
    spin_budget budget;
    for (int i = 0; i != 100; ++i) {
        EXPECT_TRUE(budget.look([] { return true; }));
    }
}

TEST(spin_budget, what_comes_soon_is_waited_for_given_several_processors) {
    if (!spin_budget::several_processors()) {
        GTEST_SKIP() << "with one processor nobody looks twice";
    }
    spin_budget budget;
    int looks = 0;
    EXPECT_TRUE(budget.look([&] { return ++looks == 3; }));
}

TEST(spin_budget, after_looks_in_vain_more_and_more_are_left_out_given_several_processors) {
    if (!spin_budget::several_processors()) {
        GTEST_SKIP() << "with one processor nobody looks twice";
    }
    spin_budget budget;
    for (const int left_out : {1, 3, 7}) {
        EXPECT_GT(looks_in_vain(budget), 1);
        for (int i = 0; i != left_out; ++i) {
            EXPECT_EQ(looks_in_vain(budget), 1);
        }
    }
    EXPECT_GT(looks_in_vain(budget), 1);
}

TEST(spin_budget, a_find_after_a_real_look_ends_that_given_several_processors) {
    if (!spin_budget::several_processors()) {
        GTEST_SKIP() << "with one processor nobody looks twice";
    }
    spin_budget budget;
    (void)looks_in_vain(budget);
    EXPECT_EQ(looks_in_vain(budget), 1);
    EXPECT_TRUE(budget.look([] { return true; }));
    EXPECT_GT(looks_in_vain(budget), 1);
    EXPECT_EQ(looks_in_vain(budget), 1);
    EXPECT_GT(looks_in_vain(budget), 1);
}

} // namespace
