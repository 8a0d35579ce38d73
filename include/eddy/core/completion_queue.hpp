// completion_queue.hpp — states in the order in which they become done: behind as_completed.
//
// Threads:    next: one awaiting branch at a time; the states complete on any thread.
// Memory:     one link a state. The states must outlive it.
// Cancel:     of next(): the state that becomes done comes with the following one.
// Invariants: I1  waiting_ is set only while everything that is done has been given.
//             I2  whoever takes waiting_ has the only right to wake it.
// Pairs:      P1  left_: notify -> destructor       the queue is not freed under a completer
// Design:     docs/design/future.md

#pragma once

#include <eddy/base/spin_lock.hpp>
#include <eddy/core/future_state.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace eddy::inline v0 {

class EDDY_API completion_queue {
public:
    /// Throws: std::bad_alloc; invalid_state_error if a handle refers to nothing.
    explicit completion_queue(std::span<future_state* const> states);
    completion_queue(const completion_queue&) = delete;
    completion_queue& operator=(const completion_queue&) = delete;
    ~completion_queue();

    class EDDY_API next_op final : public op {
    public:
        explicit next_op(completion_queue& from) noexcept : from_(&from) {}
        next_op(next_op&& fresh) noexcept : op(), from_(fresh.from_) {}

        bool await_ready() const noexcept {
            scheduler* const mine = scheduler::current();
            return from_->ready() && (mine == nullptr || mine->spend());
        }
        bool await_suspend(promise_base& promise);
        /// The index of the state.
        std::size_t await_resume() {
            check_aborted();
            return from_->take();
        }
        abort_result abort() noexcept override;
        void show(await_look& look) const noexcept override;

    private:
        friend class completion_queue;
        completion_queue* from_;
    };

    /// Whether every state has been given.
    [[nodiscard]] bool at_end() const noexcept { return given_ == order_.size(); }
    /// Waits for the next state to become done; gives its index. Not at the end.
    /// Throws: invalid_state_error if another branch waits for it.
    [[nodiscard]] next_op next() noexcept { return next_op(*this); }

private:
    class link final : public future_waiter {
    public:
        completion_queue* owner = nullptr;
        std::size_t index = 0;
        future_state* state = nullptr;

    private:
        void notify() noexcept override { owner->add(index); }
    };

    void add(std::size_t index) noexcept;
    [[nodiscard]] bool ready() noexcept;
    [[nodiscard]] std::size_t take() noexcept;

    spin_lock lock_;
    std::vector<std::size_t> order_; // of all; the first arrived_ are done
    std::size_t arrived_ = 0;
    std::size_t given_ = 0; // the reader's
    next_op* waiting_ = nullptr;
    std::unique_ptr<link[]> links_;
    atomic<std::size_t> left_{0};
};

} // namespace eddy::inline v0
