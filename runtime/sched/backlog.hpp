// backlog.hpp — what does not fit into a ready ring: a FIFO that any worker may take from.
//
// Threads:    push: the owner.  take, empty_hint: any thread.
// Memory:     none: linked through inbox_next.
// Invariants: I1  while it is not empty the owner pushes here, not into its ring: FIFO order holds.

#pragma once

#include <eddy/base/spin_lock.hpp>
#include <eddy/core/scheduler.hpp>

#include <cstddef>
#include <mutex>

namespace eddy::inline v0 {

class backlog {
public:
    void push(runnable& item) noexcept {
        item.inbox_next = nullptr;
        const std::lock_guard hold(lock_);
        (newest_ == nullptr ? oldest_ : newest_->inbox_next) = &item;
        newest_ = &item;
        size_.store(size_.load(relaxed) + 1, relaxed); // locked: both
    }

    /// Takes the oldest items, at most `most`: a list linked through inbox_next; nullptr if there
    /// is none.
    runnable* take(std::size_t most) noexcept {
        if (empty_hint()) {
            return nullptr;
        }
        const std::lock_guard hold(lock_);
        runnable* const first = oldest_;
        runnable* last = nullptr;
        std::size_t taken = 0;
        for (; oldest_ != nullptr && taken != most; ++taken) {
            last = oldest_;
            oldest_ = oldest_->inbox_next;
        }
        if (last != nullptr) {
            last->inbox_next = nullptr;
        }
        if (oldest_ == nullptr) {
            newest_ = nullptr;
        }
        size_.store(size_.load(relaxed) - taken, relaxed); // locked: both
        return first;
    }

    [[nodiscard]] std::size_t size_hint() const noexcept {
        return size_.load(relaxed); // hint: take() decides; the owner's own pushes are exact
    }
    [[nodiscard]] bool empty_hint() const noexcept { return size_hint() == 0; }

private:
    spin_lock lock_;
    runnable* oldest_ = nullptr;
    runnable* newest_ = nullptr;
    atomic<std::size_t> size_{0};
};

} // namespace eddy::inline v0
