// future_state.cpp — who waits for a result, and its delivery.

#include <eddy/base/spin_wait.hpp>
#include <eddy/core/await_chain.hpp>
#include <eddy/core/future_state.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/task.hpp>

#include <algorithm>

namespace eddy::inline v0 {
namespace {

constexpr int lookups_max = 64; // of waiters, under the lock

} // namespace

future_state::~future_state() = default;

bool future_state::add(future_waiter& waiter) noexcept {
    std::uintptr_t seen = word_.load(acquire); // P1
    while ((seen & locked_bit) == 0) {
        if ((seen & done_bit) != 0) {
            return false;
        }
        waiter.next_ = list_of(seen);
        const auto next = reinterpret_cast<std::uintptr_t>(&waiter);
        if (word_.compare_exchange_weak(seen, next, acq_rel, acquire)) { // P2; fail: P1
            return true;
        }
    }
    return add_when_unlocked(waiter);
}

bool future_state::add_when_unlocked(future_waiter& waiter) noexcept {
    wait_until_unlocked();
    return add(waiter);
}

void future_state::wait_until_unlocked() const noexcept {
    spin_wait unlocked;
    while ((word_.load(relaxed) & locked_bit) != 0) { // hint: the caller looks again
        unlocked.pause();
    }
}

// Gives the word as it was; the lock is held unless it says done.
std::uintptr_t future_state::lock() noexcept {
    std::uintptr_t seen = word_.load(acquire); // P1
    for (spin_wait unlocked;; unlocked.pause()) {
        if ((seen & done_bit) != 0) {
            return seen;
        }
        const std::uintptr_t next = seen | locked_bit;
        // P2; fail: P1
        if (seen != next && word_.compare_exchange_weak(seen, next, acq_rel, acquire)) {
            return seen;
        }
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

// While it is locked, whoever wakes or withdraws a waiter waits: a few instructions.
std::size_t future_state::collect_awaiters(std::span<state_ref<task_base>> into) noexcept {
    const std::uintptr_t seen = lock();
    if ((seen & done_bit) != 0) {
        return 0;
    }
    std::size_t count = 0;
    int left = lookups_max;
    for (const future_waiter* at = list_of(seen); at != nullptr && left-- != 0; at = at->next_) {
        if (count == into.size()) {
            break;
        }
        if (const branch* const waiting = at->awaiting()) {
            into[count++] = state_ref<task_base>::share(&waiting->task());
        }
    }
    word_.store(seen, release); // P2
    std::ranges::reverse(into.first(count));
    return count;
}

void future_state::complete(outcome how) noexcept {
    outcome_ = how;
    std::uintptr_t seen = word_.load(acquire); // P2
    while ((seen & locked_bit) == 0) {
        if (word_.compare_exchange_weak(seen, done_bit, acq_rel, acquire)) { // P1; fail: P2
            notify_all(list_of(seen));
            return;
        }
    }
    complete_when_unlocked(how);
}

void future_state::complete_when_unlocked(outcome how) noexcept {
    wait_until_unlocked();
    complete(how);
}

void future_state::notify_all(future_waiter* newest) noexcept {
    future_waiter* oldest = nullptr;
    while (newest != nullptr) {
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

// One that failed as cancelled has heard of another request: one error for both.
void future_wait::keep_unheard_cancel() noexcept {
    branch* const producer = state_->producer();
    if (producer != nullptr && producer->task().cancel_unheard() && !state_->cancelled()) {
        waiter().put_cancel_back();
    }
}

void future_wait::show(await_look& look) const noexcept {
    (void)look.waits_for(*state_);
}

abort_result future_wait::abort() noexcept {
    branch* const producer = policy_ == on_cancel::cancel_producer ? state_->producer() : nullptr;
    if (producer != nullptr && producer->ended()) {
        return abort_result::completed; // it is being completed: who awaits a task sees its end
    }
    return state_->remove(*this) ? abort_result::aborted : abort_result::completed;
}

} // namespace eddy::inline v0
