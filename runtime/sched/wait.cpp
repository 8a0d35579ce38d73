// wait.cpp — the timer of a wait.

#include <eddy/sched/wait.hpp>

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"

#include <eddy/base/syscall.hpp>

namespace eddy::inline v0 {

bool timed_wait::await_suspend(promise_base& promise) {
    return park(promise, [this] {
        if (limit_) {
            worker& here = *worker::current();
            wheel_ = &here.wheel();
            wheel_->insert(*this, deadline_after(here.runtime().now(), *limit_));
        }
        register_all();
    });
}

void timed_wait::fired(timer_node& node) noexcept {
    auto& self = static_cast<timed_wait&>(node);
    self.expire(self.fire_ended_);
    // GONE: the wait may have been left.
}

void timed_wait::finish_timed() {
    if (wheel_ != nullptr && !wheel_->cancel(*this)) {
        while (!fire_ended_.load(acquire)) { // P2
            sys::sched_yield();
        }
    }
    finish();
}

} // namespace eddy::inline v0
