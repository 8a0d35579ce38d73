// common.hpp — mixed: jobs, all there at once, burn CPU, block, burn CPU again; and a probe.
//
// A job burns half of burn_time, blocks for block_time and burns the other half. A sleep stands for
// the blocking call: nanosleep in a thread, a process or a oneTBB task, where it blocks for real;
// in a coroutine the awaited wait that replaces the call. Meanwhile a probe is due every
// millisecond, in the model's own way, and notes how late it is served.
//
// Size:     the number of jobs.
// Measured: the time of the whole (total_ns), CPU time (cpu_ns), and the lateness of the probe
//           (late_p50_ns, late_p99_ns, late_max_ns).

#pragma once

#include "../contender.hpp"

#include <chrono>

namespace eddy::compare::mixed {

using namespace std::chrono_literals;
inline constexpr std::chrono::nanoseconds burn_time = 1ms;
inline constexpr std::chrono::nanoseconds block_time = 4ms;

[[nodiscard]] metrics run_threads(const request& asked);
[[nodiscard]] metrics run_processes(const request& asked);
[[nodiscard]] metrics run_coroutines(const request& asked);
[[nodiscard]] metrics run_tbb(const request& asked);

/// The job of the models that may block.
void blocking_job();

} // namespace eddy::compare::mixed
