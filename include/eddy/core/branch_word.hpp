// branch_word.hpp — the one word that decides who resumes a branch: its completion or its
// cancellation.
//
// The word is 0 while the branch runs or is ready to run, and points to the op it waits in
// otherwise; with it come
//   pending    a cancel was requested and not yet delivered
//   locked     a canceller decides what becomes of the op: the frame that holds it cannot go away
//   fired      the wake-up came before the branch had finished suspending
//   finished   the branch has ended; nothing reaches it any more
// A word that points to an op and is locked and pending is looked at: somebody reads the op and the
// frames above it. A request that was pending before then shows as fired.
//
// Threads:    suspend, resuspend, take_cancel, finish: the branch.
//             enter_group: any branch below it.
//             wake: whoever completed the op, once.
//             begin_cancel, begin_look: any thread; end_cancel, end_look: who locked it.
// Progress:   lock-free, except that wake waits out a canceller and a looker, and begin_cancel a
//             looker. A looker waits for nobody.
// Pairs:      P1  suspend -> wake, begin_cancel, begin_look: whoever finds the op sees its content
//             P2  wake, begin_cancel -> suspend: the branch sees what its completion wrote
//             P3  end_cancel, end_look -> wake, begin_cancel, begin_look: what was done to the op,
//                 and what was read of it, happens before the branch resumes
// Design:     docs/design/cancel.md

#pragma once

#include <eddy/base/assert.hpp>
#include <eddy/base/atomic.hpp>
#include <eddy/base/spin_wait.hpp>

#include <cstdint>

namespace eddy::inline v0 {

/// What an op says to a cancel.
enum class abort_result : std::uint8_t {
    aborted,   // withdrawn: no wake-up will come any more
    completed, // too late: the wake-up is on its way; the request stays pending
    forwarded  // passed on to what it waits for; the wake-up will come; the request is used up
};

enum class suspend_result : std::uint8_t { suspended, fired, cancelled };
enum class cancel_state : std::uint8_t {
    requested, // delivered at the next suspension, with an earlier request if there was one
    finished,  // too late
    busy,      // somebody else is just cancelling it
    locked     // it waits, and cannot be woken until end_cancel
};
template <typename Op>
struct cancel_start {
    cancel_state state = cancel_state::finished;
    Op* waited = nullptr; // if locked
};
enum class wake_result : std::uint8_t {
    waited,  // the caller must schedule the branch
    goes_on, // by itself
    locked   // somebody cancels it or looks at it: try again
};
enum class look_state : std::uint8_t {
    runs,  // or is ready to, or has not been started: nothing of it may be read
    ended, // a root only: the word of a child that has ended says "runs"
    busy,  // somebody cancels it or looks at it
    looked // it waits, and cannot be woken until end_look
};
template <typename Op>
struct look_start {
    look_state state = look_state::runs;
    Op* waited = nullptr; // if looked
};
enum class enter_result : std::uint8_t { entered, already_waiting, cancelled };

template <typename Op, typename Sync = native_sync>
class branch_word {
public:
    // -- the branch itself --

    /// Running -> waits in `op`. After `suspended` the frame belongs to whoever wakes it.
    /// `fired`: the wake-up has come already and is used up: go on.
    /// `cancelled`: a request is pending and still is; the op is not waited in.
    [[nodiscard]] suspend_result suspend(Op& op) noexcept {
        std::uintptr_t seen = 0;
        if (word_.compare_exchange_strong(seen, pointer(op), acq_rel, acquire)) { // P1; fail: P2
            return suspend_result::suspended;
        }
        if ((seen & fired) != 0) {
            word_.fetch_and(~fired, relaxed); // own: only the branch clears it; P2 was above
            return suspend_result::fired;
        }
        return suspend_result::cancelled;
    }

    /// As suspend, for an op whose wake-up is certain: a pending request stays pending meanwhile.
    [[nodiscard]] suspend_result resuspend(Op& op) noexcept {
        std::uintptr_t seen = word_.load(acquire); // P2
        for (;;) {
            if ((seen & fired) != 0) {
                word_.fetch_and(~fired, relaxed); // own: only the branch clears it
                return suspend_result::fired;
            }
            // P1; fail: P2
            if (word_.compare_exchange_weak(seen, pointer(op) | seen, acq_rel, acquire)) {
                return suspend_result::suspended;
            }
        }
    }

    [[nodiscard]] bool cancel_pending() const noexcept {
        // hint: one that is missed meets the next suspension
        return (word_.load(relaxed) & pending) != 0;
    }

    /// Uses up a pending request.
    bool take_cancel() noexcept {
        return cancel_pending() && (word_.fetch_and(~pending, acquire) & pending) != 0; // P2
    }

    /// The branch has ended. True: a request was pending.
    [[nodiscard]] bool finish() noexcept {
        return (word_.exchange(finished, acq_rel) & pending) != 0; // P2
    }

    /// Whether the branch waits in an op: for its own chain only.
    [[nodiscard]] bool waiting() const noexcept {
        // own: set by the chain that asks, or joined with it
        return (word_.load(relaxed) & ~flags) != 0;
    }

    // -- a branch below it in a group --

    /// Running -> waits in the group `op`, unless it does so already.
    /// `cancelled`: it does now, and a request was pending, which is used up: the caller passes it
    /// on to the group.
    enter_result enter_group(Op& op) noexcept {
        std::uintptr_t seen = word_.load(relaxed); // hint: the CAS checks it
        for (;;) {
            if ((seen & ~flags) != 0) {
                return enter_result::already_waiting;
            }
            // P1, P2; fail: retried
            if (word_.compare_exchange_weak(seen, pointer(op), acq_rel, relaxed)) {
                return (seen & pending) != 0 ? enter_result::cancelled : enter_result::entered;
            }
        }
    }

    // -- whoever completed the op --

    /// True: the branch waited, and the caller must schedule it. False: it goes on by itself.
    [[nodiscard]] bool wake() noexcept {
        basic_spin_wait<Sync> unlocked;
        for (;;) {
            const wake_result result = try_wake();
            if (result != wake_result::locked) {
                return result == wake_result::waited;
            }
            unlocked.pause();
        }
    }

    /// As wake, but does not wait for who has locked the word.
    [[nodiscard]] wake_result try_wake() noexcept {
        std::uintptr_t seen = word_.load(relaxed); // hint: the CAS checks it
        while ((seen & locked) == 0) {
            const bool waits = (seen & ~flags) != 0;
            const std::uintptr_t next = waits ? seen & pending : seen | fired;
            // P1, P2, P3; fail: retried
            if (word_.compare_exchange_weak(seen, next, acq_rel, relaxed)) {
                return waits ? wake_result::waited : wake_result::goes_on;
            }
        }
        return wake_result::locked;
    }

    // -- any thread --

    /// Requests a cancel. After `locked` the caller decides what becomes of the op, then calls
    /// end_cancel.
    [[nodiscard]] cancel_start<Op> begin_cancel() noexcept {
        std::uintptr_t seen = word_.load(relaxed); // hint: the CAS checks it
        basic_spin_wait<Sync> unlocked;
        for (;;) {
            if (seen == finished) {
                return {.state = cancel_state::finished};
            }
            if ((seen & locked) != 0) {
                if ((seen & pending) == 0) {
                    return {.state = cancel_state::busy};
                }
                unlocked.pause();           // a looker speaks for nobody
                seen = word_.load(relaxed); // hint: the CAS checks it
                continue;
            }
            if ((seen & pending) != 0) {
                return {.state = cancel_state::requested};
            }
            const bool waits = (seen & ~flags) != 0;
            const std::uintptr_t next = seen | (waits ? locked : pending);
            // P1, P2, P3; fail: retried
            if (!word_.compare_exchange_weak(seen, next, acq_rel, relaxed)) {
                continue;
            }
            return waits ? cancel_start<Op>{.state = cancel_state::locked, .waited = op_of(seen)}
                         : cancel_start<Op>{.state = cancel_state::requested};
        }
    }

    /// Unlocks. True: the op was aborted, and the caller must schedule the branch.
    [[nodiscard]] bool end_cancel(Op& waited, abort_result result) noexcept {
        switch (result) {
        case abort_result::aborted:
            word_.store(0, release); // P2, P3: nobody else writes while it is locked
            return true;
        case abort_result::completed:
            word_.store(pointer(waited) | pending, release); // P3
            return false;
        case abort_result::forwarded:
            word_.store(pointer(waited), release); // P3
            return false;
        }
        __builtin_unreachable();
    }

    /// Keeps a branch that waits as it is, to be read. After `looked` the caller may read the op
    /// and the frames above it, and then calls end_look, soon: who wakes or cancels it waits for
    /// that.
    [[nodiscard]] look_start<Op> begin_look() noexcept {
        std::uintptr_t seen = word_.load(relaxed); // hint: the CAS checks it
        for (;;) {
            if (seen == finished) {
                return {.state = look_state::ended};
            }
            if ((seen & ~flags) == 0) {
                return {.state = look_state::runs};
            }
            if ((seen & locked) != 0) {
                return {.state = look_state::busy};
            }
            const std::uintptr_t kept = (seen & pending) != 0 ? fired : 0;
            if (word_.compare_exchange_weak(seen, seen | looked | kept, acq_rel,
                                            relaxed)) { // P1, P3; fail: retried
                return {.state = look_state::looked, .waited = op_of(seen)};
            }
        }
    }

    void end_look() noexcept {
        const std::uintptr_t seen = word_.load(relaxed); // locked: nobody else writes
        const std::uintptr_t kept = (seen & fired) != 0 ? pending : 0;
        word_.store((seen & ~flags) | kept, release); // P3
    }

    /// Whether the branch has ended; certain for whom begin_cancel has told so.
    [[nodiscard]] bool ended() const noexcept {
        return word_.load(relaxed) == finished; // hint: it is the last state
    }

    /// What a locked word's branch waits in: for whoever locked it.
    [[nodiscard]] Op& locked_in() const noexcept {
        return *op_of(word_.load(relaxed)); // locked:
    }

private:
    static constexpr std::uintptr_t pending = 1;
    static constexpr std::uintptr_t locked = 2;
    static constexpr std::uintptr_t fired = 4;
    static constexpr std::uintptr_t flags = 7;
    // Locked without an op to lock, so no other state looks like it.
    static constexpr std::uintptr_t finished = locked | fired;
    // A canceller locks only words without a request, so no other state looks like this either.
    static constexpr std::uintptr_t looked = locked | pending;

    static std::uintptr_t pointer(Op& op) noexcept {
        const auto bits = reinterpret_cast<std::uintptr_t>(&op);
        EDDY_ASSERT((bits & flags) == 0);
        return bits;
    }

    static Op* op_of(std::uintptr_t seen) noexcept { return reinterpret_cast<Op*>(seen & ~flags); }

    typename Sync::template atomic<std::uintptr_t> word_{0};
};

} // namespace eddy::inline v0
