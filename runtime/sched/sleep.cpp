// sleep.cpp — waiting in a wheel.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/core/await_chain.hpp>
#include <eddy/sched/sleep.hpp>

namespace eddy::inline v0 {

bool sleep_op::await_suspend(promise_base& promise) {
    worker& here = *worker::current();
    const clock::time_point time = here.runtime().now();
    const clock::time_point deadline =
        from_ == base::duration ? deadline_after(time, span_) : clock::time_point(span_);
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

clock::time_point now() noexcept {
    const worker* const here = worker::current();
    return here != nullptr ? here->runtime().now() : clock::now();
}

} // namespace eddy::inline v0
