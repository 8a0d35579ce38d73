// cell_process.hpp — measures one cell in a fresh process and leaves nothing behind.
//
// Invariants: I1  the process leads a group of its own, and whatever it forks stays in the group;
//                 at the end of measure() every process of the group is dead and reaped.
//             I2  the process and all below it die if this one does (PR_SET_PDEATHSIG in each).

#pragma once

#include "cell.hpp"
#include "signals.hpp"

#include <chrono>

namespace eddy::cli {

/// The hidden command that the process runs, with the parent's pid and the cell as its arguments.
inline constexpr const char* cell_command = "compare-cell";

/// Called first in the process of a cell: it dies if `parent` does.
void die_with(pid_t parent);

class cell_runner {
public:
    explicit cell_runner(signals& stop);

    /// Measures `what`. A signal from `stop` ends it early: the outcome is `skipped`.
    ///
    /// Throws: std::system_error if no process can be started.
    [[nodiscard]] outcome measure(const cell& what, std::chrono::nanoseconds limit);

private:
    enum class ended { by_itself, by_limit, by_signal };
    [[nodiscard]] pid_t start(const cell& what, int output, int errors);
    [[nodiscard]] ended wait(pid_t pid, std::chrono::nanoseconds limit);

    signals& stop_;
};

} // namespace eddy::cli
