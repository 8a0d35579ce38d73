// event.hpp — something that has happened or has not: tasks wait until it has.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sync/wait_word.hpp>

namespace eddy::inline v0 {

/// A flag that tasks on any loop wait for; asyncio's Event.
///
/// It may be destroyed by whoever has waited for it, also while set() is returning.
/// Threads:  all members: any thread.
class EDDY_API event {
public:
    class wait_op;

    event() noexcept = default;

    [[nodiscard]] bool is_set() const noexcept { return flag_.value() != 0; }

    /// Sets the flag and wakes all who wait, in the order in which they came.
    ///
    /// Who begins to wait before clear() does not suspend.
    /// Cost:     one read-modify-write, and one for each task that waits.
    void set() noexcept;
    /// Takes the flag back. Who was woken by set() goes on all the same.
    void clear() noexcept;

    /// Waits until the flag is set.
    ///
    /// Suspends: if it is not.
    /// Throws:   cancelled_error.
    /// Cancel:   safe: there is nothing that could be lost.
    [[nodiscard]] wait_op wait() noexcept;

private:
    wait_word<wait_op> flag_{0};
};

class EDDY_API event::wait_op final : public list_wait {
public:
    explicit wait_op(event& of) noexcept : of_(&of) {}
    wait_op(wait_op&&) noexcept = default;

    [[nodiscard]] bool await_ready() const noexcept { return of_->is_set() && may_go_on(); }
    bool await_suspend(promise_base& promise);
    void await_resume() {
        if (suspended()) {
            check_cancelled();
        }
    }

    abort_result abort() noexcept override;

private:
    event* of_;
};

inline event::wait_op event::wait() noexcept {
    return wait_op(*this);
}

} // namespace eddy::inline v0
