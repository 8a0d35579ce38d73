// condition.cpp — from the condition's list to the lock's queue.

#include <eddy/core/await_chain.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/sync/condition.hpp>

#include <limits>
#include <mutex>

namespace eddy::inline v0 {

condition::wait_op condition::wait(lock::guard& held) {
    if (held.lock_ != lock_) {
        throw invalid_state_error("a condition waits with its own lock held");
    }
    return wait_op(*this);
}

void condition::notify(std::size_t count) {
    if (!locked()) {
        throw invalid_state_error("a condition is notified with its lock held");
    }
    pass_on(count);
}

void condition::notify_all() {
    notify(std::numeric_limits<std::size_t>::max());
}

// One after the other, so that no spin lock is held for longer than a moment.
void condition::pass_on(std::size_t count) noexcept {
    for (; count != 0; --count) {
        wait_op* first = nullptr;
        {
            const std::lock_guard hold(guard_);
            first = waiters_.pop();
            if (first == nullptr) {
                return;
            }
            first->notified_ = true;
        }
        if (lock_->permits_.take_or_wait(*first)) {
            first->wake();
        }
        // GONE: the lock may have been handed over to it.
    }
}

bool condition::wait_op::await_suspend(promise_base& promise) {
    return wait_in(promise, [this] {
        {
            const std::lock_guard hold(of_->guard_);
            of_->waiters_.push(*this);
        }
        of_->lock_->release();
        return false;
    });
}

// Either way the lock is held again.
void condition::wait_op::await_resume() {
    of_->lock_->note_holder();
    if (waiter().take_cancel() || aborted()) {
        if (notified_) {
            of_->pass_on(1);
        }
        waiter().throw_cancelled();
    }
}

// The lock has to be acquired first; the wake-up comes with it.
abort_result condition::wait_op::abort() noexcept {
    {
        const std::lock_guard hold(of_->guard_);
        if (notified_) {
            return abort_result::completed;
        }
        const bool removed = of_->waiters_.remove(*this);
        EDDY_ASSERT(removed);
        (void)removed;
    }
    return permits().take_or_wait(*this) ? abort_result::aborted : abort_result::completed;
}

void condition::wait_op::show(await_look& look) const noexcept {
    look.waits_for("a condition");
}

} // namespace eddy::inline v0
