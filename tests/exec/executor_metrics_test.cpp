// executor_metrics_test.cpp — durations in buckets, and what a pool counts.
//
// Covers:    bucket_of and upper_end, percentiles, metrics() of a thread pool.

#include "exec/occupied.hpp"
#include <eddy/testing/co_test.hpp>

#include <cstdint>

namespace eddy {
namespace {

using namespace std::chrono_literals;

TEST(duration_histogram, a_duration_is_in_the_bucket_that_ends_a_quarter_above_it_at_most) {
    for (std::int64_t ns = 0; ns < 1'000'000'000; ns += ns / 7 + 1) {
        const std::size_t bucket = duration_histogram::bucket_of(std::chrono::nanoseconds(ns));
        const std::int64_t end = duration_histogram::upper_end(bucket).count();
        EXPECT_GE(end, ns);
        EXPECT_LE(end, ns + ns / 4);
        if (bucket != 0) {
            EXPECT_LT(duration_histogram::upper_end(bucket - 1).count(), ns);
        }
    }
}

TEST(duration_histogram, what_is_too_long_or_negative_is_in_the_last_or_first_bucket) {
    EXPECT_EQ(duration_histogram::bucket_of(1000h), duration_histogram::bucket_count - 1);
    EXPECT_EQ(duration_histogram::bucket_of(-1s), 0U);
}

TEST(duration_histogram, a_percentile_is_what_so_many_do_not_exceed) {
    duration_histogram some;
    EXPECT_EQ(some.percentile(0.5), 0ns);
    some.add(duration_histogram::bucket_of(1us), 98);
    some.add(duration_histogram::bucket_of(1ms), 2);
    EXPECT_EQ(some.count(), 100U);
    EXPECT_GE(some.percentile(0.5), 1us);
    EXPECT_LE(some.percentile(0.98), 1250ns);
    EXPECT_GE(some.percentile(0.99), 1ms);
    EXPECT_EQ(some.percentile(1.0), some.percentile(0.99));
    EXPECT_EQ(some.percentile(0.0), some.percentile(0.5));
}

int nothing() {
    return 0;
}

TEST(executor_metrics, count_jobs_threads_and_the_queue_at_its_longest) {
    thread_pool_executor pool(2);
    {
        const occupied both(pool, 2);
        for (int i = 0; i != 5; ++i) {
            (void)pool.submit(nothing);
        }
        const executor_metrics now = pool.metrics();
        EXPECT_EQ(now.threads, 2U);
        EXPECT_EQ(now.queued, 5U);
        EXPECT_EQ(now.queue_wait.count(), 2U);
        EXPECT_EQ(now.run_time.count(), 0U);
    }
    pool.shutdown();
    const executor_metrics all = pool.metrics();
    EXPECT_EQ(all.threads, 0U);
    EXPECT_EQ(all.threads_peak, 2U);
    EXPECT_EQ(all.queued, 0U);
    EXPECT_EQ(all.queued_peak, 5U);
    EXPECT_EQ(all.queue_wait.count(), 7U); // those of threads that have ended are kept
    EXPECT_EQ(all.run_time.count(), 7U);
    EXPECT_GE(all.queue_wait.percentile(1.0), all.queue_wait.percentile(0.1));
}

} // namespace
} // namespace eddy
