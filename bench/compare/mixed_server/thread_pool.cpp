// thread_pool.cpp — mixed server, a task of eddy for every request; the thread pool has the heavy
// ones.

#include "common.hpp"
#include "serve_on_loops.hpp"

namespace eddy::compare::mixed_server {

namespace {

eddy::coro<> answer(eddy::thread_pool_executor& pool, requests& all, std::size_t index) {
    if (all.is_heavy(index)) {
        co_await eddy::run_in_executor(pool, burn_heavy);
    } else {
        burn_light();
    }
    all.answered(index);
}

} // namespace

metrics run_thread_pool(const request& asked) {
    requests all(asked);
    eddy::thread_pool_executor pool;
    serve_on_loops(all, asked.cores,
                   [&](requests& them, std::size_t index) { return answer(pool, them, index); });
    return all.result();
}

} // namespace eddy::compare::mixed_server
