// duration_counter.hpp — a duration_histogram that one thread fills and others read.
//
// Threads:    add: its owner.  add_to: any thread.
// Memory:     1.3 KB.

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/exec/executor_metrics.hpp>

#include <array>
#include <chrono>
#include <cstdint>

namespace eddy::inline v0 {

class duration_counter {
public:
    void add(std::chrono::nanoseconds lasted) noexcept {
        atomic<std::uint64_t>& bucket = buckets_[duration_histogram::bucket_of(lasted)];
        bucket.store(bucket.load(relaxed) + 1, relaxed); // own: both
    }
    void add_to(duration_histogram& sum) const noexcept {
        for (std::size_t i = 0; i != buckets_.size(); ++i) {
            sum.add(i, buckets_[i].load(relaxed)); // count: of a moment ago
        }
    }

private:
    std::array<atomic<std::uint64_t>, duration_histogram::bucket_count> buckets_{};
};

} // namespace eddy::inline v0
