// spin_wait.hpp — what a thread does between two looks at something that is free again in a moment.
//
// Threads:    one; it lives in the loop that waits.

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/syscall.hpp>

#include <type_traits>

namespace eddy::inline v0 {

/// Pauses a little; when that has not helped, gives the processor away: who is waited for may need
/// it.
template <typename Sync = native_sync>
class basic_spin_wait {
public:
    void pause() noexcept {
        if constexpr (std::is_same_v<Sync, native_sync>) {
            if (pauses_ == pauses_max) {
                sys::sched_yield();
                return;
            }
            ++pauses_;
        }
        Sync::pause(); // of another Sync: lets the other threads run
    }

private:
    /// Longer than any section that a spinning lock guards, shorter than a time slice.
    static constexpr int pauses_max = 64;

    [[maybe_unused]] int pauses_ = 0;
};

using spin_wait = basic_spin_wait<>;

} // namespace eddy::inline v0
