// leak_check_test.cpp — what has not been given back is named.

#include <eddy/base/syscall.hpp>
#include <eddy/eddy.hpp>
#include <eddy/io/fd.hpp>
#include <eddy/testing/leak_check.hpp>
#include <eddy/testing/report_log.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> nothing() {
    co_return;
}

TEST(leak_check, what_was_there_before_is_no_leak) {
    const report_log ignored; // it is never awaited
    const auto earlier = nothing();
    const auto ends = sys::pipe2();
    const owned_fd read(ends[0]);
    const owned_fd write(ends[1]);
    const leak_check check;
    EXPECT_TRUE(check.leaks().empty());
}

TEST(leak_check, frames_are_counted) {
    const report_log ignored; // they are never awaited
    const leak_check check;
    {
        const auto one = nothing();
        ASSERT_EQ(check.leaks().size(), 1U);
        EXPECT_EQ(check.leaks()[0], "1 coroutine frame or control block");
    }
    EXPECT_TRUE(check.leaks().empty());
}

TEST(leak_check, descriptors_are_named) {
    const leak_check check;
    {
        const auto ends = sys::pipe2();
        const owned_fd read(ends[0]);
        const owned_fd write(ends[1]);
        ASSERT_EQ(check.leaks().size(), 2U);
        EXPECT_TRUE(check.leaks()[0].starts_with(
            "descriptor " + std::to_string(std::min(ends[0], ends[1])) + ", pipe:"))
            << check.leaks()[0];
    }
    EXPECT_TRUE(check.leaks().empty());
}

TEST(leak_check, a_runtime_that_ran_to_its_end_has_nothing_left) {
    const leak_check check;
    {
        runtime loops({.workers = 2, .virtual_time = true});
        loops.run_until_complete([]() -> coro<> { co_await sleep(1h); }());
        EXPECT_TRUE(leftovers_of(loops).empty());
    }
    EXPECT_TRUE(check.leaks().empty());
}

TEST(leak_check, what_is_left_in_a_runtime_is_named) {
    const auto ends = sys::pipe2();
    const owned_fd read(ends[0]);
    const owned_fd write(ends[1]);
    runtime loops({.workers = 1, .virtual_time = true});
    loops.run_until_complete([](int fd) -> coro<> {
        create_task([]() -> coro<> { co_await sleep(1h); }(), {.name = "sleeper"});
        create_task([](int fd) -> coro<> { co_await readable(fd); }(fd), {.name = "reader"});
        (void)get_running_loop().call_later(2h, [] {});
        co_await sleep(1ms);
    }(read.get()));
    const auto left = leftovers_of(loops);
    ASSERT_EQ(left.size(), 4U);
    EXPECT_NE(left[0].find("sleeper"), std::string::npos) << left[0];
    EXPECT_NE(left[1].find("reader"), std::string::npos) << left[1];
    EXPECT_EQ(left[2], "2 timers");
    EXPECT_EQ(left[3], "a wait for descriptor " + std::to_string(read.get()));
    const live_counts live = loops.live();
    EXPECT_EQ(live.tasks, 2U);
    EXPECT_EQ(live.timers, 2U);
    EXPECT_EQ(live.descriptors, 1U);
#ifndef EDDY_FRAME_CACHE_OFF // see above
    EXPECT_GE(live.frames, 4);
#endif
}

} // namespace
} // namespace eddy
