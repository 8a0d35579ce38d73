// common.hpp — fork-join: fib(n) by the naive recursion, one new task per fork and no cut-off.
//
// Every call with n >= 2 forks one task for fib(n - 1) and computes fib(n - 2) itself; with eddy's
// gather both are children.
//
// Size:     n.
// Measured: the time of the whole (total_ns: median of the runs that fit into 50 ms, at least one,
//           so runtimes are warm), the time per fork (fork_ns), and CPU time (cpu_ns).

#pragma once

#include "../contender.hpp"
#include "../meter.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace eddy::compare::fork_join {

[[nodiscard]] metrics run_threads(const request& asked);
[[nodiscard]] metrics run_processes(const request& asked);
[[nodiscard]] metrics run_coroutines(const request& asked);
[[nodiscard]] metrics run_tbb(const request& asked);
[[nodiscard]] metrics run_openmp(const request& asked);
[[nodiscard]] metrics run_serial(const request& asked);

/// fib(n), by a loop.
[[nodiscard]] std::uint64_t expected(std::uint64_t n) noexcept;

/// How many calls of the naive fib(n) fork: fib(n + 1) - 1.
[[nodiscard]] std::uint64_t forks(std::uint64_t n) noexcept;

/// Collects runs until there are enough of them.
///
/// for (runs runs(n); runs.wanted();) { runs.add(fib(n)); }
class runs {
public:
    explicit runs(std::uint64_t n) noexcept : n_(n) {}

    [[nodiscard]] bool wanted() noexcept;

    /// Throws: `wrong_result` if `value` is not fib(n).
    void add(std::uint64_t value);

    [[nodiscard]] metrics found() const;

private:
    std::uint64_t n_;
    std::vector<double> spans_;
    meter time_;
    clock::time_point run_started_;
};

} // namespace eddy::compare::fork_join
