// report.hpp — the tables and findings for the terminal.

#pragma once

#include "baseline.hpp"
#include "results.hpp"

#include <iosfwd>

namespace eddy::cli {

/// Prints the tables of every workload of the comparison, each with its finding.
void print_report(std::ostream& out, const results& found);

/// Prints how many times as much each value is as in the baseline.
void print_changes(std::ostream& out, const results& now, const changes& found);

} // namespace eddy::cli
