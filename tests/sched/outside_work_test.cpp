// outside_work_test.cpp — work that is announced keeps hope.
//
// Covers:    while it lives and no longer; several; outside of a loop.
// Not here:  threads that take their time -> stress/deadlock_stress.cpp.

#include "sched/deadlock.hpp"
#include "sched/runtime_core.hpp"
#include <eddy/eddy.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace eddy {
namespace {

TEST(outside_work, keeps_hope_while_it_lives) {
    runtime_core core({.workers = 1, .virtual_time = true});
    EXPECT_NE(core.deadlocks().hope_left(), hope::some);
    std::optional<outside_work> first(core.at(0));
    std::optional<outside_work> second(core.at(0));
    first.reset();
    EXPECT_EQ(core.deadlocks().hope_left(), hope::some);
    second.reset();
    EXPECT_NE(core.deadlocks().hope_left(), hope::some);
    core.close();
}

TEST(outside_work, needs_a_loop_to_tell) {
    EXPECT_THROW(const outside_work nowhere, no_running_loop);
}

} // namespace
} // namespace eddy
