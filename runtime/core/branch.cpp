// branch.cpp — suspending in an op, cancelling, and being queued.

#include <eddy/core/branch.hpp>
#include <eddy/core/fork_group.hpp>
#include <eddy/core/task.hpp>

#include <limits>

namespace eddy::inline v0 {

void branch::throw_cancelled() const {
    throw cancelled_error(task().deliver_reason());
}

void branch::enter_groups() noexcept {
    for (branch* below = this; !below->is_root();) {
        fork_group& group = below->group();
        branch& above = group.parent();
        switch (above.word_.enter_group(group)) {
        case enter_result::already_waiting:
            return;
        case enter_result::cancelled:
            group.cancel_children();
            break;
        case enter_result::entered:
            break;
        }
        below = &above;
    }
}

void branch::note_suspension(scheduler& on) noexcept {
    keep_scope(on.scope());
    if (on.observed()) {
        on.note_suspension(task());
    }
}

// Where another canceller is faster, that one leaves its own request pending.
void branch::put_cancel_back(op& group) noexcept {
    if (word_.begin_cancel().state == cancel_state::locked) {
        (void)word_.end_cancel(group, abort_result::completed);
    }
}

// A cancel on its way down: from a branch to what it waits for, and so on. The branches it stands
// in are locked, so none of them is in a queue, and inbox_next links each to the one above.
class branch::cancel_walk {
public:
    explicit cancel_walk(const cancel_reason& reason, const branch* from = nullptr) noexcept
        : reason_(reason), from_(from) {}

    /// True: `first`, or what it waits for, will get the request.
    bool run(branch& first) noexcept {
        bool accepted = false;
        for (branch* at = &first; at != nullptr;) {
            if (enter(*at, accepted)) {
                accepted = false;
            } else if (lowest_ != nullptr) {
                lowest_->word_.locked_in().passed_on_ |= accepted;
            }
            at = go_on(accepted);
        }
        return accepted;
    }

    /// Whether it has come round to the branch that it began from, which now has the request.
    bool came_round() const noexcept { return came_round_; }

private:
    // True: `at` is locked now, and what it waits for comes next. False: `accepted` says what
    // became of the request.
    bool enter(branch& at, bool& accepted) noexcept {
        at.count_request();
        came_round_ |= &at == from_;
        const cancel_start<op> start = at.word_.begin_cancel();
        // A cycle ends where it closes.
        accepted = start.state == cancel_state::requested ||
                   (start.state == cancel_state::busy && !is_above(at));
        if (start.state != cancel_state::locked) {
            if (!accepted) {
                at.requests_.fetch_sub(1, relaxed); // count:
            }
            return false;
        }
        if (reason_ != nullptr && at.is_root()) {
            at.task().note_reason(reason_);
        }
        start.waited->passed_on_ = false;
        at.inbox_next = lowest_;
        lowest_ = &at;
        return true;
    }

    // The next branch to enter; nullptr when the walk is over.
    branch* go_on(bool& accepted) noexcept {
        while (lowest_ != nullptr) {
            op& waited = lowest_->word_.locked_in();
            if (branch* const target = waited.next_target()) {
                return target;
            }
            leave(waited);
            accepted = true;
            if (lowest_ != nullptr) {
                lowest_->word_.locked_in().passed_on_ = true;
            }
        }
        return nullptr;
    }

    void leave(op& waited) noexcept {
        branch& mine = *lowest_;
        lowest_ = static_cast<branch*>(mine.inbox_next);
        const abort_result result = waited.passed_on_ ? abort_result::forwarded : waited.abort();
        waited.aborted_ = result == abort_result::aborted;
        if (mine.word_.end_cancel(waited, result)) {
            mine.schedule();
        }
        // GONE: the op, and the branch with it.
    }

    bool is_above(const branch& other) const noexcept {
        for (const branch* at = lowest_; at != nullptr;
             at = static_cast<const branch*>(at->inbox_next)) {
            if (at == &other) {
                return true;
            }
        }
        return false;
    }

    const cancel_reason& reason_;
    const branch* from_; // runs, so that no lock shows where it is
    branch* lowest_ = nullptr;
    bool came_round_ = false;
};

bool branch::cancel(const cancel_reason& reason) noexcept {
    return cancel_walk(reason).run(*this);
}

// Stays at the largest number: a count that begins again at 0 would look like no request.
void branch::count_request() noexcept {
    std::uint16_t seen = requests_.load(relaxed); // count:
    while (seen != std::numeric_limits<std::uint16_t>::max() &&
           !requests_.compare_exchange_weak(seen, static_cast<std::uint16_t>(seen + 1), relaxed,
                                            relaxed)) { // count: both
    }
}

void branch::wake_when_unlocked() noexcept {
    if (word_.wake()) {
        schedule();
    }
}

std::uint16_t branch::uncancel() noexcept {
    std::uint16_t seen = requests_.load(relaxed); // count:
    while (seen != 0 &&
           !requests_.compare_exchange_weak(seen, static_cast<std::uint16_t>(seen - 1), relaxed,
                                            relaxed)) { // count: both
    }
    return seen == 0 ? seen : static_cast<std::uint16_t>(seen - 1);
}

void branch::schedule() noexcept {
    task_base& task = this->task();
    if (is_root()) {
        task.note_scheduled();
    }
    if (task.placed() != nullptr) [[unlikely]] {
        task.placed()->schedule(*this);
        return;
    }
    scheduler* const mine = scheduler::current();
    if (mine != nullptr && mine->runtime_id() == task.runtime_id()) [[likely]] {
        mine->make_ready(*this);
    } else {
        task.home()->post(*this);
    }
}

[[gnu::always_inline]] inline void branch::prepare(scheduler& on) noexcept {
    if (!is_root()) {
        enter_groups();
    }
    if (on.step_has(step_traits::observed | step_traits::scoped)) [[unlikely]] {
        note_suspension(on);
    }
}

void op::prepare(promise_base& promise) noexcept {
    attach(promise);
    waiter_->prepare(*scheduler::current());
}

[[gnu::always_inline]] inline void branch::queue_again(scheduler& on) noexcept {
    if (!on.step_has(step_traits::one_place)) {
        on.make_ready(*this);
    } else {
        schedule();
    }
    // GONE: another worker may have resumed the branch.
}

void branch::give_turn(scheduler& on) noexcept {
    prepare(on);
    queue_again(on);
}

bool op::settle() noexcept {
    branch& mine = *waiter_;
    const bool suspended = suspend();
    if (!suspended) {
        mine.forget_scope();
    }
    return suspended;
}

// The op is registered: settles with a wake-up or a cancel that came meanwhile.
[[gnu::always_inline]] inline bool op::suspend() noexcept {
    branch& mine = *waiter_;
    for (;;) {
        switch (mine.word_.suspend(*this)) {
        case suspend_result::suspended:
            return true;
        case suspend_result::fired:
            if (scheduler::current()->spend()) {
                return false;
            }
            mine.queue_again(*scheduler::current());
            return true;
        case suspend_result::cancelled:
            break;
        }
        const abort_result result = cancel_unsuspended();
        if (result == abort_result::aborted) {
            aborted_ = true;
            return false;
        }
        if (result == abort_result::completed) {
            (void)mine.word_.begin_cancel(); // the request stays pending
            return mine.word_.resuspend(*this) == suspend_result::suspended;
        }
    }
}

// As a cancel walk does it, for an op that its branch is not suspended in yet.
abort_result op::cancel_unsuspended() noexcept {
    (void)waiter_->take_cancel();
    passed_on_ = false;
    bool came_round = false;
    const cancel_reason reason = waiter_->task().reason();
    while (branch* const target = next_target()) {
        branch::cancel_walk walk(reason, waiter_);
        const bool accepted = walk.run(*target);
        passed_on_ = accepted || passed_on_;
        came_round = walk.came_round() || came_round;
    }
    if (came_round) { // what it waits for waits for it: the circle ends here
        (void)waiter_->take_cancel();
        return abort();
    }
    return passed_on_ ? abort_result::forwarded : abort();
}

} // namespace eddy::inline v0
