// eddy.cpp — mixed, an eddy::task for every job; the probe is a task that sleeps until its tick.

#include "../burn.hpp"
#include "../probed_tasks.hpp"
#include "common.hpp"
#include <eddy/eddy.hpp>

namespace eddy::compare::mixed {

namespace {

eddy::coro<> awaiting_job() {
    burn(burn_time / 2);
    co_await eddy::sleep(block_time);
    burn(burn_time / 2);
}

} // namespace

metrics run_coroutines(const request& asked) {
    metrics found;
    eddy::run(await_probed(asked.size, awaiting_job), {.workers = asked.cores}).add_to(found);
    return found;
}

} // namespace eddy::compare::mixed
