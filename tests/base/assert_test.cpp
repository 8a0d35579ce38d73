// assert_test.cpp — EDDY_ASSERT stops the program at a broken contract.
//
// Covers:    a condition that holds, one that does not, what is said about it, commas in the
//            condition.
// Not here:  the default per build type: it follows from NDEBUG and the sanitizers.

#if !defined(EDDY_ASSERTIONS)
#define EDDY_ASSERTIONS 1 // whatever the build type
#endif
#include <eddy/base/assert.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace {

TEST(assert, a_condition_that_holds_does_nothing) {
    EDDY_ASSERT(2 + 2 == 4);
    EDDY_ASSERT(std::pair<int, int>(1, 2).second == 2);
}

TEST(assert, is_an_expression_and_evaluates_its_condition_once) {
    int evaluated = 0;
    EDDY_ASSERT(++evaluated != 0);
    EXPECT_EQ(evaluated, 1);
}

TEST(assert_death, a_broken_contract_says_where_and_what_and_aborts) {
    EXPECT_EXIT(EDDY_ASSERT(1 == 2), testing::KilledBySignal(SIGABRT),
                "assert_test.cpp.*EDDY_ASSERT\\(1 == 2\\) failed");
}

} // namespace
