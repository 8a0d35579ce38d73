// executors.cpp — mixed server, a task of eddy for every request; an executor has the heavy ones.

#include "common.hpp"
#include "serve_on_loops.hpp"
#include <eddy/exec/process_pool_executor.hpp>
#include <eddy/exec/tbb_executor.hpp>

namespace eddy::compare::mixed_server {

EDDY_FUNCTION(burn_heavy);
EDDY_FUNCTION(burn_light);

namespace {

template <eddy::executor E>
eddy::coro<> answer(E& pool, requests& all, std::size_t index) {
    if (all.is_heavy(index)) {
        co_await eddy::run_in_executor(pool, burn_heavy);
    } else {
        burn_light();
    }
    all.answered(index);
}

// As many calls at a time as there are cores: they compute.
template <eddy::executor E>
metrics run(const request& asked) {
    requests all(asked);
    {
        E pool(asked.cores);
        for (unsigned i = 0; i < asked.cores; ++i) {
            (void)pool.submit(burn_light); // starts a thread or a process
        }
        serve_on_loops(all, asked.cores, [&](requests& them, std::size_t index) {
            return answer(pool, them, index);
        });
    }
    return all.result(); // now that the CPU time of processes is known
}

} // namespace

metrics run_thread_pool(const request& asked) {
    return run<eddy::thread_pool_executor>(asked);
}
metrics run_process_pool(const request& asked) {
    return run<eddy::process_pool_executor>(asked);
}
metrics run_tbb_executor(const request& asked) {
    return run<eddy::tbb_executor>(asked);
}

} // namespace eddy::compare::mixed_server
