// branch_word_test.cpp — the word that decides who resumes a branch, one transition at a time.
//
// Covers:    each transition of the word, one after the other.
// Not here:  transitions that race -> tests/model/branch_word_model.cpp.

#include <eddy/core/branch_word.hpp>

#include <gtest/gtest.h>

namespace eddy {
namespace {

struct alignas(8) fake_op {};

class branch_word_case : public testing::Test {
protected:
    branch_word<fake_op> word;
    fake_op waited;
};

TEST_F(branch_word_case, a_branch_suspends_and_its_wake_gives_the_right_to_schedule_it) {
    EXPECT_FALSE(word.waiting());
    EXPECT_EQ(word.suspend(waited), suspend_result::suspended);
    EXPECT_TRUE(word.waiting());
    EXPECT_TRUE(word.wake());
    EXPECT_FALSE(word.waiting());
}

TEST_F(branch_word_case, a_wake_before_the_suspension_is_met_by_it_once) {
    EXPECT_FALSE(word.wake());
    EXPECT_EQ(word.suspend(waited), suspend_result::fired);
    EXPECT_EQ(word.suspend(waited), suspend_result::suspended);
}

TEST_F(branch_word_case, a_request_before_the_suspension_is_met_by_it_and_stays) {
    EXPECT_EQ(word.begin_cancel().state, cancel_state::requested);
    EXPECT_TRUE(word.cancel_pending());
    EXPECT_EQ(word.suspend(waited), suspend_result::cancelled);
    EXPECT_FALSE(word.waiting());
    EXPECT_TRUE(word.take_cancel());
    EXPECT_FALSE(word.take_cancel());
    EXPECT_EQ(word.suspend(waited), suspend_result::suspended);
}

TEST_F(branch_word_case, of_a_wake_and_a_request_the_wake_comes_first) {
    EXPECT_EQ(word.begin_cancel().state, cancel_state::requested);
    EXPECT_FALSE(word.wake());
    EXPECT_EQ(word.suspend(waited), suspend_result::fired);
    EXPECT_TRUE(word.cancel_pending());
}

TEST_F(branch_word_case, a_second_request_changes_nothing) {
    EXPECT_EQ(word.begin_cancel().state, cancel_state::requested);
    EXPECT_EQ(word.begin_cancel().state, cancel_state::requested);
    EXPECT_TRUE(word.take_cancel());
    EXPECT_FALSE(word.cancel_pending());
}

TEST_F(branch_word_case, a_canceller_of_a_waiting_branch_locks_it_and_learns_the_op) {
    (void)word.suspend(waited);
    const auto start = word.begin_cancel();
    EXPECT_EQ(start.state, cancel_state::locked);
    EXPECT_EQ(start.waited, &waited);
    EXPECT_EQ(&word.locked_in(), &waited);
    EXPECT_EQ(word.begin_cancel().state, cancel_state::busy);
}

TEST_F(branch_word_case, an_aborted_op_gives_the_right_to_schedule_the_branch) {
    (void)word.suspend(waited);
    (void)word.begin_cancel();
    EXPECT_TRUE(word.end_cancel(waited, abort_result::aborted));
    EXPECT_FALSE(word.waiting());
    EXPECT_FALSE(word.cancel_pending());
}

TEST_F(branch_word_case, a_completed_op_wakes_and_the_request_stays_pending) {
    (void)word.suspend(waited);
    (void)word.begin_cancel();
    EXPECT_FALSE(word.end_cancel(waited, abort_result::completed));
    EXPECT_TRUE(word.waiting());
    EXPECT_TRUE(word.wake());
    EXPECT_TRUE(word.take_cancel());
}

TEST_F(branch_word_case, a_forwarded_request_is_used_up_and_the_branch_waits_on) {
    (void)word.suspend(waited);
    (void)word.begin_cancel();
    EXPECT_FALSE(word.end_cancel(waited, abort_result::forwarded));
    EXPECT_TRUE(word.waiting());
    EXPECT_FALSE(word.cancel_pending());
    EXPECT_EQ(word.begin_cancel().state, cancel_state::locked);
    EXPECT_FALSE(word.end_cancel(waited, abort_result::forwarded));
    EXPECT_TRUE(word.wake());
    EXPECT_FALSE(word.take_cancel());
}

TEST_F(branch_word_case, a_suspension_that_must_not_fail_keeps_the_request) {
    (void)word.begin_cancel();
    EXPECT_EQ(word.resuspend(waited), suspend_result::suspended);
    EXPECT_TRUE(word.waiting());
    EXPECT_TRUE(word.wake());
    EXPECT_TRUE(word.take_cancel());
    EXPECT_FALSE(word.wake());
    EXPECT_EQ(word.resuspend(waited), suspend_result::fired);
}

TEST_F(branch_word_case, a_branch_enters_its_group_once) {
    EXPECT_EQ(word.enter_group(waited), enter_result::entered);
    EXPECT_EQ(word.enter_group(waited), enter_result::already_waiting);
    EXPECT_TRUE(word.wake());
    (void)word.begin_cancel();
    EXPECT_EQ(word.enter_group(waited), enter_result::cancelled);
    EXPECT_FALSE(word.cancel_pending());
}

TEST_F(branch_word_case, a_look_finds_the_op_and_leaves_the_branch_waiting) {
    (void)word.suspend(waited);
    const auto start = word.begin_look();
    EXPECT_EQ(start.state, look_state::looked);
    EXPECT_EQ(start.waited, &waited);
    EXPECT_TRUE(word.waiting());
    word.end_look();
    EXPECT_FALSE(word.cancel_pending());
    EXPECT_EQ(word.begin_cancel().state, cancel_state::locked);
    EXPECT_FALSE(word.end_cancel(waited, abort_result::forwarded));
    EXPECT_TRUE(word.wake());
}

TEST_F(branch_word_case, a_look_keeps_a_request_that_is_pending) {
    (void)word.suspend(waited);
    (void)word.begin_cancel();
    (void)word.end_cancel(waited, abort_result::completed);
    EXPECT_EQ(word.begin_look().state, look_state::looked);
    word.end_look();
    EXPECT_TRUE(word.cancel_pending());
    EXPECT_TRUE(word.wake());
    EXPECT_TRUE(word.take_cancel());
}

TEST_F(branch_word_case, a_look_waits_for_nobody) {
    EXPECT_EQ(word.begin_look().state, look_state::runs);
    (void)word.suspend(waited);
    EXPECT_EQ(word.begin_look().state, look_state::looked);
    EXPECT_EQ(word.begin_look().state, look_state::busy);
    word.end_look();
    EXPECT_EQ(word.begin_cancel().state, cancel_state::locked);
    EXPECT_EQ(word.begin_look().state, look_state::busy);
    EXPECT_TRUE(word.end_cancel(waited, abort_result::aborted));
    EXPECT_FALSE(word.finish());
    EXPECT_EQ(word.begin_look().state, look_state::ended);
}

TEST_F(branch_word_case, a_branch_that_is_looked_at_is_in_its_group) {
    (void)word.enter_group(waited);
    (void)word.begin_look();
    EXPECT_EQ(word.enter_group(waited), enter_result::already_waiting);
    word.end_look();
    EXPECT_TRUE(word.wake());
}

TEST_F(branch_word_case, after_its_end_nothing_reaches_it) {
    EXPECT_FALSE(word.finish());
    EXPECT_EQ(word.begin_cancel().state, cancel_state::finished);
    EXPECT_FALSE(word.waiting());
}

TEST_F(branch_word_case, its_end_tells_of_a_request_that_was_not_delivered) {
    (void)word.begin_cancel();
    EXPECT_TRUE(word.finish());
    EXPECT_EQ(word.begin_cancel().state, cancel_state::finished);
}

} // namespace
} // namespace eddy
