// sleep.cpp — waiting in a wheel.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/core/await_chain.hpp>
#include <eddy/sched/sleep.hpp>

namespace eddy::inline v0 {

bool sleep_op::await_suspend(promise_base& promise) {
    worker& here = *worker::current();
    const clock::time_point time = here.runtime().now();
    const clock::time_point deadline = deadline_from(time);
    if (deadline <= time) {
        return yield(promise);
    }
    return park(promise, [&] {
        wheel_ = &here.wheel();
        wheel_->insert(*this, deadline);
    });
}

abort_result sleep_op::abort() noexcept {
    return wheel_->cancel(*this) ? abort_result::aborted : abort_result::completed;
}

void sleep_op::show(await_look& look) const noexcept {
    look.waits_for("a timer");
}

select_arm sleep_op::select_case::arm(select_claim& by, std::uint32_t which) noexcept {
    worker& here = *worker::current();
    const clock::time_point time = here.runtime().now();
    const clock::time_point deadline = of_.deadline_from(time);
    bind(by, which);
    if (deadline <= time) {
        return arm_ready();
    }
    wheel_ = &here.wheel();
    wheel_->insert(*this, deadline);
    return select_arm::waits;
}

void sleep_op::select_case::disarm() noexcept {
    if (!wheel_->cancel(*this)) {
        wait_until_left();
    }
}

clock::time_point now() noexcept {
    const worker* const here = worker::current();
    return here != nullptr ? here->runtime().now() : clock::now();
}

} // namespace eddy::inline v0
