// executor_stress.cpp — many jobs, many submitters, cancels and shutdowns at any moment.
//
// Covers:    every job run once or cancelled once; ten thousand queued jobs cancelled at random;
//            shutdown under load; threads that come and go; results from several runtimes at once.

#include "stress/stress_case.hpp"
#include <eddy/base/random.hpp>
#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::coro;
int scaled(int count) {
    return static_cast<int>(stress::scaled(static_cast<std::size_t>(count)));
}

class executor_stress : public stress::stress_case {};

struct tally {
    std::atomic<int> ran{0};
    std::atomic<int> seen{0};
    std::atomic<int> cancelled{0};
};

coro<> await_one(eddy::thread_pool_executor& pool, tally& counts) {
    const auto got = co_await eddy::as_result(eddy::run_in_executor(pool, [&] { ++counts.ran; }));
    ++(got.cancelled() ? counts.cancelled : counts.seen);
}

TEST_F(executor_stress, ten_thousand_jobs_cancelled_at_random_end_once_each) {
    const int jobs = scaled(10'000);
    tally counts;
    eddy::thread_pool_executor pool(8);
    eddy::run(
        [](eddy::thread_pool_executor& pool, tally& counts, int jobs) -> coro<> {
            std::vector<eddy::task<>> all;
            for (int i = 0; i != jobs; ++i) {
                all.push_back(eddy::create_task(await_one(pool, counts)));
                if (eddy::random_below(8) == 0) {
                    co_await eddy::yield();
                }
                const auto victim = static_cast<std::size_t>(eddy::random_below(all.size()));
                (void)all[victim].cancel();
            }
            for (const auto& each : all) {
                (void)co_await eddy::as_result(each);
            }
        }(pool, counts, jobs),
        {.workers = 3});
    pool.shutdown();
    EXPECT_LE(counts.seen + counts.cancelled, jobs); // a task cancelled before it began counts none
    EXPECT_GE(counts.ran, counts.seen);
    EXPECT_EQ(pool.threads(), 0U);
}

TEST_F(executor_stress, a_shutdown_under_load_runs_or_refuses_each_job) {
    for (int round = 0; round != scaled(100); ++round) {
        eddy::thread_pool_executor pool(3);
        std::atomic<int> accepted = 0;
        std::atomic<int> ran = 0;
        std::vector<std::thread> submitters;
        for (int i = 0; i != 3; ++i) {
            submitters.emplace_back([&] {
                try {
                    for (;;) {
                        (void)pool.submit([&] { ++ran; });
                        ++accepted;
                    }
                } catch (const eddy::executor_shut_down&) {
                }
            });
        }
        while (accepted < 20) {
            std::this_thread::yield();
        }
        pool.shutdown();
        for (std::thread& each : submitters) {
            each.join();
        }
        EXPECT_EQ(ran, accepted);
    }
}

TEST_F(executor_stress, a_shutdown_that_cancels_accounts_for_every_job) {
    for (int round = 0; round != scaled(100); ++round) {
        eddy::thread_pool_executor pool(2);
        std::atomic<int> ran = 0;
        std::vector<eddy::future<>> results;
        for (int i = 0; i != 100; ++i) {
            results.push_back(pool.submit([&] { ++ran; }));
        }
        pool.shutdown({.cancel_pending = true});
        int cancelled = 0;
        for (const auto& each : results) {
            ASSERT_TRUE(each.done());
            cancelled += each.cancelled() ? 1 : 0;
        }
        EXPECT_EQ(ran + cancelled, 100);
    }
}

// Threads end after a nanosecond without a job: calls, starts and ends meet at every point.
TEST_F(executor_stress, threads_that_end_at_any_moment_leave_no_job_behind) {
    eddy::thread_pool_executor pool({.threads_max = 4, .idle = 1ns});
    std::atomic<int> ran = 0;
    std::vector<std::thread> submitters;
    const int jobs = scaled(3000);
    for (int i = 0; i != 3; ++i) {
        submitters.emplace_back([&] {
            for (int k = 0; k != jobs; ++k) {
                if (k % 16 == 0) {
                    pool.apply([&] { ++ran; });
                } else {
                    (void)pool.submit([&] { ++ran; });
                }
            }
        });
    }
    for (std::thread& each : submitters) {
        each.join();
    }
    pool.shutdown();
    EXPECT_EQ(ran, 3 * jobs);
}

TEST_F(executor_stress, several_runtimes_may_share_a_pool) {
    eddy::thread_pool_executor pool(4);
    std::atomic<std::int64_t> sum = 0;
    std::vector<std::thread> loops;
    const int jobs = scaled(2000);
    for (int i = 0; i != 3; ++i) {
        loops.emplace_back([&] {
            eddy::run(
                [](eddy::thread_pool_executor& pool, std::atomic<std::int64_t>& sum,
                   int jobs) -> coro<> {
                    for (int k = 0; k != jobs; ++k) {
                        sum += co_await eddy::run_in_executor(pool, [k] { return k; });
                    }
                }(pool, sum, jobs),
                {.workers = 2});
        });
    }
    for (std::thread& each : loops) {
        each.join();
    }
    EXPECT_EQ(sum, 3 * (std::int64_t{jobs} * (jobs - 1) / 2));
}

} // namespace
