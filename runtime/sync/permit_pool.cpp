// permit_pool.cpp — waiting for permits.

#include <eddy/core/await_chain.hpp>
#include <eddy/sync/permit_pool.hpp>

namespace eddy::inline v0 {

bool permit_wait::await_suspend(promise_base& promise) {
    return wait_in(promise, [this] { return pool_->take_or_wait(*this); });
}

abort_result permit_wait::abort() noexcept {
    return pool_->withdraw(*this) ? abort_result::aborted : abort_result::completed;
}

void permit_wait::show_as(await_look& look, const char* what, const task_base* holder) noexcept {
    look.waits_for(what, holder);
}

void permit_wait::check_suspended() {
    check_aborted();
    if (waiter().take_cancel()) {
        pool_->give(wanted_);
        waiter().throw_cancelled();
    }
}

} // namespace eddy::inline v0
