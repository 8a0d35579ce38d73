// median.hpp — the value in the middle, and others by rank.

#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace eddy::compare {

/// Gives the value below which `part` (0 to 1) of the values lie; 0 if there are none.
[[nodiscard]] inline double quantile(std::vector<double> values, double part) {
    if (values.empty()) {
        return 0;
    }
    std::sort(values.begin(), values.end());
    const double rank = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(rank);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    const double weight = rank - static_cast<double>(below);
    return values[below] * (1 - weight) + values[above] * weight;
}

[[nodiscard]] inline double median(const std::vector<double>& values) {
    return quantile(values, 0.5);
}

} // namespace eddy::compare
