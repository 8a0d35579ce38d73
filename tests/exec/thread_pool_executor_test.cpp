// thread_pool_executor_test.cpp — threads that come when they are needed, and go.
//
// Covers:    results, exceptions, growth up to the cap, shrinking, names, withdrawal, shutdown in
//            its ways, jobs that refuse to end, apply, what travels with a job.
// Not here:  many at once -> stress/executor_stress.cpp; awaiting -> run_in_executor_test.cpp.

#include "exec/occupied.hpp"
#include <eddy/testing/co_test.hpp>

#include <array>
#include <atomic>
#include <cstdlib>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

int twice(int x) {
    return 2 * x;
}

CO_TEST(thread_pool_executor, a_job_gives_its_result) {
    thread_pool_executor pool(2);
    EXPECT_EQ(co_await pool.submit(twice, 21), 42);
    const future<int> later =
        pool.submit([](std::unique_ptr<int> x) { return *x; }, std::make_unique<int>(7));
    EXPECT_EQ(co_await later, 7);
    co_await pool.submit([] {});
}

CO_TEST(thread_pool_executor, a_result_may_be_move_only) {
    thread_pool_executor pool(2);
    const std::unique_ptr<int> got = co_await pool.submit([] { return std::make_unique<int>(3); });
    EXPECT_EQ(*got, 3);
}

CO_TEST(thread_pool_executor, an_exception_comes_out_of_the_await) {
    thread_pool_executor pool(2);
    const auto bad = pool.submit([]() -> int { throw std::runtime_error("bad"); });
    EXPECT_TRUE((co_await as_result(bad)).holds<std::runtime_error>());
}

CO_TEST(thread_pool_executor, a_job_runs_on_a_thread_that_has_a_name_and_no_loop) {
    thread_pool_executor pool({.threads_max = 1, .name = "worker"});
    EXPECT_EQ(co_await pool.submit([] {
        std::array<char, 16> name{};
        ::pthread_getname_np(::pthread_self(), name.data(), name.size());
        return std::string(name.data()) + (try_get_running_loop() == nullptr ? "" : " on a loop");
    }),
              "worker-1");
}

TEST(thread_pool_executor, its_threads_have_all_signals_blocked) {
    thread_pool_executor pool(1);
    EXPECT_TRUE(pool.apply([] {
        sigset_t blocked;
        ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
        return ::sigismember(&blocked, SIGTERM) == 1 && ::sigismember(&blocked, SIGINT) == 1;
    }));
}

TEST(thread_pool_executor, threads_come_one_by_one_until_all_jobs_run_or_the_cap_is_reached) {
    thread_pool_executor pool(3);
    EXPECT_EQ(pool.threads(), 0U);
    {
        const occupied two(pool, 2);
        EXPECT_EQ(pool.threads(), 2U);
        const occupied third(pool, 1);
        EXPECT_EQ(pool.threads(), 3U);
        const auto waits = pool.submit(twice, 1);
        EXPECT_EQ(pool.threads(), 3U);
        EXPECT_EQ(pool.queued(), 1U);
        EXPECT_FALSE(waits.done());
    }
    EXPECT_EQ(pool.apply(twice, 2), 4);
    EXPECT_LE(pool.threads(), 3U);
}

TEST(thread_pool_executor, jobs_that_are_short_do_not_bring_a_thread_each) {
    thread_pool_executor pool(64);
    for (int i = 0; i != 1000; ++i) {
        EXPECT_EQ(pool.apply(twice, i), 2 * i);
    }
    EXPECT_LE(pool.threads(), 32U); // some may be on their way back to sleep when the next comes
}

TEST(thread_pool_executor, a_thread_without_a_job_ends_after_a_while) {
    thread_pool_executor pool({.threads_max = 4, .idle = 1ns});
    {
        const occupied all(pool, 4);
    }
    while (pool.threads() != 0) {
        std::this_thread::yield();
    }
    EXPECT_EQ(pool.apply(twice, 2), 4); // and comes back
}

TEST(thread_pool_executor, the_cap_comes_from_the_environment) {
    const char* const before = std::getenv("EDDY_BLOCKING_THREADS");
    const std::string kept = before != nullptr ? before : "";
    ::setenv("EDDY_BLOCKING_THREADS", "7", 1);
    EXPECT_EQ(thread_pool_executor().threads_max(), 7U);
    EXPECT_EQ(thread_pool_executor(3).threads_max(), 3U);
    ::setenv("EDDY_BLOCKING_THREADS", "many", 1);
    try {
        const thread_pool_executor none;
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::invalid_argument);
        EXPECT_NE(std::string(error.what()).find("EDDY_BLOCKING_THREADS=many"), std::string::npos);
    }
    if (before != nullptr) {
        ::setenv("EDDY_BLOCKING_THREADS", kept.c_str(), 1);
    } else {
        ::unsetenv("EDDY_BLOCKING_THREADS");
    }
    EXPECT_THROW(thread_pool_executor(1'000'000), std::invalid_argument);
}

TEST(thread_pool_executor, a_future_cancelled_before_the_job_begins_withdraws_it) {
    thread_pool_executor pool(1);
    std::atomic<bool> ran = false;
    auto argument = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = argument;
    {
        const occupied all(pool, 1);
        const auto withdrawn =
            pool.submit([&](const std::shared_ptr<int>&) { ran = true; }, std::move(argument));
        EXPECT_TRUE(withdrawn.cancel());
        EXPECT_TRUE(withdrawn.cancelled());
    }
    pool.shutdown();
    EXPECT_FALSE(ran);
    EXPECT_TRUE(watched.expired());
}

TEST(thread_pool_executor, function_and_arguments_are_gone_before_the_result_is_seen) {
    thread_pool_executor pool(1);
    for (int i = 0; i != 100; ++i) {
        auto argument = std::make_shared<int>(1);
        const std::weak_ptr<int> watched = argument;
        EXPECT_EQ(pool.apply([](const std::shared_ptr<int>& x) { return *x; }, std::move(argument)),
                  1);
        EXPECT_TRUE(watched.expired());
    }
}

TEST(thread_pool_executor, shutdown_runs_what_is_queued_and_refuses_what_comes_later) {
    thread_pool_executor pool(1);
    std::atomic<int> ran = 0;
    {
        const occupied all(pool, 1);
        for (int i = 0; i != 10; ++i) {
            (void)pool.submit([&] { ++ran; });
        }
        pool.shutdown({.wait = false});
        EXPECT_THROW(pool.submit(twice, 1), executor_shut_down);
    }
    pool.shutdown();
    EXPECT_EQ(ran, 10);
    EXPECT_EQ(pool.threads(), 0U);
    EXPECT_THROW(pool.submit(twice, 1), executor_shut_down);
    pool.shutdown(); // may be called again
}

TEST(thread_pool_executor, shutdown_can_cancel_what_has_not_begun) {
    thread_pool_executor pool(1);
    std::atomic<int> ran = 0;
    std::optional<occupied> all(std::in_place, pool, 1);
    const auto queued = pool.submit([&] { ++ran; });
    pool.shutdown({.wait = false, .cancel_pending = true});
    EXPECT_TRUE(queued.cancelled());
    all.reset();
    pool.shutdown();
    EXPECT_EQ(ran, 0);
}

TEST(thread_pool_executor, what_refuses_to_end_is_named_and_left_to_itself) {
    const report_log reports;
    auto let_go = std::make_shared<std::latch>(1);
    auto gone = std::make_shared<std::latch>(1);
    future<> queued;
    {
        thread_pool_executor pool({.threads_max = 1, .name = "stubborn"});
        std::latch begun(1);
        (void)pool.submit([let_go, gone, &begun] {
            begun.count_down();
            let_go->wait();
            gone->count_down();
        });
        queued = pool.submit([] {});
        begun.wait();
        pool.shutdown({.grace = 1ms});
    }
    EXPECT_TRUE(queued.cancelled());
    ASSERT_EQ(reports.all().size(), 1U);
    EXPECT_EQ(reports.all()[0].kind, report_kind::refuses_to_end);
    EXPECT_NE(reports.all()[0].message.find("stubborn-1"), std::string::npos);
    EXPECT_NE(reports.all()[0].message.find("what_refuses_to_end"), std::string::npos)
        << reports.all()[0].message; // the lambda's name
    let_go->count_down();
    gone->wait();
}

CO_TEST(thread_pool_executor, on_a_loop_what_would_block_is_refused_and_aclose_suspends) {
    thread_pool_executor pool(1);
    EXPECT_THROW(pool.apply(twice, 1), already_running);
    EXPECT_THROW(pool.shutdown(), already_running);
    const auto last = pool.submit(twice, 4);
    co_await pool.aclose();
    EXPECT_EQ(last.result(), 8);
    EXPECT_EQ(pool.threads(), 0U);
    EXPECT_THROW(pool.submit(twice, 1), executor_shut_down);
    co_await pool.aclose();
}

context_var<int> number("number", 0);

CO_TEST(thread_pool_executor, values_and_deadlines_travel_with_the_job) {
    thread_pool_executor pool(2);
    const auto bound = number.set(5);
    EXPECT_EQ(co_await pool.submit([] { return number.get(); }), 5);
    const clock::time_point limit = get_running_loop().time() + 1h;
    const auto seen = co_await wait_until(
        [](thread_pool_executor& pool) -> coro<clock::time_point> {
            co_return co_await pool.submit([] { return current_deadline(); });
        }(pool),
        limit);
    EXPECT_EQ(seen, limit);
    co_await pool.submit([] { const auto its_own = number.set(9); });
    EXPECT_EQ(co_await pool.submit([] { return number.get(); }), 5); // nothing stays behind
}

TEST(thread_pool_executor, a_job_may_submit_to_its_pool) {
    thread_pool_executor pool(2);
    EXPECT_EQ(pool.apply([&] { return pool.submit(twice, 4); }).state() != nullptr, true);
    EXPECT_EQ(pool.apply([&] { return pool.apply(twice, 4); }), 8);
}

// The child has none of the threads.
TEST(thread_pool_executor, in_the_child_of_a_fork_it_is_refused_and_left_alone) {
    std::optional<thread_pool_executor> pool(std::in_place, thread_pool_options{.threads_max = 1});
    EXPECT_EQ(pool->apply(twice, 1), 2);
    const pid_t child = ::fork();
    if (child == 0) {
        int status = 1;
        try {
            (void)pool->submit(twice, 1);
        } catch (const executor_shut_down&) {
            status = 0;
        }
        pool.reset();
        ::_exit(status);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST(thread_pool_executor, one_that_nobody_used_ends_at_once) {
    thread_pool_executor pool;
    pool.shutdown();
}

TEST(thread_pool_executor, a_job_cannot_wait_for_the_end_of_its_pool) {
    thread_pool_executor pool(1);
    pool.apply([&pool] { EXPECT_THROW(pool.shutdown(), already_running); });
}

} // namespace
} // namespace eddy
