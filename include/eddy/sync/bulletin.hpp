// bulletin.hpp — something that changes under a lock, and who waits for the next change: all of
// them are woken, and look for themselves.
//
// Threads:    all: any thread.
// Progress:   a section under a spin lock; change() takes time for each who waits.
// Memory:     allocates nothing.
// Invariants: I1  waiters are woken after unlocking, and nothing but they is touched then: whoever
//                 has seen the change may destroy the bulletin.

#pragma once

#include <eddy/base/mutex.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/sync/item_waiter.hpp>

#include <utility>

namespace eddy::inline v0 {

template <typename Receiver>
class bulletin {
public:
    bulletin() noexcept = default;
    bulletin(const bulletin&) = delete;
    bulletin& operator=(const bulletin&) = delete;
    ~bulletin() { const std::lock_guard last(lock_); } // who has changed it has let go

    /// Runs `how()` under the lock, then wakes everybody.
    template <typename How>
    void change(How how) noexcept {
        intrusive_list<Receiver> woken;
        {
            const std::lock_guard hold(lock_);
            how();
            while (Receiver* const next = pop_claimed(receivers_)) {
                woken.push_back(*next);
            }
        }
        wake_all(woken);
    }

    /// Gives what `what()` gives under the lock.
    template <typename What>
    auto look(What what) const noexcept {
        const std::lock_guard hold(lock_);
        return what();
    }

    /// Registers `to`, unless `ready()` is true: then there is no need to.
    template <typename Ready>
    [[nodiscard]] attempt wait(Receiver& to, Ready ready) noexcept {
        const std::lock_guard hold(lock_);
        if (!ready()) {
            receivers_.push(to);
            return attempt::waits;
        }
        return to.claim() ? attempt::done : attempt::lost;
    }
    /// True: `to` will not be woken.
    [[nodiscard]] bool remove(Receiver& to) noexcept {
        const std::lock_guard hold(lock_);
        return receivers_.remove(to);
    }

private:
    mutable spin_lock lock_;
    wait_list<Receiver> receivers_;
};

} // namespace eddy::inline v0
