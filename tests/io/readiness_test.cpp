// readiness_test.cpp — what is remembered of one direction, step by step.
//
// Covers:    every transition of the table in docs/design/registration.md.
// Not here:  interleavings -> tests/model/readiness_model.cpp.

#include <eddy/io/readiness.hpp>

#include <gtest/gtest.h>

namespace {

using eddy::call_found;
using eddy::call_start;
using eddy::wait_start;

struct alignas(16) waiter {};
using direction = eddy::readiness<waiter>;
using kind = direction::kind;

/// A direction whose last call has found nothing.
struct empty_direction : direction {
    empty_direction() {
        open();
        EXPECT_EQ(begin(), call_start::go);
        EXPECT_FALSE(end(call_found::nothing));
    }
    void call(call_found found) {
        ASSERT_EQ(begin(), call_start::go);
        EXPECT_FALSE(end(found));
    }
};

TEST(readiness, before_it_is_opened_it_is_closed) {
    direction none;
    waiter who;
    EXPECT_EQ(none.begin(), call_start::closed);
    EXPECT_EQ(none.wait(who), wait_start::closed);
}

TEST(readiness, a_new_descriptor_may_be_called) {
    direction fresh;
    fresh.open();
    EXPECT_TRUE(fresh.ready_hint());
    EXPECT_EQ(fresh.begin(), call_start::go);
}

TEST(readiness, a_call_that_did_all_may_be_followed_by_another) {
    empty_direction one;
    EXPECT_EQ(one.event(kind::edge), nullptr);
    one.call(call_found::more);
    one.call(call_found::more);
}

TEST(readiness, after_a_short_call_or_none_it_is_not_worth_while) {
    empty_direction one;
    EXPECT_EQ(one.begin(), call_start::not_ready);
    EXPECT_FALSE(one.ready_hint());
    EXPECT_EQ(one.event(kind::edge), nullptr);
    one.call(call_found::the_end);
    EXPECT_EQ(one.begin(), call_start::not_ready);
}

TEST(readiness, an_event_during_a_call_outlasts_it) {
    empty_direction one;
    for (const call_found each : {call_found::more, call_found::the_end, call_found::nothing}) {
        EXPECT_EQ(one.event(kind::edge), nullptr);
        ASSERT_EQ(one.begin(), call_start::go);
        EXPECT_EQ(one.event(kind::edge), nullptr);
        EXPECT_FALSE(one.end(each));
        one.call(call_found::nothing);
        EXPECT_EQ(one.begin(), call_start::not_ready);
    }
}

TEST(readiness, after_the_peers_end_a_short_call_is_followed_by_another) {
    empty_direction one;
    EXPECT_EQ(one.event(kind::last_edge), nullptr);
    one.call(call_found::the_end);
    one.call(call_found::the_end);
    one.call(call_found::nothing); // it was no end
    EXPECT_EQ(one.begin(), call_start::not_ready);
}

// The event came with bytes and the end after the call had found nothing.
TEST(readiness, an_end_that_comes_during_a_call_that_finds_nothing_is_not_forgotten) {
    direction one;
    one.open();
    ASSERT_EQ(one.begin(), call_start::go);
    EXPECT_EQ(one.event(kind::last_edge), nullptr);
    EXPECT_FALSE(one.end(call_found::nothing));
    ASSERT_EQ(one.begin(), call_start::go);
    EXPECT_FALSE(one.end(call_found::the_end));
    EXPECT_EQ(one.begin(), call_start::go);
}

TEST(readiness, an_event_gives_out_who_waits_once) {
    empty_direction one;
    waiter who;
    EXPECT_EQ(one.wait(who), wait_start::waiting);
    EXPECT_TRUE(one.has_waiter());
    EXPECT_EQ(one.event(kind::edge), &who);
    EXPECT_EQ(one.event(kind::edge), nullptr);
    EXPECT_FALSE(one.withdraw(who));
    EXPECT_EQ(one.begin(), call_start::go);
}

TEST(readiness, who_would_wait_for_what_has_come_is_told) {
    empty_direction one;
    waiter who;
    EXPECT_EQ(one.event(kind::edge), nullptr);
    EXPECT_EQ(one.wait(who), wait_start::ready);
}

TEST(readiness, who_withdraws_is_not_given_out) {
    empty_direction one;
    waiter who;
    waiter other;
    EXPECT_EQ(one.wait(who), wait_start::waiting);
    EXPECT_FALSE(one.withdraw(other));
    EXPECT_TRUE(one.withdraw(who));
    EXPECT_FALSE(one.has_waiter());
    EXPECT_EQ(one.event(kind::edge), nullptr);
}

TEST(readiness, a_second_user_is_refused) {
    empty_direction one;
    waiter who;
    waiter other;
    EXPECT_EQ(one.wait(who), wait_start::waiting);
    EXPECT_EQ(one.begin(), call_start::in_use);
    EXPECT_EQ(one.wait(other), wait_start::in_use);
    EXPECT_EQ(one.event(kind::edge), &who);
    ASSERT_EQ(one.begin(), call_start::go);
    EXPECT_EQ(one.begin(), call_start::in_use);
    EXPECT_EQ(one.wait(other), wait_start::in_use);
}

TEST(readiness, closing_gives_out_who_waits) {
    empty_direction one;
    waiter who;
    EXPECT_EQ(one.wait(who), wait_start::waiting);
    const auto [given, in_a_call] = one.close();
    EXPECT_EQ(given, &who);
    EXPECT_FALSE(in_a_call);
    EXPECT_EQ(one.begin(), call_start::closed);
    EXPECT_EQ(one.wait(who), wait_start::closed);
    EXPECT_EQ(one.event(kind::last_edge), nullptr);
    EXPECT_EQ(one.begin(), call_start::closed);
}

TEST(readiness, closing_during_a_call_leaves_the_rest_to_its_end) {
    direction one;
    one.open();
    ASSERT_EQ(one.begin(), call_start::go);
    const auto [given, in_a_call] = one.close();
    EXPECT_EQ(given, nullptr);
    EXPECT_TRUE(in_a_call);
    EXPECT_TRUE(one.end(call_found::more));
    EXPECT_EQ(one.begin(), call_start::closed);
}

} // namespace
