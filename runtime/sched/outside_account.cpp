// outside_account.cpp — who has to know that the last job is over.

#include "sched/outside_account.hpp"

#include "sched/runtime_core.hpp"

namespace eddy::inline v0 {

// With a virtual clock every worker may sleep until this: one of them has to look again.
void outside_account::end() noexcept {
    if (jobs_.fetch_sub(1, acq_rel) != 1) { // P1
        return;
    }
    const std::lock_guard hold(gate_);
    if (runtime_ != nullptr && runtime_->virtual_time()) {
        runtime_->at(0).notify();
    }
}

void outside_account::close() noexcept {
    const std::lock_guard hold(gate_);
    runtime_ = nullptr;
}

} // namespace eddy::inline v0
