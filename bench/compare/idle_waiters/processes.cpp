// processes.cpp — idle waiters, one forked process each, waiting for the end of one pipe.

#include "../child.hpp"
#include "../pipe.hpp"
#include "common.hpp"

#include <vector>

namespace eddy::compare::idle_waiters {

metrics run_processes(const request& asked) {
    record record;
    pipe started;
    pipe release;
    std::vector<child> children;
    std::vector<pid_t> ids;
    children.reserve(asked.size);
    ids.reserve(asked.size);
    for (std::uint64_t i = 0; i < asked.size; ++i) {
        children.emplace_back([&] {
            release.close_write_end(); // or the waiters would keep each other waiting
            started.write('s');
            release.wait_for_end();
        });
        ids.push_back(children.back().pid());
    }
    started.skip(asked.size);
    record.all_waiting(ids);
    release.close_write_end();
    for (child& waiter : children) {
        waiter.join();
    }
    return record.all_ended(asked.size);
}

} // namespace eddy::compare::idle_waiters
