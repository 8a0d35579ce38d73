// branch.cpp — suspending in an op, cancelling, and being queued.

#include <eddy/core/branch.hpp>

#include <eddy/core/fork_group.hpp>
#include <eddy/core/task.hpp>

namespace eddy::inline v0 {

void branch::throw_cancelled() const { throw cancelled_error(task().cancel_reason()); }

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

bool branch::cancel() noexcept {
    requests_.fetch_add(1, relaxed); // count:
    switch (word_.cancel([](op& waited) noexcept {
        const abort_result result = waited.abort();
        waited.aborted_ = result == abort_result::aborted;
        return result;
    })) {
    case cancel_result::finished:
        requests_.fetch_sub(1, relaxed); // count:
        return false;
    case cancel_result::resume:
        schedule();
        return true;
    case cancel_result::requested:
        return true;
    }
    __builtin_unreachable();
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

bool op::prepare(promise_base& promise) {
    branch& mine = promise.own_branch();
    waiter_ = &mine;
    mine.set_leaf(&promise);
    if (!mine.is_root()) {
        mine.enter_groups();
    }
    if (scheduler* const on = scheduler::current(); on->observed()) [[unlikely]] {
        on->note_suspension(mine.task());
    }
    if (mine.cancel_pending()) [[unlikely]] {
        aborted_ = mine.take_cancel();
        return !aborted_;
    }
    return true;
}

// The op is registered: settles with a wake-up or a cancel that came meanwhile.
bool op::settle() noexcept {
    branch& mine = *waiter_;
    for (;;) {
        switch (mine.word_.suspend(*this)) {
        case suspend_result::suspended:
            return true;
        case suspend_result::fired:
            return false;
        case suspend_result::cancelled:
            break;
        }
        switch (abort()) {
        case abort_result::aborted:
            aborted_ = mine.take_cancel();
            return false;
        case abort_result::completed:
            return mine.word_.resuspend(*this) == suspend_result::suspended;
        case abort_result::forwarded:
            (void)mine.take_cancel();
            break;
        }
    }
}

void op::yield(promise_base& promise) {
    branch& mine = promise.own_branch();
    waiter_ = &mine;
    mine.set_leaf(&promise);
    if (!mine.is_root()) {
        mine.enter_groups();
    }
    scheduler* const on = scheduler::current();
    if (on->observed()) [[unlikely]] {
        on->note_suspension(mine.task());
    }
    mine.schedule();
    // GONE: another worker may have resumed the branch.
}

} // namespace eddy::inline v0
