// event.cpp — setting, clearing, and waiting.

#include <eddy/sync/event.hpp>

namespace eddy::inline v0 {

void event::set() noexcept {
    const auto raise = [](std::uint32_t) { return std::optional<std::uint32_t>(1); };
    if (flag_.try_change(raise) == decltype(flag_)::change::done) {
        return;
        // GONE: who polls is_set() may have destroyed it.
    }
    intrusive_list<wait_op> woken;
    {
        decltype(flag_)::section inside(flag_);
        inside.set(1);
        inside.waiters().take_all(woken);
    }
    // GONE: the event; not who is in `woken`.
    wake_all(woken);
}

// Also a flag that is down already is written: what was done before a set() that came first is seen
// by who has cleared.
void event::clear() noexcept {
    const auto lower = [](std::uint32_t) { return std::optional<std::uint32_t>(0); };
    if (flag_.try_change(lower) != decltype(flag_)::change::done) {
        decltype(flag_)::section(flag_).set(0);
    }
}

bool event::wait_op::await_suspend(promise_base& promise) {
    return wait_in(promise, [this] {
        decltype(of_->flag_)::section inside(of_->flag_);
        if (inside.value() != 0) {
            return true;
        }
        inside.waiters().push(*this);
        return false;
    });
}

abort_result event::wait_op::abort() noexcept {
    decltype(of_->flag_)::section inside(of_->flag_);
    return inside.waiters().remove(*this) ? abort_result::aborted : abort_result::completed;
}

} // namespace eddy::inline v0
