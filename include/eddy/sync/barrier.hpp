// barrier.hpp — nobody goes on before all have come.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sync/wait_word.hpp>

#include <cstdint>

namespace eddy::inline v0 {

/// A number of tasks wait for each other, again and again; asyncio's Barrier.
///
/// Threads:  all members: any thread.
/// Example:  docs/examples/waiting_together.cpp
class EDDY_API barrier {
public:
    class wait_op;

    /// Throws: std::invalid_argument if `parties` is 0.
    explicit barrier(std::uint32_t parties);

    /// Waits until as many tasks as there are parties wait; the last one does not suspend, and lets
    /// all of them go on. Gives each another number: 0 to who came first, parties() - 1 to the
    /// last.
    ///
    /// Suspends: unless it is the last one, or the barrier is broken.
    /// Throws:   broken_barrier_error if the barrier is broken, or was reset meanwhile;
    ///           cancelled_error.
    /// Cancel:   safe: it is not counted any more, and the barrier stays as it is. Once all have
    ///           come the number is given, and the request stays pending.
    [[nodiscard]] wait_op wait() noexcept;

    /// Breaks the barrier: those who wait, and who comes later, get broken_barrier_error.
    void abort() noexcept;
    /// Makes it as new; those who wait get broken_barrier_error.
    void reset() noexcept;

    [[nodiscard]] std::uint32_t parties() const noexcept { return parties_; }
    /// How many wait.
    [[nodiscard]] std::uint32_t n_waiting() const noexcept { return count_of(word_.value()); }
    [[nodiscard]] bool broken() const noexcept { return word_.value() == broken_value; }

private:
    // The number is how many wait, or this.
    static constexpr std::uint32_t broken_value = 0xffff'ffff;
    static std::uint32_t count_of(std::uint32_t value) noexcept {
        return value == broken_value ? 0 : value;
    }

    bool arrive(wait_op& last) noexcept;
    [[nodiscard]] bool withdraw(wait_op& waiter) noexcept;
    void send_away(std::uint32_t value) noexcept;

    std::uint32_t parties_;
    wait_word<wait_op> word_{0};
};

class EDDY_API barrier::wait_op final : public list_wait {
public:
    explicit wait_op(barrier& of) noexcept : of_(&of) {}
    wait_op(wait_op&&) noexcept = default;

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise);
    std::uint32_t await_resume();

    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

private:
    friend class barrier;

    barrier* of_;
    std::uint32_t index_ = broken_value; // whoever takes it off the list writes it
};

inline barrier::wait_op barrier::wait() noexcept {
    return wait_op(*this);
}

} // namespace eddy::inline v0
