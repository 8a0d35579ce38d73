// checked_run.hpp — one run of a program, and everything that is wrong after it.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/core/report.hpp>
#include <eddy/sched/runtime.hpp>

#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <vector>

namespace eddy::inline v0 {

/// What counts as wrong.
struct run_checks {
    /// What is left when the program has ended, and is cancelled then: tasks, timers, descriptors
    /// that are waited for.
    enum class leftovers : bool { wrong, fine };
    leftovers left_behind = leftovers::wrong;
    /// Whether a report is wrong; empty: each one is. The others are dropped.
    std::function<bool(const report&)> is_wrong{};
};

struct checked_result {
    /// What the program threw; null if nothing.
    std::exception_ptr error;
    /// A sentence each; empty: nothing else is wrong.
    std::vector<std::string> problems;
};

/// Runs `program()` on a runtime of its own and looks at what it leaves: tasks, timers,
/// descriptors, frames, reports. The creation site of its task is `site`.
///
/// Threads: one that runs no loop. Others may not open descriptors or make coroutines meanwhile.
[[nodiscard]] EDDY_API checked_result run_checked(
    const std::function<coro<>()>& program, runtime_options options, const run_checks& checks = {},
    std::source_location site = std::source_location::current());

/// For a program that leaves something behind on purpose: the checked run it is called from does
/// not call that wrong. Any thread.
EDDY_API void allow_leftovers() noexcept;

} // namespace eddy::inline v0
