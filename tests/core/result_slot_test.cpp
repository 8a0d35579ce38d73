// result_slot_test.cpp — nothing yet, a value, or an exception.
//
// Covers:    the states of a slot, taking and reading, what replaces what, and what is destroyed.

#include <eddy/core/result_slot.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace eddy {
namespace {

std::exception_ptr an_error() {
    return std::make_exception_ptr(std::runtime_error("bad"));
}

TEST(result_slot, it_is_empty_until_something_is_put_in) {
    result_slot<int> slot;
    EXPECT_EQ(slot.state(), slot_state::empty);
    slot.return_value(1);
    EXPECT_EQ(slot.state(), slot_state::value);
    EXPECT_EQ(slot.get(), 1);
}

TEST(result_slot, take_moves_and_get_does_not) {
    result_slot<std::string> slot;
    slot.return_value("a text that is too long to be kept inside of the string itself");
    const std::string copy = slot.get();
    EXPECT_EQ(slot.get(), copy);
    EXPECT_EQ(slot.take(), copy);
    EXPECT_EQ(slot.get(), "");
}

TEST(result_slot, an_error_is_thrown_by_both) {
    result_slot<int> slot;
    slot.set_error(an_error());
    EXPECT_EQ(slot.state(), slot_state::error);
    EXPECT_THROW((void)slot.get(), std::runtime_error);
    EXPECT_THROW((void)slot.take(), std::runtime_error);
}

TEST(result_slot, an_error_replaces_and_destroys_a_value) {
    const auto owner = std::make_shared<int>(1);
    result_slot<std::shared_ptr<int>> slot;
    slot.return_value(owner);
    EXPECT_EQ(owner.use_count(), 2);
    slot.set_error(an_error());
    EXPECT_EQ(owner.use_count(), 1);
    EXPECT_EQ(slot.state(), slot_state::error);
}

TEST(result_slot, its_end_destroys_the_value) {
    const auto owner = std::make_shared<int>(1);
    {
        result_slot<std::shared_ptr<int>> slot;
        slot.return_value(owner);
    }
    EXPECT_EQ(owner.use_count(), 1);
}

TEST(result_slot, a_reference_is_kept_as_the_object_it_refers_to) {
    int target = 1;
    result_slot<int&> slot;
    slot.return_value(target);
    EXPECT_EQ(&slot.get(), &target);
    EXPECT_EQ(&slot.take(), &target);
}

TEST(result_slot, nothing_can_be_a_result_too) {
    result_slot<void> slot;
    slot.return_void();
    EXPECT_EQ(slot.state(), slot_state::value);
    EXPECT_NO_THROW(slot.take());
    slot.set_error(an_error());
    EXPECT_THROW(slot.get(), std::runtime_error);
}

} // namespace
} // namespace eddy
