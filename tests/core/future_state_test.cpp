// future_state_test.cpp — who waits for a result, and who is told.
//
// Covers:    registering and leaving, the order of notifications, what a state says before and
//            after its end.
// Not here:  completers and waiters that race -> tests/stress.

#include <eddy/core/future.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace eddy {
namespace {

class note final : public future_waiter {
public:
    note(std::string& log, char name) noexcept : log_(log), name_(name) {}

private:
    void notify() noexcept override { log_ += name_; }
    std::string& log_;
    char name_;
};

class future_state_case : public testing::Test {
protected:
    state_ref<manual_state<int>> state = state_ref<manual_state<int>>::adopt(new manual_state<int>);
    std::string log;
    note a{log, 'a'};
    note b{log, 'b'};
    note c{log, 'c'};
};

TEST_F(future_state_case, waiters_are_notified_once_in_the_order_of_their_registration) {
    EXPECT_TRUE(state->add(a));
    EXPECT_TRUE(state->add(b));
    EXPECT_TRUE(state->add(c));
    EXPECT_EQ(log, "");
    EXPECT_TRUE(state->set_value(1));
    EXPECT_EQ(log, "abc");
    EXPECT_FALSE(state->set_value(2));
    EXPECT_EQ(log, "abc");
}

TEST_F(future_state_case, one_that_is_done_registers_nobody) {
    state->set_value(1);
    EXPECT_FALSE(state->add(a));
    EXPECT_EQ(log, "");
    EXPECT_FALSE(state->remove(a));
}

TEST_F(future_state_case, who_left_is_not_notified) {
    for (note* each : {&a, &b, &c}) {
        EXPECT_TRUE(state->add(*each));
    }
    EXPECT_TRUE(state->remove(b));
    EXPECT_FALSE(state->remove(b));
    EXPECT_TRUE(state->add(b)); // again, at the end
    EXPECT_TRUE(state->remove(a));
    state->set_value(1);
    EXPECT_EQ(log, "cb");
    EXPECT_FALSE(state->remove(c));
}

TEST_F(future_state_case, what_it_says_of_its_end) {
    EXPECT_FALSE(state->done() || state->failed() || state->cancelled());
    EXPECT_EQ(state->producer(), nullptr);
    auto failed = state_ref<manual_state<int>>::adopt(new manual_state<int>);
    failed->set_exception(std::make_exception_ptr(std::runtime_error("bad")));
    EXPECT_TRUE(failed->done() && failed->failed() && !failed->cancelled());
    auto cancelled = state_ref<manual_state<int>>::adopt(new manual_state<int>);
    EXPECT_TRUE(cancelled->set_cancelled());
    EXPECT_TRUE(cancelled->done() && cancelled->failed() && cancelled->cancelled());
    state->set_value(1);
    EXPECT_TRUE(state->done() && !state->failed() && !state->cancelled());
}

TEST_F(future_state_case, it_lives_as_long_as_somebody_refers_to_it) {
    const std::int64_t before = frame_cache::live_hint();
    auto second = state;
    state = {};
    EXPECT_EQ(frame_cache::live_hint(), before);
    EXPECT_TRUE(second->set_value(1));
    second = {};
    EXPECT_EQ(frame_cache::live_hint(), before - 1);
}

} // namespace
} // namespace eddy
