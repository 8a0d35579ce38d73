// metrics_test.cpp — what a runtime counts, and what the report of a slow step says.
//
// Covers:    steps, tasks, slow steps: each once; the stack of the thread that is in one.

#include <eddy/eddy.hpp>
#include <eddy/sched/metrics.hpp>
#include <eddy/testing/report_log.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>

namespace eddy {

using namespace std::chrono_literals;

// Exported, so that it has a name while the program runs.
EDDY_API __attribute__((noinline)) void block_in_a_named_function(const std::atomic<bool>& over) {
    while (!over.load()) {
    }
}

namespace {

coro<> nothing() {
    co_return;
}

TEST(metrics, tasks_and_steps_are_counted) {
    run(
        []() -> coro<> {
            const runtime_metrics before = metrics(get_running_loop());
            EXPECT_EQ(before.tasks, 1U);
            const task<> other = create_task(nothing());
            EXPECT_EQ(metrics(get_running_loop()).tasks, 2U);
            co_await other;
            const runtime_metrics after = metrics(get_running_loop());
            EXPECT_EQ(after.tasks, 1U);
            EXPECT_GE(after.steps_total, before.steps_total + 2);
            EXPECT_EQ(after.loop_stalls_total, 0U);
        }(),
        {.workers = 1});
}

// Blocks its worker until the report of that is there.
coro<> block_until_reported(std::atomic<bool>& reported, std::uint64_t& stalls) {
    block_in_a_named_function(reported);
    stalls = metrics(get_running_loop()).loop_stalls_total;
    co_return;
}

std::string report_of_a_slow_step(runtime_options options, std::uint64_t& stalls) {
    std::atomic<bool> reported{false};
    std::string message;
    const unhandled_handler before = on_unhandled([&](const report& what) {
        if (what.kind == report_kind::slow_step && !reported.load()) {
            message = what.message;
            reported.store(true);
        }
    });
    options.workers = 2;
    options.slow_step = 2ms;
    run(block_until_reported(reported, stalls), options);
    on_unhandled(before);
    return message;
}

TEST(metrics, a_slow_step_is_counted_once_while_it_lasts) {
    std::uint64_t stalls = 0;
    const std::string message = report_of_a_slow_step({}, stalls);
    EXPECT_EQ(stalls, 1U);
    EXPECT_EQ(message.find("block_in_a_named_function"), std::string::npos) << message;
}

// ThreadSanitizer keeps signals back until the thread enters a system call: no stack in a loop.
#if !defined(__has_feature) || !__has_feature(thread_sanitizer)
TEST(metrics, in_debug_mode_the_report_names_the_function_that_blocks) {
    std::uint64_t stalls = 0;
    const std::string message = report_of_a_slow_step({.debug = true}, stalls);
    EXPECT_NE(message.find("block_in_a_named_function"), std::string::npos) << message;
}
#endif

} // namespace
} // namespace eddy
