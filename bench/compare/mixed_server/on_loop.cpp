// on_loop.cpp — mixed server, a task of eddy for every request; heavy ones keep their worker.

#include "common.hpp"
#include "serve_on_loops.hpp"

namespace eddy::compare::mixed_server {

namespace {

eddy::coro<> answer(requests& all, std::size_t index) {
    all.answer_here(index);
    co_return;
}

} // namespace

metrics run_on_loop(const request& asked) {
    requests all(asked);
    serve_on_loops(all, asked.cores, answer);
    return all.result();
}

} // namespace eddy::compare::mixed_server
