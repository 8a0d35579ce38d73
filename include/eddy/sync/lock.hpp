// lock.hpp — one task at a time.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/scheduler.hpp>
#include <eddy/sync/permit_pool.hpp>

#include <utility>

namespace eddy::inline v0 {

/// Mutual exclusion between tasks, held over awaits; asyncio's Lock.
///
/// Fair: it is handed over to who asked first, who then holds it even before it runs. Not
///       recursive.
/// No thread is blocked: one that runs no loop can only try_lock().
/// Threads:  all members: any thread; the guard may be given to another task, also on another loop.
/// Cost:     one read-modify-write to acquire and one to release while nobody else wants it.
/// Example:  docs/examples/lock.cpp
class EDDY_API lock {
public:
    class guard;
    class acquire_op;

    lock() noexcept = default;

    /// Waits until nobody else holds it; gives a guard that releases it.
    ///
    /// Suspends: if it is held, or somebody waits for it.
    /// Throws:   cancelled_error.
    /// Cancel:   safe: it is not held afterwards; if it was just being handed over it is passed on.
    [[nodiscard]] acquire_op acquire() noexcept;

    /// The same without waiting: an empty guard if it is held.
    [[nodiscard]] guard try_lock() noexcept;

    [[nodiscard]] bool locked() const noexcept { return permits_.value() == 0; }

    /// The task that acquired it last; nullptr for none, or none that is known. To be compared, not
    /// followed. Means something only while it is locked.
    [[nodiscard]] const task_base* holder_hint() const noexcept {
        return holder_.load(relaxed); // hint: for reports
    }

private:
    friend class condition;
    void note_holder() noexcept {
        const scheduler* const mine = scheduler::current();
        holder_.store(mine != nullptr ? mine->running() : nullptr, relaxed); // hint: for reports
    }
    void release() noexcept { permits_.give(1); }

    permit_wait::pool permits_{1};
    atomic<const task_base*> holder_{nullptr};
};

/// Holds a lock, or nothing; releases it when it dies.
class [[nodiscard]] lock::guard {
public:
    guard() noexcept = default;
    guard(guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
    guard& operator=(guard&& other) noexcept {
        guard(std::move(other)).swap(*this);
        return *this;
    }
    ~guard() { release(); }

    /// Whether it holds a lock.
    explicit operator bool() const noexcept { return lock_ != nullptr; }
    /// Releases it now.
    void release() noexcept {
        if (lock* const held = std::exchange(lock_, nullptr)) {
            held->release();
        }
    }
    void swap(guard& other) noexcept { std::swap(lock_, other.lock_); }

private:
    friend class lock;
    friend class condition;
    explicit guard(lock& held) noexcept : lock_(&held) { held.note_holder(); }

    lock* lock_ = nullptr;
};

class lock::acquire_op final : public permit_wait {
public:
    explicit acquire_op(lock& of) noexcept : permit_wait(of.permits_, 1), lock_(&of) {}
    acquire_op(acquire_op&&) noexcept = default;

    guard await_resume() {
        check_taken();
        return guard(*lock_);
    }

    void show(await_look& look) const noexcept override {
        show_as(look, "a lock", lock_->holder_hint());
    }

private:
    lock* lock_;
};

inline lock::acquire_op lock::acquire() noexcept {
    return acquire_op(*this);
}

inline lock::guard lock::try_lock() noexcept {
    return permits_.try_take(1) ? guard(*this) : guard();
}

} // namespace eddy::inline v0
