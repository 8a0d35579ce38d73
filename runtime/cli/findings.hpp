// findings.hpp — what the numbers of a workload say, in a sentence for each question.

#pragma once

#include "results.hpp"

#include <string>
#include <vector>

namespace eddy::cli {

/// Compares the models at the size that most of them reached, and says who went further. Models
/// within 5 % of the best count as equal to it.
[[nodiscard]] std::vector<std::string> findings_of(const compare::workload& workload,
                                                   const results& found);

} // namespace eddy::cli
