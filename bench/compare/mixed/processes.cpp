// processes.cpp — mixed, a forked process for every job; the probe is a thread of the parent.

#include "../child.hpp"
#include "../probe_thread.hpp"
#include "common.hpp"

#include <vector>

namespace eddy::compare::mixed {

metrics run_processes(const request& asked) {
    metrics found;
    with_probe_thread([&] {
        std::vector<child> jobs;
        jobs.reserve(asked.size);
        while (jobs.size() < asked.size) {
            jobs.emplace_back(blocking_job); // only async-signal-safe calls: a thread exists
        }
        for (child& job : jobs) {
            job.join();
        }
    }).add_to(found);
    return found;
}

} // namespace eddy::compare::mixed
