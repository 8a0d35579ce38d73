// meter.hpp — wall time, CPU time and context switches of a stretch of work.

#pragma once

#include "contender.hpp"
#include <eddy/base/clock.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace eddy::compare {

/// Nanoseconds as the number that goes into `metrics`.
[[nodiscard]] inline double nanoseconds(std::chrono::nanoseconds span) noexcept {
    return static_cast<double>(span.count());
}

/// What this process and the children it has reaped used up to now.
struct usage {
    std::chrono::nanoseconds cpu{};
    std::int64_t switches = 0; // context switches, asked for or not

    [[nodiscard]] static usage now();
};

/// The CPU time of processes that live; of one that has ended, none.
[[nodiscard]] std::chrono::nanoseconds cpu_of(const std::vector<pid_t>& processes);

/// Measures from its construction on.
class meter {
public:
    [[nodiscard]] std::chrono::nanoseconds wall() const noexcept { return clock::now() - start_; }
    [[nodiscard]] usage used() const;

private:
    usage before_ = usage::now();
    clock::time_point start_ = clock::now();
};

} // namespace eddy::compare
