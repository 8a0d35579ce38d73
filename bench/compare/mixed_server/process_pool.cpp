// process_pool.cpp — mixed server, a task of eddy for every request; the process pool has the heavy
// ones.

#include "common.hpp"
#include "serve_on_loops.hpp"
#include <eddy/exec/process_pool_executor.hpp>

namespace eddy::compare::mixed_server {

EDDY_FUNCTION(burn_heavy);
EDDY_FUNCTION(burn_light);

namespace {

eddy::coro<> answer(eddy::process_pool_executor& pool, requests& all, std::size_t index) {
    if (all.is_heavy(index)) {
        co_await eddy::run_in_executor(pool, burn_heavy);
    } else {
        burn_light();
    }
    all.answered(index);
}

} // namespace

metrics run_process_pool(const request& asked) {
    requests all(asked);
    {
        eddy::process_pool_executor pool(asked.cores);
        for (unsigned i = 0; i < asked.cores; ++i) {
            (void)pool.submit(burn_light); // starts a process
        }
        serve_on_loops(all, asked.cores, [&](requests& them, std::size_t index) {
            return answer(pool, them, index);
        });
    }
    return all.result(); // now that the CPU time of the processes is known
}

} // namespace eddy::compare::mixed_server
