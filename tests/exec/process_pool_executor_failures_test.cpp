// process_pool_executor_failures_test.cpp — a process pool where the system refuses what it needs,
// or tells it nothing.
//
// Covers:    the end of a process of which nobody knows how it came; a thread of the pool that
//            cannot wait any more.
// Not here:  processes that cannot be started -> process_pool_executor_test.cpp; memory that cannot
//            be had -> stress/process_pool_memory_stress.cpp.

#include "exec/process_jobs.hpp"
#include "support/ignored_children.hpp"
#include <eddy/base/fault_plan.hpp>
#include <eddy/testing/co_test.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include <sys/wait.h>

namespace eddy {
namespace {

namespace jobs = process_jobs;

// The error of a job that was to end with its process.
template <typename T>
broken_process_pool broken(const future<T>& job) {
    (void)wait_blocking(*job.state(), std::nullopt);
    try {
        job.check_failure();
    } catch (const broken_process_pool& error) {
        return error;
    }
    ADD_FAILURE() << "the process did not break its job";
    return broken_process_pool("");
}

TEST(process_pool_executor_failures, a_pool_works_where_sigchld_is_ignored) {
    const test_support::ignored_children ignored;
    process_pool_executor pool(1);
    EXPECT_EQ(pool.apply(jobs::twice, 1), 2);
    for (const int status : {0, 3}) {
        const auto error = broken(pool.submit(jobs::leave, status));
        EXPECT_EQ(error.status().value_or(status), status) << error.what();
    }
    const auto error = broken(pool.submit(jobs::die_by, SIGSEGV));
    EXPECT_EQ(error.status().value_or(-SIGSEGV), -SIGSEGV) << error.what();
    EXPECT_EQ(pool.apply(jobs::twice, 2), 4);
    pool.shutdown();
}

TEST(process_pool_executor_failures, a_status_that_nobody_knows_is_not_made_up) {
    const test_support::ignored_children ignored;
    sys::fault_plan plan; // outlives the thread of the pool
    process_pool_executor pool(1);
    plan.fail(sys::call::waitid, 1, ECHILD, 1000);
    const auto error = broken(pool.submit(jobs::leave, 3));
    EXPECT_EQ(error.status(), std::nullopt);
    const std::string text = error.what();
    EXPECT_NE(text.find("its exit status is not known: SIGCHLD is ignored in this process"),
              std::string::npos)
        << text;
    EXPECT_EQ(pool.apply(jobs::twice, 2), 4);
    pool.shutdown();
}

TEST(process_pool_executor_failures, a_status_that_somebody_else_has_taken_is_not_made_up) {
    sys::fault_plan plan; // outlives the thread of the pool
    process_pool_executor pool(1);
    plan.fail(sys::call::waitid, 1, ECHILD, 1000);
    const int first = pool.apply(jobs::pid);
    const auto error = broken(pool.submit(jobs::leave, 3));
    const int second = pool.apply(jobs::pid);
    EXPECT_EQ(error.status(), std::nullopt);
    const std::string text = error.what();
    EXPECT_NE(text.find("something else in this process has waited for it"), std::string::npos)
        << text;
    pool.shutdown();
    for (const int each : {first, second}) { // the faults kept the pool from it
        EXPECT_EQ(::waitpid(each, nullptr, 0), each);
    }
}

// What happens if somebody closes all descriptors of the program.
TEST(process_pool_executor_failures,
     a_pool_whose_thread_cannot_wait_breaks_and_ends_its_processes) {
    sys::fault_plan plan; // outlives the thread of the pool
    process_pool_executor pool(1);
    gate busy;
    const auto begun = pool.submit(jobs::passed, busy.path(), 1);
    busy.wait_until_reached(1);
    const int pid = pool.pids().at(0);
    const auto next = pool.submit(jobs::twice, 1);
    plan.fail(sys::call::epoll_pwait2, 1, EBADF, 1'000'000);
    const auto last = pool.with({.limit = std::chrono::hours(1)}).submit(jobs::twice, 2);
    for (const auto& each : {begun, next, last}) { // the thread is woken for the limit
        const std::string text = broken(each).what();
        EXPECT_NE(text.find("the thread of the process pool cannot go on: epoll_pwait2"),
                  std::string::npos)
            << text;
    }
    EXPECT_THROW((void)pool.submit(jobs::twice, 3), broken_process_pool);
    pool.shutdown();
    EXPECT_EQ(pool.processes(), 0U);
    EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

} // namespace
} // namespace eddy
