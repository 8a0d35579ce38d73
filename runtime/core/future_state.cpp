// future_state.cpp — who waits for a result, and its delivery.

#include <eddy/base/syscall.hpp>
#include <eddy/core/future_state.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/task.hpp>

namespace eddy::inline v0 {

future_state::~future_state() = default;

bool future_state::add(future_waiter& waiter) noexcept {
    std::uintptr_t seen = word_.load(acquire); // P1
    for (;;) {
        if ((seen & done_bit) != 0) {
            return false;
        }
        if ((seen & locked_bit) != 0) {
            native_sync::pause();
            seen = word_.load(acquire); // P1
            continue;
        }
        waiter.next_ = list_of(seen);
        const auto next = reinterpret_cast<std::uintptr_t>(&waiter);
        if (word_.compare_exchange_weak(seen, next, acq_rel, acquire)) { // P2; fail: P1
            return true;
        }
    }
}

// Gives the word as it was; the lock is held unless it says done.
std::uintptr_t future_state::lock() noexcept {
    std::uintptr_t seen = word_.load(acquire); // P1
    for (int spins = 0;; ++spins) {
        if ((seen & done_bit) != 0) {
            return seen;
        }
        const std::uintptr_t next = seen | locked_bit;
        // P2; fail: P1
        if (seen != next && word_.compare_exchange_weak(seen, next, acq_rel, acquire)) {
            return seen;
        }
        if (spins > 64) {
            sys::sched_yield();
        }
        native_sync::pause();
        seen = word_.load(acquire); // P1
    }
}

bool future_state::remove(future_waiter& waiter) noexcept {
    const std::uintptr_t seen = lock();
    if ((seen & done_bit) != 0) {
        return false;
    }
    future_waiter* head = list_of(seen);
    bool found = false;
    for (future_waiter** at = &head; *at != nullptr; at = &(*at)->next_) {
        if (*at == &waiter) {
            *at = waiter.next_;
            found = true;
            break;
        }
    }
    word_.store(reinterpret_cast<std::uintptr_t>(head), release); // P2
    return found;
}

void future_state::complete(outcome how) noexcept {
    outcome_ = how;
    std::uintptr_t seen = word_.load(acquire); // P2
    for (;;) {
        if ((seen & locked_bit) != 0) {
            native_sync::pause();
            seen = word_.load(acquire); // P2
            continue;
        }
        if (word_.compare_exchange_weak(seen, done_bit, acq_rel, acquire)) { // P1; fail: P2
            break;
        }
    }
    future_waiter* oldest = nullptr;
    for (future_waiter* newest = list_of(seen); newest != nullptr;) {
        future_waiter* const next = newest->next_;
        newest->next_ = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != nullptr) {
        future_waiter* const next = oldest->next_;
        oldest->notify();
        // GONE: the waiter may have been destroyed.
        oldest = next;
    }
}

bool future_wait::await_suspend(promise_base& promise) {
    if (state_ == &promise.own_branch().task()) {
        throw invalid_state_error("a task cannot await itself");
    }
    if (state_->done()) { // the step's budget is used up
        return yield(promise);
    }
    return park(promise, [this] {
        if (!state_->add(*this)) {
            wake();
        }
    });
}

branch* future_wait::next_target() noexcept {
    if (policy_ == on_cancel::stop_waiting || state_->done()) {
        return nullptr;
    }
    target_given_ = !target_given_;
    return target_given_ ? state_->producer() : nullptr;
}

abort_result future_wait::abort() noexcept {
    branch* const producer = policy_ == on_cancel::cancel_producer ? state_->producer() : nullptr;
    if (producer != nullptr && producer->ended()) {
        return abort_result::completed; // it is being completed: who awaits a task sees its end
    }
    return state_->remove(*this) ? abort_result::aborted : abort_result::completed;
}

} // namespace eddy::inline v0
