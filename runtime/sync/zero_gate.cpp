// zero_gate.cpp — waiting for 0.

#include <eddy/core/await_chain.hpp>
#include <eddy/sync/zero_gate.hpp>

namespace eddy::inline v0 {

bool zero_wait::await_suspend(promise_base& promise) {
    suspended_ = true;
    return park(promise, [this] {
        if (of_->wait(*this)) {
            wake();
        }
    });
}

abort_result zero_wait::abort() noexcept {
    return of_->withdraw(*this) ? abort_result::aborted : abort_result::completed;
}

select_arm zero_wait::select_case::arm(select_claim& by, std::uint32_t which) noexcept {
    bind(by, which);
    return of_->wait(*this) ? arm_ready() : select_arm::waits;
}

void zero_wait::select_case::disarm() noexcept {
    if (!of_->withdraw(*this)) {
        wait_until_left();
    }
}

void zero_wait::show(await_look& look) const noexcept {
    look.waits_for("an event or a latch");
}

} // namespace eddy::inline v0
