// latch.hpp — a number that is counted down to 0, once.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sync/zero_gate.hpp>

#include <cstdint>

namespace eddy::inline v0 {

/// Tasks wait until so many things are done; as std::latch, for tasks.
///
/// It may be destroyed by whoever has waited for it, also while count_down() is returning.
/// Threads:  all members: any thread.
/// Cost:     one read-modify-write to count; those who wait are woken by the last one.
/// Example:  docs/examples/waiting_together.cpp
class EDDY_API latch {
public:
    explicit latch(std::uint32_t count) noexcept : count_(count) {}

    /// Counts down; at 0 all who wait go on, in the order in which they came.
    ///
    /// Throws:   invalid_state_error if that is more than is left; nothing has changed then.
    void count_down(std::uint32_t by = 1);

    /// Whether it is at 0.
    [[nodiscard]] bool try_wait() const noexcept { return count_.value() == 0; }

    /// Waits until it is at 0.
    ///
    /// Suspends: if it is not.
    /// Throws:   cancelled_error.
    /// Cancel:   safe: nothing is counted.
    [[nodiscard]] zero_wait wait() noexcept { return zero_wait(count_); }

    /// count_down(by), then wait().
    ///
    /// Suspends: if it is not at 0 then.
    /// Throws:   as count_down, at once; cancelled_error.
    /// Cancel:   safe, as wait(); what was counted stays so.
    [[nodiscard]] zero_wait arrive_and_wait(std::uint32_t by = 1) {
        count_down(by);
        return wait();
    }

private:
    zero_wait::gate count_;
};

} // namespace eddy::inline v0
