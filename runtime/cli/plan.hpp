// plan.hpp — which cells are measured, how often, and how long that may take.

#pragma once

#include "compare_command.hpp"
#include "limits.hpp"
#include "results.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace eddy::cli {

struct plan {
    std::size_t rounds = 0;                 // every round measures each cell once, models in turn
    std::chrono::nanoseconds cell_limit{};  // more than this no cell may take
    std::chrono::nanoseconds whole_limit{}; // after this no round is begun
    cli::results cells;                     // nothing measured yet
};

/// A line for each workload and each model, for the help.
[[nodiscard]] std::string names_and_titles();

/// Throws: std::runtime_error naming the option that makes no sense.
[[nodiscard]] plan make_plan(const compare_options& options);

/// Why a cell need not be tried: the model cannot do it, the machine has no room, or it would take
/// too long, to judge by the smaller sizes in `measured`.
[[nodiscard]] std::optional<outcome> foreseen(const cell& what, const limits& room,
                                              const results& measured,
                                              std::chrono::nanoseconds limit);

} // namespace eddy::cli
