// compare_command.hpp — `eddy compare`: the same work by threads, processes, coroutines and oneTBB.

#pragma once

#include "compare/contender.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace eddy::cli {

enum class extent { full, quick };

struct compare_options {
    cli::extent extent = cli::extent::full;
    std::string json_path;                   // empty: no file
    std::string html_path;                   // empty: no page
    std::string baseline_path;               // empty: compares with nothing
    std::optional<double> foreign_cores_max; // for a round to count in that
    std::vector<std::string> workloads;      // by name; empty: all
    std::vector<std::string> models;         // by name; empty: all
    std::vector<std::string> sizes;          // "workload=10,100"; replaces the workload's own
    std::optional<std::uint64_t> repetitions;
    std::optional<std::uint64_t> cell_seconds;
};

/// Something got worse than in the baseline.
inline constexpr int exit_worse = 4;

/// There were too few undisturbed rounds to compare anything with the baseline.
inline constexpr int exit_unclear = 5;

/// Runs the comparison and prints the tables. Gives the exit code: 0, exit_worse, exit_unclear, or
/// 128 + the signal that ended it.
///
/// Throws: std::runtime_error with a sentence for the user if an option is wrong.
int run_compare(const compare_options& options);

} // namespace eddy::cli
