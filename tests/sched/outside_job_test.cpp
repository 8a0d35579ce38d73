// outside_job_test.cpp — jobs of a runtime that are with other threads.
//
// Covers:    hope while one lives, moving, the end before it dies, a job that outlives its runtime.
// Not here:  virtual time while a job runs -> exec/run_in_executor_test.cpp.

#include "sched/deadlock.hpp"
#include "sched/runtime_core.hpp"
#include <eddy/eddy.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace eddy {
namespace {

TEST(outside_job, keeps_hope_until_it_is_over) {
    runtime_core core({.workers = 1, .virtual_time = true});
    outside_job first(core.at(0));
    outside_job second(core.at(0));
    outside_job moved = std::move(first);
    EXPECT_EQ(core.deadlocks().hope_left(), hope::some);
    second.end();
    second.end();
    EXPECT_EQ(core.deadlocks().hope_left(), hope::some);
    moved = std::move(second);
    EXPECT_NE(core.deadlocks().hope_left(), hope::some);
    core.close();
}

TEST(outside_job, may_outlive_its_runtime) {
    std::optional<outside_job> kept;
    run(
        [](std::optional<outside_job>& kept) -> coro<> {
            kept.emplace();
            co_return;
        }(kept),
        {.workers = 1, .virtual_time = true});
    kept.reset();
}

TEST(outside_job, belongs_to_nobody_where_no_loop_runs) {
    outside_job nobodys;
    nobodys.end();
}

} // namespace
} // namespace eddy
