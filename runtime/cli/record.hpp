// record.hpp — the comparison as JSON. Its format: docs/perf/compare.md.

#pragma once

#include "results.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace eddy::cli {

/// Of the format; another number where the meaning of what is there changes.
inline constexpr int record_schema = 3;
inline constexpr std::string_view record_program = "eddy compare";

/// What was measured: every sample, medians, 25th percentiles, findings; and how to show it.
[[nodiscard]] nlohmann::json record_of(const results& found);

} // namespace eddy::cli
