// common.hpp — idle waiters: many tasks wait for one release; all are started, then all ended.
//
// Size:     the number of waiters.
// Measured: the time until all of them wait (start_ns), the time from the release until all of them
//           have ended and been joined (end_ns), CPU time (cpu_ns), and the memory of each
//           (memory_bytes = user_bytes + kernel_bytes).

#pragma once

#include "../contender.hpp"
#include "../memory.hpp"
#include "../meter.hpp"

namespace eddy::compare::idle_waiters {

[[nodiscard]] metrics run_threads(const request& asked);
[[nodiscard]] metrics run_processes(const request& asked);
[[nodiscard]] metrics run_coroutines(const request& asked);

/// Takes the measurements in the order every contender needs them.
class record {
public:
    void all_waiting(const std::vector<pid_t>& children = {}) {
        found_["start_ns"] = nanoseconds(time_.wall());
        waiting_ = memory::now(children);
        released_ = clock::now();
    }

    [[nodiscard]] metrics all_ended(std::uint64_t waiters) {
        found_["end_ns"] = nanoseconds(clock::now() - released_);
        found_["cpu_ns"] = nanoseconds(time_.used().cpu);
        add_memory(found_, before_, waiting_, waiters);
        return found_;
    }

private:
    metrics found_;
    memory before_ = memory::now();
    memory waiting_;
    clock::time_point released_;
    meter time_;
};

} // namespace eddy::compare::idle_waiters
