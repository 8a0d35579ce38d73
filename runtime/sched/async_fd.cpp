// async_fd.cpp — one wait for the readiness of a registered descriptor.

#include "sched/worker.hpp"
#include <eddy/core/await_chain.hpp>
#include <eddy/sched/async_fd.hpp>

namespace eddy::inline v0 {

namespace {

std::error_code refusal(call_start why) noexcept {
    return std::make_error_code(why == call_start::closed ? std::errc::bad_file_descriptor
                                                          : std::errc::device_or_resource_busy);
}

} // namespace

bool readiness_op::await_suspend(promise_base& promise) {
    return park(promise, [this] {
        worker& here = *worker::current();
        here.note_descriptors();
        const auto [result, error] = of_.wait(what_, *this, here.descriptors());
        if (result == wait_start::waiting) {
            return; // GONE: an event may have woken the branch.
        }
        if (result == wait_start::closed) {
            error_ = error ? error : refusal(call_start::closed);
        } else if (result == wait_start::in_use) {
            error_ = refusal(call_start::in_use);
        }
        wake();
    });
}

void readiness_op::ready(fd_wait& wait, unsigned events) noexcept {
    auto& self = static_cast<readiness_op&>(wait);
    if ((events & forgotten) != 0) {
        self.error_ = refusal(call_start::closed);
    }
    self.wake();
}

void readiness_op::await_resume() {
    check_cancelled();
    if (error_ && error_ != std::errc::operation_not_permitted) { // EPERM: a regular file
        throw std::system_error(error_, name_);
    }
}

abort_result readiness_op::abort() noexcept {
    return of_.withdraw(what_, *this) ? abort_result::aborted : abort_result::completed;
}

void readiness_op::show(await_look& look) const noexcept {
    look.waits_for(what_ == interest::read ? "input on descriptor " : "room on descriptor ",
                   of_.fd());
}

void async_fd::throw_refused(call_start why, const char* name) {
    throw std::system_error(refusal(why), name);
}

} // namespace eddy::inline v0
