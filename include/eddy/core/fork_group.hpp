// fork_group.hpp — the children of one gather: started one after the other, inline unless a thief
// takes the next.
//
// The group itself is what lies on the forks deque: "my next child has not been started". A *chain*
// is a run of children started one after the other on one worker. The first chain begins in the
// gather, each other one where the group was taken from a deque by a thief (or by its own
// scheduler). A chain ends when a child completes and the group is not at the bottom of that
// worker's deque; the chain that ran the last child knows how many there are.
//
// Threads:    last_started_ and steals_: whoever holds the group, from taking it off a deque to
//             pushing it back; after the last child was started, the chain that started it.
//             The rest: see the pairs.
// Progress:   wait-free apart from the deque; no atomic at all while nothing is stolen.
// Memory:     lives in the awaiting frame, with one branch a child.
// Cancel:     next_target() names every child; one that is not started yet never is.
// Invariants: I1  join_ reaches 0 exactly when all 1 + steals_ chains have ended: it is negative
//                 until the chain of the last child has added its steals_.
//             I2  all children's branches are complete before the group is first pushed.
// Pairs:      P1  join_: end_chain -> the one that reaches 0    it sees the results of all chains
// Design:     docs/design/gather.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>

#include <coroutine>
#include <cstdint>
#include <exception>
#include <limits>
#include <span>
#include <utility>

namespace eddy::inline v0 {

class EDDY_API fork_group : public op {
public:
    /// For a scheduler that took the group off a deque: gives the coroutine of the next child, to
    /// be resumed.
    [[nodiscard]] std::coroutine_handle<> take_next() noexcept;

    [[nodiscard]] task_base& task() const noexcept { return *task_; }
    /// What is in force where a child begins that is started by a scheduler.
    [[nodiscard]] context_scope* inherited() const noexcept {
        return scoped_ ? parent().scope() : nullptr;
    }
    /// The branch that awaits the group.
    [[nodiscard]] branch& parent() const noexcept { return waiter(); }
    [[nodiscard]] std::span<branch> children() const noexcept { return {children_, count_}; }

    /// `child` has completed; gives what the worker goes on with.
    [[nodiscard, gnu::always_inline]] inline std::coroutine_handle<>
    child_done(branch& child, promise_base& promise) noexcept {
        child.set_leaf(&promise);
        if (!child.is_last_child()) {
            return scheduler::current()->forks().pop_if(this) ? start_next() : end_chain();
        }
        if (steals_ == 0 && !parent().waiting()) [[likely]] {
            return parent().leaf()->handle();
        }
        return end_last_chain();
    }

    /// A child has failed; the first one is what the gather throws.
    void note_failure(std::uint32_t index) noexcept {
        std::uint32_t none = 0;
        // count: P1 carries the exception; fail: another one was first
        failed_.compare_exchange_strong(none, index + 1, relaxed, relaxed);
    }

    abort_result abort() noexcept override;
    [[nodiscard]] branch* next_target() noexcept override;
    void show(await_look& look) const noexcept override;
    /// The parent has entered the group with a cancel pending, which is used up: passes it on.
    virtual void cancel_children() noexcept;

protected:
    fork_group() noexcept = default;
    fork_group(fork_group&& fresh) noexcept : op(std::move(fresh)) {}
    ~fork_group() = default;

    /// Starts `children`, made with this group and the roots of their coroutines, each of which
    /// knows its branch; gives what to run: the first child.
    /// Throws: std::bad_alloc; then nothing was started.
    [[nodiscard, gnu::always_inline]] inline std::coroutine_handle<>
    start(promise_base& awaiting, branch* children, std::uint32_t count) {
        scheduler& mine = *scheduler::current();
        attach(awaiting);
        task_ = mine.running();
        children_ = children;
        count_ = count;
        if (count > 1) {
            if (mine.step_has(step_traits::one_place | step_traits::scoped)) [[unlikely]] {
                offer_specially(mine);
            } else if (mine.forks().push(this)) [[unlikely]] {
                mine.forks_published();
            }
        }
        return children[0].leaf()->handle();
    }

    /// The child that threw first, no_failure if none did.
    [[nodiscard]] std::uint32_t failed() const noexcept {
        return failed_.load(relaxed) - 1; // count: all chains have joined (P1)
    }
    static constexpr std::uint32_t no_failure = std::numeric_limits<std::uint32_t>::max();
    [[noreturn]] void throw_cancelled() const { parent().throw_cancelled(); }
    [[nodiscard]] bool cancel_requested() const noexcept {
        // count: set before the children hear of it, read after they joined
        return cancelled_.load(relaxed);
    }

private:
    [[nodiscard, gnu::always_inline]] inline std::coroutine_handle<> start_next() noexcept {
        branch& child = children_[++last_started_];
        if (!child.is_last_child()) {
            push_again();
        }
        return start_child(child);
    }
    [[nodiscard]] std::coroutine_handle<> start_child(branch& child) noexcept {
        if (child.cancel_pending()) [[unlikely]] {
            return skip_from(&child);
        }
        return child.leaf()->handle();
    }

    void push_again() noexcept;
    [[nodiscard, gnu::cold]] std::coroutine_handle<> skip_from(branch* child) noexcept;
    [[nodiscard, gnu::cold]] std::coroutine_handle<> end_chain() noexcept;
    [[nodiscard, gnu::cold]] std::coroutine_handle<> end_last_chain() noexcept;
    [[nodiscard]] std::coroutine_handle<> resume_parent() const noexcept;
    [[gnu::cold]] void offer_specially(scheduler& mine);
    void scatter(context_scope* inherited) noexcept;

    // What begins as 0 lies together: a gather stores it at once.
    atomic<bool> cancelled_{false};
    bool scoped_ = false;             // the parent keeps what its children begin with
    std::uint32_t targets_given_ = 0; // in the cancel walk that is under way
    std::uint32_t last_started_ = 0;
    std::uint32_t steals_ = 0;
    atomic<std::uint32_t> failed_{0}; // 1 + the index of the child that threw first
    atomic<std::int32_t> join_{0};    // less 1 for each chain that ended; the last one adds steals_

    // Set by start(), before anybody else may look.
    std::uint32_t count_ = 0;
    task_base* task_;
    branch* children_;
};

inline task_base& branch::task() const noexcept {
    return is_root() ? *static_cast<task_base*>(owner_) : group().task();
}

[[gnu::always_inline]] inline std::coroutine_handle<> promise_base::finish() noexcept {
    if (awaiter_ != nullptr) {
        return awaiter_->handle();
    }
    if (!branch_->is_root()) [[likely]] {
        return branch_->group().child_done(*branch_, *this);
    }
    return finish_task();
}

} // namespace eddy::inline v0
