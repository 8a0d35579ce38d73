// processes.cpp — mixed, a forked process for every job; the probe is a thread of the parent.

#include "../child.hpp"
#include "common.hpp"
#include "probe_thread.hpp"

#include <vector>

namespace eddy::compare::mixed {

metrics run_processes(const request& asked) {
    metrics found;
    std::vector<child> jobs;
    jobs.reserve(asked.size);
    probe_thread probe;
    const meter time;
    while (jobs.size() < asked.size) {
        jobs.emplace_back(blocking_job); // only async-signal-safe calls: another thread exists
    }
    for (child& job : jobs) {
        job.join();
    }
    found["total_ns"] = nanoseconds(time.wall());
    found["cpu_ns"] = nanoseconds(time.used().cpu);
    probe.finish(found);
    return found;
}

} // namespace eddy::compare::mixed
