// metrics.hpp — counts of what a runtime has done, for monitoring.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sched/event_loop.hpp>

#include <cstddef>
#include <cstdint>

namespace eddy::inline v0 {

struct runtime_metrics {
    /// Steps that kept their loop longer than runtime_options::slow_step, each counted once.
    std::uint64_t loop_stalls_total = 0;
    /// Steps of tasks and callbacks, on all loops.
    std::uint64_t steps_total = 0;
    /// Tasks that have not ended.
    std::size_t tasks = 0;
};

/// The counts of the runtime that `loop` belongs to, up to now; the runtime must be there.
///
/// Threads: any.
/// Cost:    a few loads for each worker.
[[nodiscard]] EDDY_API runtime_metrics metrics(const event_loop& loop) noexcept;

} // namespace eddy::inline v0
