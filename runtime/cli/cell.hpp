// cell.hpp — one cell: a workload, a model and a size, measured in a process of its own.

#pragma once

#include "compare/contender.hpp"
#include "compare/workload.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace eddy::cli {

/// What is measured.
struct cell {
    const compare::workload* workload = nullptr;
    compare::model model = compare::model::threads;
    compare::request asked;

    [[nodiscard]] nlohmann::json to_json() const;

    /// Throws: std::runtime_error naming what is wrong.
    [[nodiscard]] static cell from_json(const nlohmann::json& text);
};

enum class status {
    measured,
    cannot,    // the model, or this machine, cannot do it; known beforehand
    skipped,   // there was no time for it
    failed,    // it ended with an error
    crashed,   // it was killed by a signal
    timed_out, // it took longer than a cell may
};

[[nodiscard]] std::string_view name_of(status which) noexcept;

/// The metric that every sample has besides those of its workload: how many processors something
/// else used meanwhile.
inline constexpr std::string_view foreign_cores = "foreign_cores";

/// What came of measuring a cell once.
struct outcome {
    cli::status status = cli::status::failed;
    compare::metrics found; // if measured
    std::string why;        // if not
};

/// Measures the cell that `spec` describes, in this process, and prints the outcome as JSON.
/// Gives the exit code.
int run_cell(std::string_view spec);

/// Reads what run_cell printed.
///
/// Throws: std::runtime_error if it is not complete.
[[nodiscard]] compare::metrics metrics_of_cell(const std::string& printed);

} // namespace eddy::cli
