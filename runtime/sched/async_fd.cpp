// async_fd.cpp — one wait for the readiness of a registered descriptor.

#include "sched/worker.hpp"
#include <eddy/core/await_chain.hpp>
#include <eddy/sched/async_fd.hpp>

#include <cerrno>
#include <system_error>

namespace eddy::inline v0 {

namespace {

constexpr int was_closed = EBADF;
constexpr int in_use = EBUSY;

} // namespace

bool readiness_op::await_suspend(promise_base& promise) {
    return park(promise, [this] {
        worker& here = *worker::current();
        here.note_descriptors();
        const auto [result, error] = of.wait(what_, *this, here.descriptors());
        if (result == wait_start::waiting) {
            return; // GONE: an event may have woken the branch.
        }
        if (result == wait_start::closed) {
            error_ = error ? error.value() : was_closed;
        } else if (result == wait_start::in_use) {
            error_ = in_use;
        }
        wake();
    });
}

void readiness_op::ready(fd_wait& wait, unsigned events) noexcept {
    auto& self = static_cast<readiness_op&>(wait);
    if ((events & forgotten) != 0) {
        self.error_ = was_closed;
    }
    self.wake();
}

void readiness_op::await_resume() {
    check_cancelled();
    if (error_ != 0 && error_ != EPERM) { // EPERM: a regular file
        throw std::system_error(error_, std::system_category(), name_);
    }
}

abort_result readiness_op::abort() noexcept {
    return of.withdraw(what_, *this) ? abort_result::aborted : abort_result::completed;
}

void readiness_op::show(await_look& look) const noexcept {
    look.waits_for(what_ == interest::read ? "input on descriptor " : "room on descriptor ",
                   of.fd());
}

void async_fd::throw_refused(call_start why, const char* name) {
    throw std::system_error(why == call_start::closed ? was_closed : in_use, std::system_category(),
                            name);
}

} // namespace eddy::inline v0
