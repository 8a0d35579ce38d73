// item_model.hpp — what the programs of queues, channels and selects share: a lock that blocks,
// waiters that an event wakes, and planted faults that tear a step apart.
//
// Their sections are guarded by spin locks. Here a lock is one step to take and one to let go, and
// who finds it taken sleeps: a spin would multiply the paths and show nothing that
// spin_lock_model.cpp, which has the real lock, does not.

#pragma once

#include "model_sync.hpp"
#include <eddy/base/atomic.hpp>
#include <eddy/base/spin_lock.hpp>

namespace eddy::model {

/// As model_sync, with a planted fault: two can hold a lock.
struct torn_lock_sync : model_sync {};

/// As model_sync, with a planted fault: compare_exchange reads and writes in two steps, so two can
/// claim a select.
struct torn_claim_sync : model_sync {
    template <class T>
    class atomic : public model_sync::atomic<T> {
    public:
        using model_sync::atomic<T>::atomic;
        bool compare_exchange_strong(T& expected, T desired, order, order,
                                     site from = site::current()) {
            const T seen = this->load(acquire, from);
            if (seen != expected) {
                expected = seen;
                return false;
            }
            this->store(desired, release, from);
            return true;
        }
    };
};

class blocking_lock {
public:
    blocking_lock() { free_.set(); }
    void lock(site from = site::current()) { free_.wait(from); }
    void unlock(site from = site::current()) { free_.set(from); }

private:
    event free_;
};

/// A waiter of any kind, as a thread of a program.
template <class Waiter>
struct sleeper : Waiter {
    event woken;

    void wake_alone() noexcept override { woken.set(); }
};

} // namespace eddy::model

namespace eddy {

template <>
class basic_spin_lock<model::model_sync> : public model::blocking_lock {};
template <>
class basic_spin_lock<model::torn_claim_sync> : public model::blocking_lock {};
template <>
class basic_spin_lock<model::torn_lock_sync> {
public:
    void lock() {
        while (locked_.load(acquire)) {
            model::model_sync::pause();
        }
        locked_.store(true, relaxed);
    }
    void unlock() { locked_.store(false, release); }

private:
    model::model_sync::atomic<bool> locked_{false};
};

} // namespace eddy
