// event.hpp — something that has happened or has not: tasks wait until it has.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sync/zero_gate.hpp>

namespace eddy::inline v0 {

/// A flag that tasks on any loop wait for; asyncio's Event.
///
/// It may be destroyed by whoever has waited for it, also while set() is returning.
/// Threads:  all members: any thread.
/// Example:  docs/examples/waiting_together.cpp
class EDDY_API event {
public:
    event() noexcept = default;

    [[nodiscard]] bool is_set() const noexcept { return missing_.value() == 0; }

    /// Sets the flag and wakes all who wait, in the order in which they came.
    ///
    /// Cost:     one read-modify-write, and one for each task that waits.
    void set() noexcept;
    /// Takes the flag back. Who was woken by set() goes on all the same.
    void clear() noexcept;

    /// Waits until the flag is set.
    ///
    /// Suspends: if it is not.
    /// Throws:   cancelled_error.
    /// Cancel:   safe: there is nothing that could be lost.
    [[nodiscard]] zero_wait wait() noexcept { return zero_wait(missing_); }

private:
    zero_wait::gate missing_{1}; // 1: it has not happened
};

} // namespace eddy::inline v0
