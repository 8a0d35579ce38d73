// parking_test.cpp — who may sleep, and who is woken.
//
// Covers:    who is claimed and when; the limit of searchers; retracting; one eventfd write per
//            park.
// Not here:  interleavings -> tests/model/parking_model.cpp; eventfd and epoll -> runtime_test.cpp.

#include "sched/parking.hpp"

#include <gtest/gtest.h>

#include <set>

namespace eddy {
namespace {

TEST(park_token, a_worker_that_is_awake_needs_no_eventfd) {
    park_token token;
    EXPECT_FALSE(token.notify());
    EXPECT_FALSE(token.finish());
}

TEST(park_token, exactly_one_waker_writes_the_eventfd) {
    park_token token;
    token.prepare();
    EXPECT_TRUE(token.notify());
    EXPECT_FALSE(token.notify());
    EXPECT_TRUE(token.finish());
    EXPECT_FALSE(token.notify());
}

TEST(park_token, each_park_starts_afresh) {
    park_token token;
    token.prepare();
    EXPECT_TRUE(token.notify());
    token.finish();
    token.prepare();
    EXPECT_FALSE(token.finish());
    token.prepare();
    EXPECT_TRUE(token.notify());
}

TEST(idle_set, nobody_is_claimed_while_nobody_is_parked) {
    idle_set idle{4};
    EXPECT_EQ(idle.claim_wake(), -1);
    EXPECT_EQ(idle.searching_hint(), 0u);
}

TEST(idle_set, a_claimed_worker_counts_as_searching_and_holds_back_the_next_wake) {
    idle_set idle{4};
    idle.announce(1);
    idle.announce(3);
    EXPECT_EQ(idle.claim_wake(), 1);
    EXPECT_EQ(idle.searching_hint(), 1u);
    EXPECT_EQ(idle.claim_wake(), -1);
    EXPECT_FALSE(idle.retract(1));
    EXPECT_TRUE(idle.stop_search());
    EXPECT_EQ(idle.claim_wake(), 3);
}

TEST(idle_set, a_worker_that_retracts_in_time_is_not_claimed) {
    idle_set idle{2};
    idle.announce(0);
    EXPECT_TRUE(idle.retract(0));
    EXPECT_EQ(idle.claim_wake(), -1);
    EXPECT_EQ(idle.searching_hint(), 0u);
}

TEST(idle_set, half_of_the_workers_rounded_up_may_search) {
    for (unsigned workers = 1; workers != 9; ++workers) {
        idle_set idle{workers};
        unsigned searching = 0;
        while (idle.start_search()) {
            ++searching;
        }
        EXPECT_EQ(searching, (workers + 1) / 2);
        while (searching-- != 1) {
            EXPECT_FALSE(idle.stop_search());
        }
        EXPECT_TRUE(idle.stop_search());
    }
}

TEST(idle_set, each_of_the_most_workers_there_can_be_is_claimed_once) {
    idle_set idle{idle_set<>::workers_max};
    for (unsigned k = 0; k != idle_set<>::workers_max; ++k) {
        idle.announce(k);
    }
    std::set<int> claimed;
    for (int k = idle.claim_wake(); k >= 0; k = idle.claim_wake()) {
        claimed.insert(k);
        EXPECT_TRUE(idle.stop_search());
    }
    EXPECT_EQ(claimed.size(), idle_set<>::workers_max);
}

} // namespace
} // namespace eddy
