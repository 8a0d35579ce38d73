// common.hpp — skynet: a tree whose inner nodes fork ten children each; its leaves are summed up.
//
// Size:     the number of leaves, a power of ten.
// Measured: the time of the whole (total_ns) and CPU time (cpu_ns).

#pragma once

#include "../measured.hpp"

#include <cstdint>

namespace eddy::compare::skynet {

[[nodiscard]] metrics run_coroutines(const request& asked);
[[nodiscard]] metrics run_tbb(const request& asked);
[[nodiscard]] metrics run_openmp(const request& asked);
[[nodiscard]] metrics run_serial(const request& asked);

inline constexpr std::uint64_t children = 10;

/// The leaves are the numbers below `leaves`.
[[nodiscard]] inline std::uint64_t expected(std::uint64_t leaves) noexcept {
    return leaves * (leaves - 1) / 2;
}

} // namespace eddy::compare::skynet
