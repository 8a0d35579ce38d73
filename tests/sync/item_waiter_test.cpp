// item_waiter_test.cpp — who waits at an end of a queue, alone or as a case of a select.
//
// Covers:    claiming and waking of both kinds; a case that is too late is taken off and forgotten;
//            what an attempt means for a select.
// Not here:  threads -> tests/model/channel_model.cpp, tests/model/queue_model.cpp; what waits ->
//            channel_test.cpp, queue_test.cpp, blocking_test.cpp.

#include <eddy/sync/item_waiter.hpp>

#include <gtest/gtest.h>

namespace eddy {
namespace {

struct counted_claim final : select_claim {
    int fired = 0;
    void fire() noexcept override { ++fired; }
};

class waiter final : public end_waiter<> {
public:
    using end_waiter::bind;
    int woken = 0;

private:
    void wake_alone() noexcept override { ++woken; }
};

TEST(item_waiter, alone_takes_what_comes_and_is_woken_itself) {
    waiter alone;
    EXPECT_FALSE(alone.in_select());
    EXPECT_TRUE(alone.claim());
    alone.wake();
    EXPECT_EQ(alone.woken, 1);
}

TEST(item_waiter, as_a_case_claims_once_and_fires_the_select) {
    counted_claim claim;
    waiter one;
    waiter other;
    one.bind(claim, 0);
    other.bind(claim, 1);
    EXPECT_TRUE(one.in_select());
    EXPECT_TRUE(other.claim());
    EXPECT_FALSE(one.claim());
    EXPECT_EQ(claim.winner(), 1U);
    other.wake();
    EXPECT_EQ(claim.fired, 1);
    EXPECT_EQ(other.woken, 0);
}

TEST(item_waiter, whose_select_is_decided_is_taken_off_and_forgotten) {
    counted_claim claim;
    waiter late;
    waiter alone;
    late.bind(claim, 0);
    wait_list<waiter> waiters;
    waiters.push(late);
    waiters.push(alone);
    EXPECT_TRUE(claim.claim(1));
    EXPECT_EQ(pop_claimed(waiters), &alone);
    EXPECT_EQ(pop_claimed(waiters), nullptr);
    EXPECT_TRUE(waiters.empty());
}

TEST(item_waiter, an_attempt_that_is_over_makes_its_case_ready) {
    EXPECT_EQ(armed_by(attempt::done), select_arm::ready);
    EXPECT_EQ(armed_by(attempt::closed), select_arm::ready);
    EXPECT_EQ(armed_by(attempt::waits), select_arm::waits);
    EXPECT_EQ(armed_by(attempt::lost), select_arm::lost);
}

} // namespace
} // namespace eddy
