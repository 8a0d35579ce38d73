// zero_gate.cpp — waiting for 0.

#include <eddy/sync/zero_gate.hpp>

namespace eddy::inline v0 {

bool zero_wait::await_suspend(promise_base& promise) {
    return wait_in(promise, [this] { return of_->wait(*this); });
}

abort_result zero_wait::abort() noexcept {
    return of_->withdraw(*this) ? abort_result::aborted : abort_result::completed;
}

} // namespace eddy::inline v0
