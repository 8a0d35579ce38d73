// multi_wait.cpp — the register, notify and leave steps of a wait for several states.

#include <eddy/base/syscall.hpp>
#include <eddy/core/await_chain.hpp>
#include <eddy/core/multi_wait.hpp>
#include <eddy/core/task.hpp>

#include <algorithm>

namespace eddy::inline v0 {

namespace {

multi_wait::states checked(multi_wait::states of) {
    if (std::ranges::find(of, nullptr) != of.end()) {
        throw_empty_handle();
    }
    return of;
}

} // namespace

multi_wait::multi_wait(states of, until condition, on_abort policy)
    : states_(checked(std::move(of))), links_(std::make_unique<link[]>(states_.size())),
      condition_(condition), policy_(policy),
      remaining_(static_cast<std::uint32_t>(states_.size())) {}

multi_wait::multi_wait(multi_wait&& fresh) noexcept
    : op(), states_(std::move(fresh.states_)), links_(std::move(fresh.links_)),
      condition_(fresh.condition_), policy_(fresh.policy_),
      remaining_(static_cast<std::uint32_t>(states_.size())) {}

bool multi_wait::await_suspend(promise_base& promise) {
    return park(promise, [this] { register_all(); });
}

void multi_wait::register_all() noexcept {
    armed_ = true;
    for (std::size_t i = 0; i != states_.size(); ++i) {
        links_[i].owner = this;
        links_[i].state = states_[i];
        if (!states_[i]->add(links_[i])) {
            notified(*states_[i]);
        }
    }
}

bool multi_wait::enough(const future_state& state) noexcept {
    const bool last = remaining_.fetch_sub(1, relaxed) == 1; // count: P1 carries the rest
    switch (condition_) {
    case until::all:
        return last;
    case until::first:
        return true;
    case until::first_exception:
        return last || (state.failed() && !state.cancelled());
    case until::first_failure:
        return last || state.failed();
    }
    return last;
}

void multi_wait::notified(future_state& state) noexcept {
    const bool wakes = enough(state) && !settled_.exchange(true, relaxed); // count: one is first
    branch& waiter = this->waiter();
    if (wakes) {
        cause_ = &state;
    }
    left_.fetch_add(1, release); // P1
    // GONE: unless this is the one that wakes, and then only the branch is touched.
    if (wakes) {
        waiter.wake();
    }
}

branch* multi_wait::next_target() noexcept {
    if (policy_ == on_abort::cancel_producers) {
        cancel_seen_ = true;
        while (targets_given_ != states_.size()) {
            if (branch* const target = states_[targets_given_++]->producer()) {
                return target;
            }
        }
        targets_given_ = 0;
        if (std::ranges::any_of(states_, [](future_state* each) {
                return each->producer() == nullptr && !each->done();
            })) {
            ask_for_abort(); // nobody makes such a future end
        }
    }
    return nullptr;
}

void multi_wait::show(await_look& look) const noexcept {
    for (future_state* const each : states_) {
        if (!look.waits_for(*each)) {
            break;
        }
    }
}

abort_result multi_wait::abort() noexcept {
    const auto ends = [](future_state* each) {
        return each->done() || (each->producer() != nullptr && each->producer()->ended());
    };
    if (policy_ == on_abort::cancel_producers && std::ranges::all_of(states_, ends)) {
        return abort_result::completed; // the last ones are being completed
    }
    const bool late = settled_.exchange(true, relaxed); // count: one is first
    return late ? abort_result::completed : abort_result::aborted;
}

void multi_wait::finish() {
    if (armed_) {
        std::uint32_t expected = 0;
        for (std::size_t i = 0; i != states_.size(); ++i) {
            expected += states_[i]->remove(links_[i]) ? 0 : 1;
        }
        while (left_.load(acquire) != expected) { // P1
            sys::sched_yield();
        }
        armed_ = false;
    }
    check_aborted();
    const bool failed = cause_ != nullptr && cause_->failed() && !cause_->cancelled();
    if (cancel_seen_ && !failed) {
        (void)waiter().take_cancel(); // pending still, if the producers were faster than abort()
        waiter().throw_cancelled();
    }
}

} // namespace eddy::inline v0
