// fd_test.cpp — a descriptor is closed once, by its last owner.
//
// Covers:    destruction, moving, release, reset and its error.

#include <eddy/base/fault_plan.hpp>
#include <eddy/io/fd.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <utility>

#include <fcntl.h>

namespace {

using eddy::owned_fd;

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

TEST(fd, an_owner_closes_what_it_holds) {
    int number = -1;
    {
        const owned_fd owner(eddy::sys::eventfd());
        number = owner.get();
        EXPECT_TRUE(owner);
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(fd, an_empty_owner_closes_nothing) {
    eddy::sys::fault_plan plan;
    {
        const owned_fd owner;
        EXPECT_FALSE(owner);
    }
    EXPECT_EQ(plan.calls(eddy::sys::call::close), 0U);
}

TEST(fd, moving_hands_the_duty_on) {
    owned_fd first(eddy::sys::eventfd());
    const int number = first.get();
    owned_fd second(std::move(first));
    owned_fd third;
    third = std::move(second);
    EXPECT_EQ(third.get(), number);
    EXPECT_TRUE(is_open(number));
    eddy::sys::fault_plan plan;
    third.reset();
    EXPECT_EQ(plan.calls(eddy::sys::call::close), 1U);
}

TEST(fd, assigning_closes_what_was_held_before) {
    owned_fd kept(eddy::sys::eventfd());
    const int old = kept.get();
    kept = owned_fd(eddy::sys::eventfd());
    EXPECT_FALSE(is_open(old));
    EXPECT_TRUE(is_open(kept.get()));
}

TEST(fd, a_released_descriptor_stays_open) {
    owned_fd owner(eddy::sys::eventfd());
    const owned_fd next(owner.release());
    EXPECT_FALSE(owner);
    EXPECT_TRUE(is_open(next.get()));
}

TEST(fd, reset_tells_of_an_error_of_close) {
    owned_fd owner(eddy::sys::eventfd());
    eddy::sys::fault_plan plan;
    plan.fail(eddy::sys::call::close, 1, EIO);
    EXPECT_EQ(owner.reset(), std::errc::io_error);
    EXPECT_FALSE(owner);
}

} // namespace
