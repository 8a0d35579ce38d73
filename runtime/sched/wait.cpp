// wait.cpp — the timer of a wait.
//
// Pairs:      P1  fire_ended_: fired -> finish_timed     the timer does not touch the wait any more

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/base/syscall.hpp>
#include <eddy/sched/wait.hpp>

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
    branch& waiter = self.waiter();
    const bool wakes = self.expire();
    self.fire_ended_.store(true, release); // P1
    // GONE: unless this is what wakes it, and then only the branch is touched.
    if (wakes) {
        waiter.wake();
    }
}

void timed_wait::finish_timed() {
    if (wheel_ != nullptr && !wheel_->cancel(*this)) {
        while (!fire_ended_.load(acquire)) { // P1
            sys::sched_yield();
        }
    }
    finish();
}

} // namespace eddy::inline v0
