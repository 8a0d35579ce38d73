// errors_test.cpp — what eddy throws, and what catches it.
//
// Covers:    the texts of the exceptions, and what catches what.

#include <eddy/core/errors.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>

namespace eddy {
namespace {

TEST(errors, a_handler_of_runtime_errors_lets_a_cancel_pass) {
    static_assert(!std::is_base_of_v<std::runtime_error, cancelled_error>);
    static_assert(!std::is_base_of_v<std::logic_error, cancelled_error>);
    static_assert(std::is_base_of_v<std::exception, cancelled_error>);
    bool passed = false;
    try {
        try {
            throw cancelled_error();
        } catch (const std::runtime_error&) {
            ADD_FAILURE() << "caught a cancel";
        }
    } catch (const cancelled_error&) {
        passed = true;
    }
    EXPECT_TRUE(passed);
}

TEST(errors, a_cancel_carries_its_reason) {
    const cancelled_error with(std::make_shared<const std::string>("why"));
    EXPECT_EQ(with.reason(), "why");
    EXPECT_STREQ(with.what(), "why");
    const cancelled_error without;
    EXPECT_EQ(without.reason(), "");
    EXPECT_STREQ(without.what(), "cancelled");
}

TEST(errors, a_timeout_is_a_runtime_error_and_no_cancel) {
    static_assert(std::is_base_of_v<std::runtime_error, timeout_error>);
    static_assert(!std::is_base_of_v<cancelled_error, timeout_error>);
    EXPECT_STREQ(timeout_error().what(), "timed out");
}

TEST(errors, misuse_is_a_logic_error) {
    static_assert(std::is_base_of_v<std::logic_error, invalid_state_error>);
    static_assert(std::is_base_of_v<std::logic_error, already_running>);
    static_assert(std::is_base_of_v<std::logic_error, runtime_closed>);
}

TEST(errors, a_broken_promise_says_so) {
    EXPECT_NE(std::string(broken_promise_error().what()).find("promise"), std::string::npos);
}

TEST(errors, a_broken_barrier_is_a_runtime_error_as_in_asyncio) {
    static_assert(std::is_base_of_v<std::runtime_error, broken_barrier_error>);
    EXPECT_STREQ(broken_barrier_error().what(), "the barrier is broken");
}

} // namespace
} // namespace eddy
