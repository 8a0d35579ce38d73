// callback_queue.cpp — turns and callbacks.

#include "sched/callback_queue.hpp"

#include <mutex>

namespace eddy::inline v0 {

void callback_queue::add(callback& item) noexcept {
    item.queue_ = this;
    item.next_callback_ = nullptr;
    item.uses_.store(2, relaxed); // init:
    const std::lock_guard hold(lock_);
    if (newest_ == nullptr) {
        oldest_ = &item;
    } else {
        newest_->next_callback_ = &item;
    }
    newest_ = &item;
}

void callback_queue::take_turn(callback& item) noexcept {
    callback_queue& mine = *item.queue_;
    drop(item);
    mine.run_next();
}

void callback_queue::discard(callback& item) noexcept {
    callback_queue& mine = *item.queue_;
    drop(item);
    if (callback* const oldest = mine.begin()) {
        (void)mine.end();
        drop(*oldest);
    }
}

void callback_queue::run_next() noexcept {
    callback* next = begin();
    while (next != nullptr) {
        next->run();
        drop(*next);
        next = end() ? begin() : nullptr;
    }
}

// Gives the callback to run; nullptr if one runs already, which then owes this turn.
callback* callback_queue::begin() noexcept {
    const std::lock_guard hold(lock_);
    if (running_) {
        ++owed_;
        return nullptr;
    }
    callback* const next = oldest_;
    oldest_ = next->next_callback_;
    if (oldest_ == nullptr) {
        newest_ = nullptr;
    }
    running_ = true;
    return next;
}

// True: a turn is owed, so another callback has to run.
bool callback_queue::end() noexcept {
    const std::lock_guard hold(lock_);
    running_ = false;
    if (owed_ == 0) {
        return false;
    }
    --owed_;
    return true;
}

void callback_queue::drop(callback& item) noexcept {
    if (item.uses_.fetch_sub(1, acq_rel) == 1) { // P1, both ends
        item.release();
    }
}

} // namespace eddy::inline v0
