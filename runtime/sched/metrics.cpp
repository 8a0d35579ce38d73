// metrics.cpp — adds up what the workers count anyway.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/sched/metrics.hpp>

namespace eddy::inline v0 {

runtime_metrics metrics(const event_loop& loop) noexcept {
    runtime_core& runtime = loop.owner().runtime();
    runtime_metrics sum{.loop_stalls_total = runtime.stalls()};
    for (unsigned i = 0; i != runtime.size(); ++i) {
        sum.steps_total += runtime.at(i).steps();
        sum.tasks += runtime.at(i).tasks().size();
    }
    return sum;
}

} // namespace eddy::inline v0
