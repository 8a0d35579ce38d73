// threads.cpp — mixed, a std::thread for every job; the probe is a thread, too.

#include "../probe_thread.hpp"
#include "common.hpp"

#include <thread>
#include <vector>

namespace eddy::compare::mixed {

metrics run_threads(const request& asked) {
    metrics found;
    with_probe_thread([&] {
        std::vector<std::jthread> jobs;
        jobs.reserve(asked.size);
        while (jobs.size() < asked.size) {
            jobs.emplace_back(blocking_job);
        }
    }).add_to(found);
    return found;
}

} // namespace eddy::compare::mixed
