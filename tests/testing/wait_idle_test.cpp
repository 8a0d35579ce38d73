// wait_idle_test.cpp — the moment at which nobody else has anything to do.
//
// Covers:    what counts as something to do: steps, callbacks, descriptors, calls in executors; and
//            what does not, sleeping; real time, in which there is no such moment.

#include <eddy/base/syscall.hpp>
#include <eddy/eddy.hpp>
#include <eddy/io/fd.hpp>
#include <eddy/testing/co_test.hpp>
#include <eddy/testing/wait_idle.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>

namespace eddy {
namespace {

using namespace std::chrono_literals;

constexpr int turns = 100;

coro<> take_turns(std::atomic<int>& taken) {
    for (int i = 0; i != turns; ++i) {
        co_await yield();
        ++taken;
    }
}

CO_TEST(wait_idle, tasks_that_can_run_have_come_as_far_as_they_can) {
    std::atomic<int> taken = 0;
    event go;
    const auto first = create_task(take_turns(taken));
    const auto second = create_task([&]() -> coro<> {
        co_await take_turns(taken);
        co_await go.wait();
        ++taken;
    });
    co_await wait_idle();
    EXPECT_TRUE(first.done());
    EXPECT_EQ(taken, 2 * turns);
    EXPECT_EQ(second.stage(), task_state::suspended);
    go.set();
    co_await wait_idle();
    EXPECT_TRUE(second.done());
}

CO_TEST(wait_idle, who_sleeps_is_not_waited_for) {
    const auto asleep = create_task(sleep(1us));
    const auto before = now();
    co_await wait_idle();
    EXPECT_FALSE(asleep.done());
    EXPECT_EQ(now() - before, 1ns);
    co_await asleep;
}

CO_TEST(wait_idle, callbacks_that_call_each_other_are_waited_for) {
    int called = 0;
    event_loop& loop = get_running_loop();
    const std::function<void()> again = [&] {
        if (++called != turns) {
            (void)loop.call_soon(again);
        }
    };
    (void)loop.call_soon(again);
    co_await wait_idle();
    EXPECT_EQ(called, turns);
}

CO_TEST(wait_idle, what_a_descriptor_has_brought_is_worked_off) {
    const auto ends = sys::pipe2();
    const owned_fd out(ends[0]);
    const owned_fd in(ends[1]);
    const auto reader = create_task([&]() -> coro<> { co_await readable(out.get()); });
    co_await wait_idle();
    EXPECT_FALSE(reader.done());
    const std::array<std::byte, 1> one{};
    (void)sys::write(in.get(), one);
    co_await wait_idle();
    EXPECT_TRUE(reader.done());
}

CO_TEST(wait_idle, a_call_in_an_executor_is_waited_for) {
    std::atomic<int> taken = 0;
    const auto caller = create_task([&]() -> coro<> {
        for (int i = 0; i != 3; ++i) {
            co_await to_thread([&] { ++taken; });
        }
    });
    co_await wait_idle();
    EXPECT_TRUE(caller.done());
    EXPECT_EQ(taken, 3);
}

TEST(wait_idle, in_real_time_it_says_that_there_is_no_such_moment) {
    EXPECT_THROW(run(wait_idle(), {.workers = 1, .virtual_time = false}), invalid_state_error);
}

} // namespace
} // namespace eddy
