// completion_queue.cpp — arrivals, and who waits for one.

#include <eddy/base/syscall.hpp>
#include <eddy/core/await_chain.hpp>
#include <eddy/core/completion_queue.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace eddy::inline v0 {

completion_queue::completion_queue(std::span<future_state* const> states)
    : order_(states.size()), links_(std::make_unique<link[]>(states.size())) {
    if (std::ranges::find(states, nullptr) != states.end()) {
        throw_empty_handle();
    }
    for (std::size_t i = 0; i != states.size(); ++i) {
        links_[i].owner = this;
        links_[i].index = i;
        links_[i].state = states[i];
        if (!states[i]->add(links_[i])) {
            add(i);
        }
    }
}

completion_queue::~completion_queue() {
    std::size_t expected = 0;
    for (std::size_t i = 0; i != order_.size(); ++i) {
        expected += links_[i].state->remove(links_[i]) ? 0 : 1;
    }
    while (left_.load(acquire) != expected) { // P1
        sys::sched_yield();
    }
}

void completion_queue::add(std::size_t index) noexcept {
    next_op* waiting = nullptr;
    {
        const std::lock_guard hold(lock_);
        order_[arrived_++] = index;
        waiting = std::exchange(waiting_, nullptr);
    }
    branch* const reader = waiting != nullptr ? &waiting->waiter() : nullptr;
    left_.fetch_add(1, release); // P1
    // GONE: unless somebody waits, and then only the branch is touched.
    if (reader != nullptr) {
        reader->wake();
    }
}

bool completion_queue::ready() noexcept {
    const std::lock_guard hold(lock_);
    return given_ != arrived_;
}

std::size_t completion_queue::take() noexcept {
    const std::lock_guard hold(lock_);
    return order_[given_++];
}

bool completion_queue::next_op::await_suspend(promise_base& promise) {
    return park(promise, [this] {
        {
            const std::lock_guard hold(from_->lock_);
            if (from_->waiting_ != nullptr) {
                throw invalid_state_error(
                    "the next completion is awaited already: one await of next() at a time");
            }
            if (from_->given_ == from_->arrived_) {
                from_->waiting_ = this;
                return;
            }
        }
        wake();
    });
}

void completion_queue::next_op::show(await_look& look) const noexcept {
    for (std::size_t i = 0; i != from_->order_.size(); ++i) {
        if (!look.waits_for(*from_->links_[i].state)) {
            break;
        }
    }
}

abort_result completion_queue::next_op::abort() noexcept {
    const std::lock_guard hold(from_->lock_);
    return std::exchange(from_->waiting_, nullptr) == this ? abort_result::aborted
                                                           : abort_result::completed;
}

} // namespace eddy::inline v0
