// readiness.hpp — one direction of a descriptor: what is remembered of its readiness, who uses it
// and who waits.
//
// The descriptor is registered edge-triggered, so an event comes once and has to be kept until a
// system call has found the descriptor empty. The word is a waiter or a set of
//   ready   a call may succeed: nobody has found the contrary since the last event
//   busy    somebody is in a system call
//   final   the peer has ended or failed: whatever a call finds, the next one succeeds too
//   closed  the descriptor is given up
// A word that holds a waiter has no other flag.
//
// Threads:    begin, end, wait: one user of the direction at a time; a second one is told so.
//             event, withdraw: any thread.  close: once, any thread.
// Progress:   lock-free.
// Invariants: I1  a waiter is given out once: by event, withdraw or close.
//             I2  an event that comes after begin has cleared ready leaves ready set, or wakes.
// Pairs:      P1  wait -> event, withdraw, close: who takes the waiter sees what is in it
//             P2  event -> begin: the call that follows finds what the event was about
//             P3  end, close -> close, end: the last one of the two sees what the other has done
// Design:     docs/design/registration.md

#pragma once

#include <eddy/base/assert.hpp>
#include <eddy/base/atomic.hpp>

#include <cstdint>

namespace eddy::inline v0 {

/// What a system call has found out about its direction.
enum class call_found : std::uint8_t {
    more,    // it did all it was asked for: perhaps there is more
    the_end, // it did a part: there is nothing left, unless the peer has ended
    nothing  // EAGAIN
};

enum class call_start : std::uint8_t {
    go,        // make the call, then say end
    not_ready, // wait
    in_use,    // somebody else makes a call or waits
    closed
};
enum class wait_start : std::uint8_t {
    waiting, // an event, withdraw or close gives the waiter out
    ready,   // an event has come meanwhile: begin again
    in_use,
    closed
};

/// `Waiter` is aligned to 16 bytes.
template <typename Waiter, typename Sync = native_sync>
class readiness {
public:
    /// For a new descriptor: a call may succeed.
    void open() noexcept { word_.store(ready, relaxed); } // init:

    // -- the user of the direction --

    [[nodiscard]] call_start begin() noexcept {
        std::uintptr_t seen = word_.load(relaxed); // hint: the CAS checks it
        for (;;) {
            if ((seen & closed) != 0) {
                return call_start::closed;
            }
            if (seen > flags || (seen & busy) != 0) {
                return call_start::in_use;
            }
            if ((seen & ready) == 0) {
                return call_start::not_ready;
            }
            // P2; fail: retried
            if (word_.compare_exchange_weak(seen, (seen & ~ready) | busy, acq_rel, relaxed)) {
                return call_start::go;
            }
        }
    }

    /// After the call that begin allowed. True: the direction was closed during the call, and the
    /// caller is the one who leaves it last.
    [[nodiscard]] bool end(call_found found) noexcept {
        std::uintptr_t seen = word_.load(relaxed); // hint: the CAS checks it
        for (;;) {
            EDDY_ASSERT((seen & busy) != 0);
            std::uintptr_t next = seen & ~busy;
            if (found == call_found::nothing) {
                if ((seen & ready) == 0) { // else the event was about what this call did not see
                    next &= ~final;
                }
            } else if (found == call_found::more || (seen & final) != 0) {
                next |= ready;
            }
            if (word_.compare_exchange_weak(seen, next, acq_rel, relaxed)) { // P3; fail: retried
                return (seen & closed) != 0;
            }
        }
    }

    [[nodiscard]] wait_start wait(Waiter& who) noexcept {
        std::uintptr_t seen = 0;
        // P1; fail: nothing is read
        if (word_.compare_exchange_strong(seen, reinterpret_cast<std::uintptr_t>(&who), release,
                                          relaxed)) {
            return wait_start::waiting;
        }
        if ((seen & closed) != 0) {
            return wait_start::closed;
        }
        return seen > flags || (seen & busy) != 0 ? wait_start::in_use : wait_start::ready;
    }

    // -- any thread --

    enum class kind : std::uint8_t { edge, last_edge };

    /// The kernel says that a call may succeed. Gives who waits for that: call it.
    [[nodiscard]] Waiter* event(kind what) noexcept {
        const std::uintptr_t more = what == kind::edge ? ready : ready | final;
        std::uintptr_t seen = word_.load(relaxed); // hint: the CAS checks it
        for (;;) {
            const std::uintptr_t next = (seen > flags ? 0 : seen) | more;
            if (word_.compare_exchange_weak(seen, next, acq_rel, relaxed)) { // P1, P2; retried
                return seen > flags ? reinterpret_cast<Waiter*>(seen) : nullptr;
            }
        }
    }

    /// True: `who` waited and will not be called.
    bool withdraw(Waiter& who) noexcept {
        std::uintptr_t seen = reinterpret_cast<std::uintptr_t>(&who);
        return word_.compare_exchange_strong(seen, 0, acq_rel, relaxed); // P1; fail: unused
    }

    struct closing {
        Waiter* waiter = nullptr; // call it
        bool in_a_call = false;   // that call's end gives true
    };
    /// No call begins any more.
    [[nodiscard]] closing close() noexcept {
        std::uintptr_t seen = word_.load(relaxed); // hint: the CAS checks it
        for (;;) {
            const std::uintptr_t next = (seen > flags ? 0 : seen) | closed;
            if (word_.compare_exchange_weak(seen, next, acq_rel, relaxed)) { // P1, P3; retried
                return {.waiter = seen > flags ? reinterpret_cast<Waiter*>(seen) : nullptr,
                        .in_a_call = seen <= flags && (seen & busy) != 0};
            }
        }
    }

    [[nodiscard]] bool ready_hint() const noexcept {
        return word_.load(relaxed) != 0; // hint: begin finds out
    }
    [[nodiscard]] bool has_waiter() const noexcept { return word_.load(acquire) > flags; } // P1

private:
    static constexpr std::uintptr_t ready = 1;
    static constexpr std::uintptr_t busy = 2;
    static constexpr std::uintptr_t final = 4;
    static constexpr std::uintptr_t closed = 8;
    static constexpr std::uintptr_t flags = ready | busy | final | closed;

    typename Sync::template atomic<std::uintptr_t> word_{closed};
};

} // namespace eddy::inline v0
