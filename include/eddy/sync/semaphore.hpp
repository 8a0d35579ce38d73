// semaphore.hpp — at most so many at a time.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sync/permit_pool.hpp>

#include <cstdint>
#include <utility>

namespace eddy::inline v0 {

/// Some permits, taken and given back by tasks; asyncio's Semaphore.
///
/// Fair: who asked first gets first, also if it asked for many and those behind it for few.
/// Threads:  all members: any thread. One that runs no loop can only try_acquire() and release().
/// Cost:     one read-modify-write to acquire and one to release while nobody waits.
/// Example:  docs/examples/semaphore_limit.cpp
class EDDY_API semaphore {
public:
    class guard;
    class acquire_op;

    /// `permits`: how many there are at first.
    explicit semaphore(std::uint32_t permits = 1) noexcept : permits_(permits) {}

    /// Waits for `wanted` permits; gives a guard that gives them back.
    ///
    /// Suspends: if there are fewer, or somebody waits for some.
    /// Throws:   cancelled_error.
    /// Cancel:   safe: no permit is lost; those that were just being handed over are passed on, and
    ///           who waits behind it for fewer goes on.
    [[nodiscard]] acquire_op acquire(std::uint32_t wanted = 1) noexcept;

    /// The same without waiting: an empty guard if it would have to wait.
    [[nodiscard]] guard try_acquire(std::uint32_t wanted = 1) noexcept;

    /// Adds permits, without a guard: those of a guard that was detached, or new ones. At most
    /// 2³² - 1 in all.
    void release(std::uint32_t given = 1) noexcept;

    /// Whether acquire() would wait.
    [[nodiscard]] bool locked() const noexcept {
        return permits_.value() == 0 || permits_.queued_hint();
    }
    [[nodiscard]] std::uint32_t value_hint() const noexcept { return permits_.value(); }

private:
    friend class bounded_semaphore;
    permit_wait::pool permits_;
};

/// Holds permits of a semaphore, or none; gives them back when it dies.
class [[nodiscard]] semaphore::guard {
public:
    guard() noexcept = default;
    guard(guard&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), count_(std::exchange(other.count_, 0)) {}
    guard& operator=(guard&& other) noexcept {
        guard(std::move(other)).swap(*this);
        return *this;
    }
    ~guard() { release(); }

    /// Whether it is one of a semaphore.
    explicit operator bool() const noexcept { return pool_ != nullptr; }
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    /// Gives them back now.
    void release() noexcept {
        if (permit_wait::pool* const from = std::exchange(pool_, nullptr)) {
            from->give(std::exchange(count_, 0));
        }
    }
    /// Keeps the permits taken; semaphore::release gives them back, or nobody does.
    void detach() noexcept {
        pool_ = nullptr;
        count_ = 0;
    }
    void swap(guard& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(count_, other.count_);
    }

private:
    friend class semaphore;
    guard(permit_wait::pool& from, std::uint32_t count) noexcept : pool_(&from), count_(count) {}

    permit_wait::pool* pool_ = nullptr;
    std::uint32_t count_ = 0;
};

class semaphore::acquire_op final : public permit_wait {
public:
    acquire_op(permit_wait::pool& of, std::uint32_t wanted) noexcept : permit_wait(of, wanted) {}
    acquire_op(acquire_op&&) noexcept = default;

    guard await_resume() {
        check_taken();
        return {permits(), wanted()};
    }

    void show(await_look& look) const noexcept override {
        show_as(look, "a permit of a semaphore");
    }
};

inline semaphore::acquire_op semaphore::acquire(std::uint32_t wanted) noexcept {
    return {permits_, wanted};
}

inline semaphore::guard semaphore::try_acquire(std::uint32_t wanted) noexcept {
    return permits_.try_take(wanted) ? guard(permits_, wanted) : guard();
}

/// A semaphore that never has more permits than at first; asyncio's BoundedSemaphore.
class EDDY_API bounded_semaphore {
public:
    using guard = semaphore::guard;
    using acquire_op = semaphore::acquire_op;

    explicit bounded_semaphore(std::uint32_t permits = 1) noexcept
        : permits_(permits), bound_(permits) {}

    /// As semaphore::acquire.
    ///
    /// Throws:   std::invalid_argument if `wanted` is more than there ever are; cancelled_error.
    /// Cancel:   safe, as semaphore::acquire.
    [[nodiscard]] acquire_op acquire(std::uint32_t wanted = 1);

    /// As semaphore::try_acquire; an empty guard also if `wanted` is more than there ever are.
    [[nodiscard]] guard try_acquire(std::uint32_t wanted = 1) noexcept {
        return permits_.try_acquire(wanted);
    }

    /// Gives back permits of a guard that was detached.
    ///
    /// Throws:   invalid_state_error if there would be more than at first; nothing has changed
    ///           then.
    void release(std::uint32_t given = 1);

    [[nodiscard]] bool locked() const noexcept { return permits_.locked(); }
    [[nodiscard]] std::uint32_t value_hint() const noexcept { return permits_.value_hint(); }
    /// How many there are at most.
    [[nodiscard]] std::uint32_t bound() const noexcept { return bound_; }

private:
    semaphore permits_;
    std::uint32_t bound_;
};

} // namespace eddy::inline v0
