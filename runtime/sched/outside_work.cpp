// outside_work.cpp — one more, one less.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/sched/outside_work.hpp>

namespace eddy::inline v0 {

outside_work::outside_work() : outside_work(get_running_loop()) {}

outside_work::outside_work(event_loop& of) noexcept : runtime_(&of.owner().runtime()) {
    runtime_->deadlocks().expect_outside(+1);
}

outside_work::~outside_work() {
    runtime_->deadlocks().expect_outside(-1);
}

} // namespace eddy::inline v0
