// condition.hpp — waiting, under a lock, for something to become true.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/sync/lock.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// Tasks give a lock away until they are told to look again; asyncio's Condition.
///
/// Who is notified queues for the lock at once and runs when it has got it: with one suspension for
/// the whole of a wait. It wakes for no other reason.
/// Threads:  all members: any thread.
/// Example:  docs/examples/waiting_together.cpp
class EDDY_API condition {
public:
    class wait_op;

    /// With a lock of its own.
    condition() noexcept : lock_(&own_) {}
    /// With `shared`, which outlives it; several conditions may share one.
    explicit condition(lock& shared) noexcept : lock_(&shared) {}
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    ~condition() = default;

    /// The lock: as lock::acquire, with the same promises.
    [[nodiscard]] lock::acquire_op acquire() noexcept { return lock_->acquire(); }
    [[nodiscard]] bool locked() const noexcept { return lock_->locked(); }

    /// Releases the lock, waits until it is notified, and acquires the lock again, which `held`
    /// holds afterwards as before, also when this throws.
    ///
    /// Suspends: always.
    /// Throws:   cancelled_error; invalid_state_error, at once, if `held` does not hold this lock.
    /// Cancel:   safe: a notification that was meant for it is passed on. The error is thrown when
    ///           the lock is held again: until it is free the wait goes on.
    [[nodiscard]] wait_op wait(lock::guard& held);

    /// Waits, as often as needed, until `look()` gives something true; gives that. `look` is called
    /// under the lock, once before any wait.
    ///
    /// Throws:   as wait(); what `look` throws, with the lock held.
    /// Cancel:   safe, as wait().
    /// Cost:     a coroutine.
    template <typename Look>
    auto wait_for(lock::guard& held, Look look) -> coro<std::decay_t<std::invoke_result_t<Look&>>>;

    /// Tells the `count` tasks that have waited longest, or all there are.
    ///
    /// Throws:   invalid_state_error if nobody holds the lock.
    void notify(std::size_t count = 1);
    /// Tells all who wait. Throws: as notify().
    void notify_all();

private:
    void pass_on(std::size_t count) noexcept;

    lock own_;
    lock* lock_;
    spin_lock guard_;
    wait_list<wait_op> waiters_; // guard_ guards it
};

/// Waits in the condition's list, and then for the lock.
class EDDY_API condition::wait_op final : public permit_wait {
public:
    explicit wait_op(condition& of) noexcept : permit_wait(of.lock_->permits_, 1), of_(&of) {}
    wait_op(wait_op&&) noexcept = default;

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise);
    void await_resume();

    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

private:
    friend class condition;

    condition* of_;
    bool notified_ = false; // guard_ guards it; of no more use to others once it is true
};

template <typename Look>
auto condition::wait_for(lock::guard& held, Look look)
    -> coro<std::decay_t<std::invoke_result_t<Look&>>> {
    for (;;) {
        if (auto seen = look()) {
            co_return std::move(seen);
        }
        co_await wait(held);
    }
}

} // namespace eddy::inline v0
