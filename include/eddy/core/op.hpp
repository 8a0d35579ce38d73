// op.hpp — the one way to wait: lives in the awaiting frame, is woken by wake() and cancelled by
// abort().
//
// An awaitable of eddy has await_ready(), await_suspend(promise_base&) and await_resume(); those
// that wait derive from op and suspend through park().
//
// Threads:    park: the branch.  wake: whoever completed the op, once.  abort: any thread, under
//             the branch's lock.
// Memory:     nothing is allocated; after park gave true, or wake was called, the op may be gone.
// Cancel:     the branch word decides between wake and abort; abort says what became of the
//             wake-up.
// Design:     docs/design/cancel.md

#pragma once

#include <eddy/core/branch.hpp>

namespace eddy::inline v0 {

class await_look;

class EDDY_API op {
public:
    op(const op&) = delete;
    op& operator=(const op&) = delete;

    /// Withdraws the op from what it waits for. Must not wait for whoever might be in wake().
    virtual abort_result abort() noexcept = 0;

    /// An op that waits for other branches gives them one after the other, each once, so that the
    /// cancel is passed on to them first; nullptr: no more. If one accepts it, abort is not called.
    [[nodiscard]] virtual branch* next_target() noexcept { return nullptr; }

    /// Tells `look` what the op waits for. Called on any thread while the op waits: reads only what
    /// does not change meanwhile, takes no lock, allocates nothing, throws nothing.
    virtual void show(await_look& look) const noexcept { (void)look; }

    /// The branch that waits in this; valid from park() on.
    [[nodiscard]] branch& waiter() const noexcept { return *waiter_; }

protected:
    op() noexcept = default;
    /// An op may be moved until it is awaited: the new one is as fresh as the old one was.
    op(op&& /*fresh*/) noexcept {}
    ~op() = default;

    /// Suspends the coroutine of `promise` in this op. `arm()` registers the op with what it waits
    /// for; from then on wake() may come. False: go on at once, because the wake-up came already or
    /// a cancel was pending. Wake-ups that always come already do not keep the others waiting: when
    /// the step's budget is used up the branch queues behind them.
    template <typename Arm>
    [[nodiscard]] bool park(promise_base& promise, Arm&& arm) {
        prepare(promise);
        arm();
        return settle();
        // GONE: if that was true, another thread may already have resumed the branch.
    }

    /// For an op that the branch enters only later, or never: says who awaits it.
    void attach(promise_base& promise) noexcept;

    /// Resumes the branch, on a worker. The caller must have the only right to do so.
    void wake() noexcept { waiter_->wake(); }

    /// Gives the coroutine a turn after the others that are ready, without arming anything. False:
    /// there are none; go on.
    [[nodiscard]] bool yield(promise_base& promise);

    /// Throws cancelled_error if the op was aborted.
    void check_aborted() const {
        if (aborted_) [[unlikely]] {
            (void)waiter_->take_cancel(); // a request since then: one error for both
            waiter_->throw_cancelled();
        }
    }
    /// As check_aborted, for an op that delivers nothing: a later request is delivered too.
    void check_cancelled() {
        if (waiter_->take_cancel() || aborted_) [[unlikely]] {
            waiter_->throw_cancelled();
        }
    }
    [[nodiscard]] bool aborted() const noexcept { return aborted_; }
    /// Once it is over: whether the last cancel was passed on.
    [[nodiscard]] bool passed_on() const noexcept { return passed_on_; }
    /// For next_target() at its end: abort is called even though targets accepted the cancel.
    void ask_for_abort() noexcept { passed_on_ = false; }

private:
    friend class branch;

    void prepare(promise_base& promise) noexcept;
    [[nodiscard]] bool settle() noexcept;
    [[nodiscard]] bool suspend() noexcept;
    [[nodiscard]] abort_result cancel_unsuspended() noexcept;

    branch* waiter_; // set when the op is awaited
    bool aborted_ = false;
    bool passed_on_ = false; // a target has accepted the cancel that is under way
};

} // namespace eddy::inline v0
