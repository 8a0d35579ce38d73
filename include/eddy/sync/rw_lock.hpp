// rw_lock.hpp — many readers or one writer.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sync/permit_pool.hpp>

#include <cstdint>
#include <utility>

namespace eddy::inline v0 {

/// A lock that many tasks share or one holds alone, over awaits.
///
/// Fair: it goes to who asked first, and readers wait behind a writer that waits. So a task that
/// holds it must not ask for it again, not even to share it.
/// Threads:  all members: any thread; a guard may be given to another task, also on another loop.
/// Cost:     one read-modify-write to acquire and one to release while nobody waits.
/// Example:  docs/examples/waiting_together.cpp
class EDDY_API rw_lock {
    // A reader takes one permit, a writer all of them.
    static constexpr std::uint32_t one = 1;
    static constexpr std::uint32_t all = 0x7fff'ffff;

public:
    template <std::uint32_t Permits>
    class guard;
    template <std::uint32_t Permits>
    class acquire_op;
    using shared_guard = guard<one>;
    using exclusive_guard = guard<all>;

    rw_lock() noexcept = default;

    /// Waits until no writer holds it, or waits for it; gives a guard that releases it.
    ///
    /// Suspends: if a writer holds it, or somebody waits for it.
    /// Throws:   cancelled_error.
    /// Cancel:   safe: it is not held afterwards; if it was just being handed over it is passed on.
    [[nodiscard]] acquire_op<one> shared() noexcept;
    /// Waits until nobody else holds it; gives a guard that releases it.
    ///
    /// Suspends: if somebody holds it.
    /// Throws:   cancelled_error.
    /// Cancel:   safe, as shared(); the readers behind it go on if it was the writer they waited
    ///           for.
    [[nodiscard]] acquire_op<all> exclusive() noexcept;

    /// The same without waiting: empty guards if they would have to wait.
    [[nodiscard]] shared_guard try_shared() noexcept;
    [[nodiscard]] exclusive_guard try_exclusive() noexcept;

    /// Whether somebody holds it.
    [[nodiscard]] bool locked() const noexcept { return permits_.value() != all; }
    /// Whether a writer holds it.
    [[nodiscard]] bool locked_exclusive() const noexcept { return permits_.value() == 0; }

private:
    permit_wait::pool permits_{all};
};

/// Shares a rw_lock, holds it alone, or holds nothing; releases it when it dies.
template <std::uint32_t Permits>
class [[nodiscard]] rw_lock::guard {
public:
    guard() noexcept = default;
    guard(guard&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
    guard& operator=(guard&& other) noexcept {
        guard(std::move(other)).swap(*this);
        return *this;
    }
    ~guard() { release(); }

    /// Whether it holds a lock.
    explicit operator bool() const noexcept { return pool_ != nullptr; }
    /// Releases it now.
    void release() noexcept {
        if (permit_wait::pool* const held = std::exchange(pool_, nullptr)) {
            held->give(Permits);
        }
    }
    void swap(guard& other) noexcept { std::swap(pool_, other.pool_); }

private:
    friend class rw_lock;
    explicit guard(permit_wait::pool& held) noexcept : pool_(&held) {}

    permit_wait::pool* pool_ = nullptr;
};

template <std::uint32_t Permits>
class rw_lock::acquire_op final : public permit_wait {
public:
    explicit acquire_op(permit_wait::pool& of) noexcept : permit_wait(of, Permits) {}
    acquire_op(acquire_op&&) noexcept = default;

    guard<Permits> await_resume() {
        check_taken();
        return guard<Permits>(permits());
    }

    void show(await_look& look) const noexcept override {
        show_as(look, Permits == one ? "a shared lock" : "an exclusive lock");
    }
};

inline auto rw_lock::shared() noexcept -> acquire_op<one> {
    return acquire_op<one>(permits_);
}

inline auto rw_lock::exclusive() noexcept -> acquire_op<all> {
    return acquire_op<all>(permits_);
}

inline rw_lock::shared_guard rw_lock::try_shared() noexcept {
    return permits_.try_take(one) ? shared_guard(permits_) : shared_guard();
}

inline rw_lock::exclusive_guard rw_lock::try_exclusive() noexcept {
    return permits_.try_take(all) ? exclusive_guard(permits_) : exclusive_guard();
}

} // namespace eddy::inline v0
