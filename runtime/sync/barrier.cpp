// barrier.cpp — arriving, and what breaks it.

#include <eddy/core/await_chain.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/sync/barrier.hpp>

#include <stdexcept>

namespace eddy::inline v0 {

barrier::barrier(std::uint32_t parties) : parties_(parties) {
    if (parties == 0) {
        throw std::invalid_argument("a barrier needs at least one party");
    }
}

// True: `last` has nothing to wait for.
bool barrier::arrive(wait_op& last) noexcept {
    intrusive_list<wait_op> woken;
    {
        decltype(word_)::section inside(word_);
        if (inside.value() == broken_value) {
            return true;
        }
        if (inside.value() + 1 != parties_) {
            inside.set(inside.value() + 1);
            inside.waiters().push(last);
            return false;
        }
        inside.set(0);
        inside.waiters().take_all(woken);
    }
    std::uint32_t index = 0;
    woken.for_each([&index](wait_op& each) { each.index_ = index++; });
    last.index_ = index;
    wake_all(woken);
    return true;
}

bool barrier::withdraw(wait_op& waiter) noexcept {
    decltype(word_)::section inside(word_);
    if (!inside.waiters().remove(waiter)) {
        return false;
    }
    inside.set(inside.value() - 1);
    return true;
}

// Wakes all who wait, with the index that says "broken".
void barrier::send_away(std::uint32_t value) noexcept {
    intrusive_list<wait_op> woken;
    {
        decltype(word_)::section inside(word_);
        inside.set(value);
        inside.waiters().take_all(woken);
    }
    wake_all(woken);
}

void barrier::abort() noexcept {
    send_away(broken_value);
}

void barrier::reset() noexcept {
    send_away(0);
}

bool barrier::wait_op::await_suspend(promise_base& promise) {
    return wait_in(promise, [this] { return of_->arrive(*this); });
}

std::uint32_t barrier::wait_op::await_resume() {
    check_aborted();
    if (index_ == broken_value) {
        throw broken_barrier_error();
    }
    return index_;
}

abort_result barrier::wait_op::abort() noexcept {
    return of_->withdraw(*this) ? abort_result::aborted : abort_result::completed;
}

void barrier::wait_op::show(await_look& look) const noexcept {
    look.waits_for("the other parties of a barrier");
}

} // namespace eddy::inline v0
