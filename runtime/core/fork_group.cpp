// fork_group.cpp — the paths of a gather that are not taken while nothing is stolen.

#include <eddy/core/fork_group.hpp>
#include <eddy/core/task.hpp>

namespace eddy::inline v0 {

// A task that must run in one place: its children are branches of their own there, each a chain.
void fork_group::scatter(context_scope* inherited) noexcept {
    steals_ = count_ - 1;
    last_started_ = count_ - 1;
    for (std::uint32_t i = 1; i != count_; ++i) {
        children_[i].keep_scope(inherited);
        children_[i].schedule();
    }
}

// Instead of a push onto the forks deque.
void fork_group::offer_specially(scheduler& mine) {
    context_scope* const inherited = mine.scope();
    if (mine.step_has(step_traits::one_place)) {
        scatter(inherited);
        return;
    }
    parent().keep_scope(inherited);
    parent().forget_scope(); // it runs its first child
    scoped_ = inherited != nullptr;
    if (mine.forks().push(this)) {
        mine.forks_published();
    }
}

std::coroutine_handle<> fork_group::take_next() noexcept {
    ++steals_;
    return start_next();
}

void fork_group::push_again() noexcept {
    scheduler* const mine = scheduler::current();
    if (mine->forks().push(this)) {
        mine->forks_published();
    }
}

// `child` was cancelled before it was started: goes on as if it had completed.
std::coroutine_handle<> fork_group::skip_from(branch* child) noexcept {
    while (child->cancel_pending()) {
        const std::uint32_t index = child->index();
        if (index + 1 == count_) {
            return end_last_chain();
        }
        if (!scheduler::current()->forks().pop_if(this)) {
            return end_chain();
        }
        child = &children_[++last_started_];
        if (!child->is_last_child()) {
            push_again();
        }
    }
    return child->leaf()->handle();
}

std::coroutine_handle<> fork_group::end_chain() noexcept {
    if (join_.fetch_sub(1, acq_rel) != 1) { // P1, both ends
        return std::noop_coroutine();
    }
    return resume_parent();
}

std::coroutine_handle<> fork_group::end_last_chain() noexcept {
    if (const auto others = static_cast<std::int32_t>(steals_); others != 0) {
        if (join_.fetch_add(others, acq_rel) != -others) { // P1, both ends
            return std::noop_coroutine();
        }
    }
    return resume_parent();
}

std::coroutine_handle<> fork_group::resume_parent() const noexcept {
    if (parent().waiting()) {
        parent().leave_group();
    }
    return parent().leaf()->handle();
}

branch* fork_group::next_target() noexcept {
    cancelled_.store(true, relaxed); // count: read by the parent, after all children (P1)
    if (targets_given_ == count_) {
        targets_given_ = 0;
        return nullptr;
    }
    return &children_[targets_given_++];
}

// All children have ended or are just ending: the wake-up comes, and finds cancelled_.
abort_result fork_group::abort() noexcept {
    return abort_result::forwarded;
}

void fork_group::cancel_children() noexcept {
    const cancel_reason reason = task().reason();
    cancelled_.store(true, relaxed); // count: read by the parent, after all children (P1)
    for (branch& child : children()) {
        (void)child.cancel(reason);
    }
}

} // namespace eddy::inline v0
