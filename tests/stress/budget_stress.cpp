// budget_stress.cpp — a task that awaits only what is ready gives the others a turn all the same.
//
// Covers:    every way to wait that can complete at once, on the only worker.

#include <eddy/eddy.hpp>
#include <eddy/io/fd.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <functional>
#include <vector>

#include <fcntl.h>

namespace {

constexpr int awaits_max = 10'000;

eddy::coro<> raise(bool& flag) {
    flag = true;
    co_return;
}

eddy::coro<> nothing() {
    co_return;
}

/// Another library's awaitable that has its result.
struct foreign_and_ready {
    static bool await_ready() noexcept { return true; }
    static void await_suspend(std::coroutine_handle<> /*waiter*/) noexcept {}
    static void await_resume() noexcept {}
};

// Awaits what `make` gives until another task has run; gives how often.
int awaits_until_another_runs(const std::function<eddy::coro<>(eddy::task<>)>& make) {
    int awaits = 0;
    eddy::run(
        [](const std::function<eddy::coro<>(eddy::task<>)>& make, int& awaits) -> eddy::coro<> {
            const eddy::task<> ended = eddy::create_task(nothing());
            co_await ended;
            bool other_ran = false;
            const eddy::task<> other = eddy::create_task(raise(other_ran));
            while (!other_ran && awaits != awaits_max) {
                co_await make(ended);
                ++awaits;
            }
            co_await other;
        }(make, awaits),
        {.workers = 1});
    return awaits;
}

TEST(budget, a_task_that_is_done) {
    EXPECT_LT(awaits_until_another_runs([](eddy::task<> ended) -> eddy::coro<> { co_await ended; }),
              awaits_max);
}

TEST(budget, a_gather_of_tasks_that_are_done) {
    EXPECT_LT(awaits_until_another_runs(
                  [](eddy::task<> ended) -> eddy::coro<> { co_await eddy::gather(ended, ended); }),
              awaits_max);
}

TEST(budget, a_wait_for_tasks_that_are_done) {
    EXPECT_LT(awaits_until_another_runs([](eddy::task<> ended) -> eddy::coro<> {
                  (void)co_await eddy::wait(std::vector{ended});
              }),
              awaits_max);
}

TEST(budget, as_completed_of_tasks_that_are_done) {
    EXPECT_LT(awaits_until_another_runs([](eddy::task<> ended) -> eddy::coro<> {
                  auto order = eddy::as_completed(std::vector{ended});
                  (void)co_await order.next();
              }),
              awaits_max);
}

TEST(budget, a_regular_file_that_is_always_readable) {
    const eddy::owned_fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    ASSERT_GE(file.get(), 0);
    EXPECT_LT(awaits_until_another_runs([&](eddy::task<> /*ended*/) -> eddy::coro<> {
                  co_await eddy::readable(file.get());
              }),
              awaits_max);
}

TEST(budget, a_foreign_awaitable_that_is_ready) {
    EXPECT_LT(awaits_until_another_runs(
                  [](eddy::task<> /*ended*/) -> eddy::coro<> { co_await foreign_and_ready(); }),
              awaits_max);
}

} // namespace
