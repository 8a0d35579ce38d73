// select_claim_test.cpp — the first one that claims a select fires it.
//
// Covers:    claim and winner; a case that is called in time and one that is too late.
// Not here:  threads -> tests/model/select_model.cpp; whole selects -> sync/select_test.cpp.

#include <eddy/core/select_claim.hpp>

#include <gtest/gtest.h>

namespace eddy {
namespace {

struct counted_claim final : select_claim {
    int fired = 0;
    void fire() noexcept override { ++fired; }
};

struct some_case : detached_case {
    using detached_case::arm_ready;
    using detached_case::bind;
    using detached_case::wait_until_left;
};

TEST(select_claim, is_given_to_the_first_one) {
    counted_claim claim;
    EXPECT_EQ(claim.winner(), select_claim::nobody);
    EXPECT_TRUE(claim.claim(3));
    EXPECT_FALSE(claim.claim(1));
    EXPECT_FALSE(claim.claim(select_claim::cancel));
    EXPECT_EQ(claim.winner(), 3U);
}

TEST(detached_case, fires_the_select_if_it_is_the_first) {
    counted_claim claim;
    some_case first;
    some_case late;
    first.bind(claim, 0);
    late.bind(claim, 1);
    first.call();
    EXPECT_EQ(claim.fired, 1);
    late.call();
    late.wait_until_left(); // and may go: it is not touched any more
    EXPECT_EQ(claim.fired, 1);
    EXPECT_EQ(claim.winner(), 0U);
}

TEST(detached_case, that_is_ready_at_once_is_lost_if_another_was_faster) {
    counted_claim claim;
    some_case first;
    some_case second;
    first.bind(claim, 0);
    second.bind(claim, 1);
    EXPECT_EQ(first.arm_ready(), select_arm::ready);
    EXPECT_EQ(second.arm_ready(), select_arm::lost);
    EXPECT_EQ(claim.fired, 0); // the select looks itself
}

} // namespace
} // namespace eddy
