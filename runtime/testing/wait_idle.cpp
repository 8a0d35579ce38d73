// wait_idle.cpp — a sleep of the shortest time there is, where time passes only if nothing can run.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/core/errors.hpp>
#include <eddy/sched/event_loop.hpp>
#include <eddy/sched/sleep.hpp>
#include <eddy/testing/wait_idle.hpp>

#include <chrono>

namespace eddy::inline v0 {

coro<> wait_idle() {
    if (!get_running_loop().owner().runtime().virtual_time()) {
        throw invalid_state_error("wait_idle() needs virtual time: in real time nobody knows "
                                  "whether something is about to run");
    }
    co_await sleep(std::chrono::nanoseconds(1));
}

} // namespace eddy::inline v0
