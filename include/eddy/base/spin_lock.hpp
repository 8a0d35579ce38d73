// spin_lock.hpp — a lock of one byte, for critical sections of a few instructions.
//
// Threads:    any.
// Progress:   blocking; a waiter spins briefly, then gives its processor away between looks.
// Pairs:      P1  locked_: unlock -> lock, try_lock: the next holder sees what the last one did

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/spin_wait.hpp>

namespace eddy::inline v0 {

template <typename Sync = native_sync>
class basic_spin_lock {
public:
    basic_spin_lock() noexcept = default;
    basic_spin_lock(const basic_spin_lock&) = delete;
    basic_spin_lock& operator=(const basic_spin_lock&) = delete;

    void lock() noexcept {
        while (locked_.exchange(true, acquire)) { // P1
            wait_until_free();
        }
    }

    [[nodiscard]] bool try_lock() noexcept {
        return !locked_.load(relaxed) && // hint: a lock seen taken is not worth a write to its line
               !locked_.exchange(true, acquire); // P1
    }

    void unlock() noexcept { locked_.store(false, release); } // P1

private:
    void wait_until_free() noexcept {
        basic_spin_wait<Sync> waiting;
        while (locked_.load(relaxed)) { // hint: a stale value costs one more round
            waiting.pause();
        }
    }

    typename Sync::template atomic<bool> locked_{false};
};

using spin_lock = basic_spin_lock<>;
static_assert(sizeof(spin_lock) == 1);

} // namespace eddy::inline v0
