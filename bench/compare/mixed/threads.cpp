// threads.cpp — mixed, a std::thread for every job; the probe is a thread, too.

#include "common.hpp"
#include "probe_thread.hpp"

#include <thread>
#include <vector>

namespace eddy::compare::mixed {

metrics run_threads(const request& asked) {
    metrics found;
    probe_thread probe;
    const meter time;
    {
        std::vector<std::jthread> jobs;
        jobs.reserve(asked.size);
        while (jobs.size() < asked.size) {
            jobs.emplace_back(blocking_job);
        }
    }
    found["total_ns"] = nanoseconds(time.wall());
    found["cpu_ns"] = nanoseconds(time.used().cpu);
    probe.finish(found);
    return found;
}

} // namespace eddy::compare::mixed
