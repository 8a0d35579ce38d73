// timeout.cpp — arming, expiring and leaving a deadline.

#include "sched/worker.hpp"
#include <eddy/base/syscall.hpp>
#include <eddy/sched/timeout.hpp>

namespace eddy::inline v0 {

timeout_scope::timeout_scope(branch& over) noexcept
    : timer_node(&fired), branch_(&over), requests_before_(over.delivered_requests()) {}

timeout_scope::~timeout_scope() {
    disarm();
}

void timeout_scope::reschedule(clock::time_point when, clock::time_point now) {
    disarm();
    if (expired() && !recall()) {
        throw invalid_state_error("the timeout has expired");
    }
    deadline_.set_when(when);
    if (when == clock::time_point::max()) {
        return;
    }
    if (when <= now) {                 // as a callback of call_soon would: before what follows
        expired_.store(true, release); // P1
        at_once_ = true;
        (void)branch_->cancel();
        return;
    }
    armed_ = true;
    fire_ended_.store(false, relaxed); // init: not armed
    wheel_ = &worker::current()->wheel();
    wheel_->insert(*this, when);
}

// What has expired at once, in the running body, and has not been delivered: that can be undone.
bool timeout_scope::recall() noexcept {
    if (!std::exchange(at_once_, false) || !branch_->take_cancel()) {
        return false;
    }
    if (branch_->uncancel() > requests_before_) {
        branch_->put_cancel_back(); // another's came as well
    }
    expired_.store(false, relaxed); // own: no timer is armed
    return true;
}

void timeout_scope::fired(timer_node& node) noexcept {
    auto& self = static_cast<timeout_scope&>(node);
    self.expired_.store(true, release); // P1
    (void)self.branch_->cancel();
    self.fire_ended_.store(true, release); // P1
    // GONE: the scope may have been left.
}

void timeout_scope::disarm() noexcept {
    if (!std::exchange(armed_, false) || wheel_->cancel(*this)) {
        return;
    }
    while (!fire_ended_.load(acquire)) { // P1
        sys::sched_yield();
    }
}

bool timeout_scope::leave(body_end how) noexcept {
    disarm();
    if (!expired()) {
        return false;
    }
    // First the request, if one came too late to be delivered, then the count: who cancels counts
    // first, so a request that was taken here and is another's shows in the count.
    const bool undelivered = branch_->take_cancel();
    const bool only_mine = branch_->uncancel() <= requests_before_;
    if (undelivered && !only_mine && how != body_end::cancelled) {
        branch_->put_cancel_back();
    }
    return only_mine && how == body_end::cancelled;
}

} // namespace eddy::inline v0
