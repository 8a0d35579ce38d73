// executor_metrics.hpp — how long jobs wait and run, and how much there is of them.
//
// Threads:    values: whoever has one.
// Design:     docs/design/thread_pool.md

#pragma once

#include <eddy/base/export.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace eddy::inline v0 {

/// How many durations there were of each length. A bucket is as wide as a quarter of the power of
/// two below it: what is read is at most a quarter too long.
class EDDY_API duration_histogram {
public:
    static constexpr std::size_t bucket_count = 160; // the last one: 32 minutes and more

    [[nodiscard]] static std::size_t bucket_of(std::chrono::nanoseconds lasted) noexcept;
    /// The longest duration that belongs to it.
    [[nodiscard]] static std::chrono::nanoseconds upper_end(std::size_t bucket) noexcept;

    void add(std::size_t bucket, std::uint64_t durations) noexcept {
        buckets_[bucket] += durations;
    }

    [[nodiscard]] std::uint64_t count() const noexcept;
    /// So much was as long or shorter: 0.5 is the median. 0 if there was none.
    [[nodiscard]] std::chrono::nanoseconds percentile(double part) const noexcept;
    [[nodiscard]] const std::array<std::uint64_t, bucket_count>& buckets() const noexcept {
        return buckets_;
    }

private:
    std::array<std::uint64_t, bucket_count> buckets_{};
};

/// Of an executor, up to now.
struct executor_metrics {
    std::size_t threads = 0;
    std::size_t threads_peak = 0;
    /// Jobs that have not begun, with those that wait for room.
    std::size_t queued = 0;
    std::size_t queued_peak = 0;
    /// From submit to the beginning, of all jobs that have begun or were withdrawn when their turn
    /// came.
    duration_histogram queue_wait;
    /// Of the calls that have ended.
    duration_histogram run_time;
};

} // namespace eddy::inline v0
