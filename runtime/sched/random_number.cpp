// random_number.cpp — each worker has a sequence for tasks.

#include "sched/worker.hpp"
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/random_number.hpp>

namespace eddy::inline v0 {

std::uint64_t random_below(std::uint64_t limit) {
    return static_cast<worker&>(require_running("random_below")).random_for_tasks().below(limit);
}

} // namespace eddy::inline v0
