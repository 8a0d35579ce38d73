// measured.hpp — one run of a workload whose result is a number that is known.

#pragma once

#include "contender.hpp"
#include "meter.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace eddy::compare {

/// Runs `work` once; gives its time (total_ns) and CPU time (cpu_ns).
///
/// Throws: `wrong_result` if it does not give `expected`.
template <typename Work>
[[nodiscard]] metrics measured(Work&& work, std::uint64_t expected) {
    const meter time;
    const std::uint64_t found = std::forward<Work>(work)();
    const double wall = nanoseconds(time.wall());
    const double cpu = nanoseconds(time.used().cpu);
    if (found != expected) {
        throw wrong_result(std::to_string(found) + " instead of " + std::to_string(expected));
    }
    return {{"total_ns", wall}, {"cpu_ns", cpu}};
}

} // namespace eddy::compare
