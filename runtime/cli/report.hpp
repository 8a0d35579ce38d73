// report.hpp — the tables and findings for the terminal.

#pragma once

#include "results.hpp"

#include <iosfwd>

namespace eddy::cli {

/// Prints the tables of every workload of the comparison, each with its finding.
void print_report(std::ostream& out, const results& found);

} // namespace eddy::cli
