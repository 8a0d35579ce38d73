// branch.hpp — one logical thread of control inside a task: its root, or a child of a gather.
//
// Threads:    wake, cancel: any thread.  The rest: the branch itself.
// Memory:     48 bytes, in the task's control block or in the gather's frame.
// Invariants: I1  at any time a branch runs, is in exactly one queue, or waits in exactly one op.
//             I2  while it waits, every branch above it waits in its group, up to the root of the
//                 task: so a cancel of the root finds everything that is suspended below.
// Design:     docs/design/cancel.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/branch_word.hpp>
#include <eddy/core/scheduler.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace eddy::inline v0 {

class op;
class promise_base;

/// What a canceller has to say; null for nothing.
using cancel_reason = std::shared_ptr<const std::string>;

class EDDY_API branch final : public runnable {
public:
    /// The root branch of `task`.
    explicit branch(task_base& task) noexcept : runnable(kind::branch), owner_(&task) {}
    /// Child `index` of `siblings` children of `group`; it begins with the coroutine of `root`.
    branch(promise_base* root, std::uint32_t index, std::uint32_t siblings,
           fork_group& group) noexcept
        : runnable(kind::branch), role_(index + 1 == siblings ? role::last_child : role::child),
          index_(index), leaf_(root), owner_(&group) {}

    [[nodiscard]] bool is_root() const noexcept { return role_ == role::root; }
    /// Whether no child of the group comes after this one.
    [[nodiscard]] bool is_last_child() const noexcept { return role_ == role::last_child; }
    [[nodiscard]] task_base& task() const noexcept; // in fork_group.hpp
    /// The group this is a child of; only if it is not a root.
    [[nodiscard]] fork_group& group() const noexcept { return *static_cast<fork_group*>(owner_); }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }

    // -- the branch itself --

    /// The coroutine to resume: the innermost one.
    [[nodiscard]] promise_base* leaf() const noexcept { return leaf_; }
    void set_leaf(promise_base* innermost) noexcept { leaf_ = innermost; }
    bool take_cancel() noexcept { return word_.take_cancel(); }
    [[nodiscard]] bool cancel_pending() const noexcept { return word_.cancel_pending(); }
    [[nodiscard]] bool waiting() const noexcept { return word_.waiting(); }
    [[nodiscard]] bool finish() noexcept { return word_.finish(); }
    [[noreturn]] void throw_cancelled() const;

    /// Leaves a request pending that was taken and is not the taker's.
    void put_cancel_back() noexcept { (void)word_.begin_cancel(); }
    /// The same for one that was used up on entering `group`.
    void put_cancel_back(op& group) noexcept;

    /// Makes every group above wait, so that cancels reach this branch once it suspends (I2).
    void enter_groups() noexcept;
    /// The group `op` is complete: running again. The caller goes on with the branch.
    void leave_group() noexcept { (void)word_.wake(); }

    /// It runs on `on`, and goes on after the others that are ready.
    void give_turn(scheduler& on) noexcept;

    // -- what is in force, while it does not run --

    /// It is about to suspend, or to be queued, with `innermost` in force; nullptr for nothing.
    void keep_scope(context_scope* innermost) noexcept {
        scope_ = innermost;
        set_kind(innermost != nullptr ? kind::scoped_branch : kind::branch);
    }
    /// It runs.
    void forget_scope() noexcept { set_kind(kind::branch); }
    /// What keep_scope was given last.
    [[nodiscard]] context_scope* scope() const noexcept { return scope_; }

    // -- any thread --

    /// The op is complete: the branch runs again, on a worker.
    void wake() noexcept {
        switch (word_.try_wake()) {
        case wake_result::waited:
            schedule();
            break;
        case wake_result::goes_on:
            break;
        case wake_result::locked:
            wake_when_unlocked();
            break;
        }
    }

    /// Requests a cancel: one cancelled_error at the current or next suspension, of this branch and
    /// of everything it waits for. False: it has ended. Iterative: the depth of what waits for what
    /// does not matter.
    bool cancel(const cancel_reason& reason = nullptr) noexcept;

    /// The requests, as asyncio's cancelling(): cancel() adds one, uncancel() takes one back.
    [[nodiscard]] std::uint16_t cancelling() const noexcept {
        return requests_.load(relaxed); // count:
    }
    std::uint16_t uncancel() noexcept;
    /// Those of them that are not pending: a scope that begins now does not answer for them.
    [[nodiscard]] std::uint16_t delivered_requests() const noexcept {
        const std::uint16_t all = cancelling();
        return static_cast<std::uint16_t>(all != 0 && cancel_pending() ? all - 1 : all);
    }
    /// Whether the coroutine has ended; certain for whom cancel() gave false.
    [[nodiscard]] bool ended() const noexcept { return word_.ended(); }

    /// Keeps the branch as it is while somebody reads what it waits for; after `looked` end_look
    /// must follow, soon.
    [[nodiscard]] look_start<op> begin_look() noexcept { return word_.begin_look(); }
    void end_look() noexcept { word_.end_look(); }

    /// Queues the branch where its task may run.
    void schedule() noexcept;

private:
    friend class op;
    class cancel_walk;
    void count_request() noexcept;
    void prepare(scheduler& on) noexcept;
    void queue_again(scheduler& on) noexcept;
    [[gnu::cold]] void note_suspension(scheduler& on) noexcept;

    [[gnu::cold]] void wake_when_unlocked() noexcept;
    enum class role : std::uint8_t { root, child, last_child };

    role role_ = role::root;
    atomic<std::uint16_t> requests_{0};
    std::uint32_t index_ = 0;
    branch_word<op> word_;
    promise_base* leaf_ = nullptr;
    void* owner_;          // task_base of a root, fork_group of a child
    context_scope* scope_; // set by keep_scope
};
static_assert(sizeof(branch) <= 48);

} // namespace eddy::inline v0
