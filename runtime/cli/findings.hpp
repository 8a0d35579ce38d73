// findings.hpp — what the numbers of a workload say, in one sentence.
#pragma once

#include "results.hpp"

#include <string>

namespace eddy::cli {

/// Compares the models at the largest size that at least two of them reached. Models within 5 % of
/// the best count as equal to it.
[[nodiscard]] std::string finding_of(const compare::workload& workload, const results& found);

} // namespace eddy::cli
