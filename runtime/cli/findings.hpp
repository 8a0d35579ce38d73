// findings.hpp — what the numbers of a workload say, in one sentence.

#pragma once

#include "results.hpp"

#include <string>

namespace eddy::cli {

/// Compares the models at the size that most of them reached, and says who went further. Models
/// within 5 % of the best count as equal to it.
[[nodiscard]] std::string finding_of(const compare::workload& workload, const results& found);

} // namespace eddy::cli
