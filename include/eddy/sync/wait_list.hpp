// wait_list.hpp — who waits for the same thing: a FIFO of ops that live in the awaiting frames.
//
// The list has no lock: whoever owns one guards it, and decides under that lock who is taken off.
// Who has taken an op off wakes it, and does so after unlocking: a wake-up may have to wait for a
// cancel that is just aborting that op and needs the lock to see that it comes too late.
//
// Threads:    under the lock of its owner; wake_all: whoever took them off.
// Progress:   everything is O(1), take_all as well.
// Memory:     allocates nothing; the links are in the ops.
// Invariants: I1  an op's round is that of its list exactly while it is in it: so remove() knows,
//                 without touching the links, whether it came too late.
//             I2  whoever takes an op off has the only right to wake it.
// Design:     docs/design/sync.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/scheduler.hpp>

#include <cstdint>
#include <utility>

namespace eddy::inline v0 {

/// The base class of what can be in a wait_list, in one at a time.
template <typename Sync = native_sync>
class wait_link : public list_hook {
private:
    template <typename Waiter, typename AnySync>
    friend class wait_list;

    typename Sync::template var<std::uint64_t> round_{0}; // 0: in no list
};

/// A FIFO of `Waiter`, which derives from wait_link<Sync>.
template <typename Waiter, typename Sync = native_sync>
class wait_list {
public:
    [[nodiscard]] bool empty() const noexcept { return waiters_.empty(); }
    /// Who has waited longest; nullptr if nobody waits.
    [[nodiscard]] Waiter* front() noexcept { return waiters_.front(); }

    void push(Waiter& last) noexcept {
        last.round_ = static_cast<std::uint64_t>(round_);
        waiters_.push_back(last);
    }

    /// Takes off who has waited longest; nullptr if nobody waits.
    [[nodiscard]] Waiter* pop() noexcept {
        Waiter* const first = waiters_.pop_front();
        if (first != nullptr) {
            first->round_ = 0;
        }
        return first;
    }

    /// Takes `waiter` off. False: somebody has done so already, and wakes it.
    [[nodiscard]] bool remove(Waiter& waiter) noexcept {
        if (waiter.round_ != round_) {
            return false;
        }
        waiter.round_ = 0;
        waiter.unlink();
        return true;
    }

    /// Takes everybody off; they come after those in `taken`.
    void take_all(intrusive_list<Waiter>& taken) noexcept {
        round_ = round_ + 1; // they are in no list any more, without a look at each
        taken.splice_back(waiters_);
    }

private:
    intrusive_list<Waiter> waiters_;
    typename Sync::template var<std::uint64_t> round_{1};
};

/// Wakes who was taken off, in their order. Not under any lock that abort() takes.
template <typename Waiter>
void wake_all(intrusive_list<Waiter>& taken) noexcept {
    while (Waiter* const next = taken.pop_front()) {
        next->wake();
        // GONE: the op; and with the last one, perhaps, what was waited for.
    }
}

/// An op that waits in a wait_list.
///
/// Its abort() takes the list's lock and asks remove(): aborted if that gave true, else completed.
class EDDY_API list_wait : public op, public wait_link<> {
public:
    using op::wake;

protected:
    list_wait() noexcept = default;
    list_wait(list_wait&& /*fresh*/) noexcept : op() {}
    ~list_wait() = default;

    /// Whether the step may go on without a turn for the others.
    [[nodiscard]] static bool may_go_on() noexcept { return scheduler::may_go_on(); }

    /// As park(); `arm()` gives true if there is nothing to wait for any more.
    template <typename Arm>
    [[nodiscard]] bool wait_in(promise_base& promise, Arm&& arm) {
        suspended_ = true;
        return park(promise, [&] {
            if (arm()) {
                wake();
            }
        });
    }

    /// Whether it has tried to suspend: else there is no waiter(), and nothing to check.
    [[nodiscard]] bool suspended() const noexcept { return suspended_; }

private:
    bool suspended_ = false;
};

} // namespace eddy::inline v0
