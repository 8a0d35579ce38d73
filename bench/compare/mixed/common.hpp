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
#include "../meter.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace eddy::compare::mixed {

using namespace std::chrono_literals;
inline constexpr std::chrono::nanoseconds burn_time = 1ms;
inline constexpr std::chrono::nanoseconds block_time = 4ms;
inline constexpr std::chrono::nanoseconds probe_period = 1ms;

[[nodiscard]] metrics run_threads(const request& asked);
[[nodiscard]] metrics run_processes(const request& asked);
[[nodiscard]] metrics run_coroutines(const request& asked);
[[nodiscard]] metrics run_tbb(const request& asked);

/// Computes until the calling thread has used `cpu` more CPU time.
void burn(std::chrono::nanoseconds cpu);

/// The job of the models that may block.
void blocking_job();

/// The schedule of the probe, and how late each of its ticks was served.
///
/// Threads: `serve`: one at a time; the rest: any. A probe that falls behind serves every tick it
///          missed.
class lateness {
public:
    [[nodiscard]] clock::time_point due(std::uint64_t tick) const noexcept {
        return start_ + probe_period * static_cast<std::int64_t>(tick + 1);
    }

    [[nodiscard]] clock::time_point next_due() const noexcept { return due(spans_.size()); }

    /// The tick that was due at `due` is served now.
    void serve(clock::time_point due) { spans_.push_back(nanoseconds(clock::now() - due)); }

    void add_to(metrics& found) const;

private:
    clock::time_point start_ = clock::now();
    std::vector<double> spans_;
};

} // namespace eddy::compare::mixed
