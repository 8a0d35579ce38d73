// siblings_test.cpp — one child stops the others.
//
// Covers:    who may still begin, who is first, who is cancelled.
// Not here:  what is built on it -> race_test.cpp, map_concurrent_test.cpp.

#include <eddy/core/own_branch.hpp>
#include <eddy/core/siblings.hpp>
#include <eddy/testing/co_test.hpp>

namespace eddy {
namespace {

CO_TEST(siblings, the_first_one_stops_the_others_and_nobody_begins_after_that) {
    siblings all(3);
    branch& mine = co_await own_branch_op();
    EXPECT_TRUE(all.enter(0, mine));
    EXPECT_EQ(all.stopped_by(), siblings::nobody);
    EXPECT_TRUE(all.stop(2, mine));
    EXPECT_FALSE(all.stop(0, mine));
    EXPECT_FALSE(all.enter(1, mine));
    EXPECT_EQ(all.stopped_by(), 2U);
    EXPECT_TRUE(mine.take_cancel());
    (void)mine.uncancel();
}

CO_TEST(siblings, who_stops_the_others_is_not_cancelled_itself) {
    siblings all(1);
    branch& mine = co_await own_branch_op();
    EXPECT_TRUE(all.enter(0, mine));
    EXPECT_TRUE(all.stop(0, mine));
    EXPECT_FALSE(mine.take_cancel());
}

} // namespace
} // namespace eddy
