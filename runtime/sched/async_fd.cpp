// async_fd.cpp — one wait for the readiness of a registered descriptor.

#include "sched/worker.hpp"
#include <eddy/core/await_chain.hpp>
#include <eddy/sched/async_fd.hpp>

namespace eddy::inline v0 {

namespace {

std::error_code refusal(begin_result why) noexcept {
    return std::make_error_code(why == begin_result::closed
                                    ? std::errc::bad_file_descriptor
                                    : std::errc::device_or_resource_busy);
}

} // namespace

bool readiness_op::await_suspend(promise_base& promise) {
    return park(promise, [this] {
        worker& here = *worker::current();
        here.note_descriptors();
        const auto [result, error] = of_.wait(what_, *this, here.descriptors());
        if (result == wait_result::waiting) {
            return; // GONE: an event may have woken the branch.
        }
        if (result == wait_result::closed) {
            error_ = error ? error : refusal(begin_result::closed);
        } else if (result == wait_result::in_use) {
            error_ = refusal(begin_result::in_use);
        }
        wake();
    });
}

void readiness_op::ready(fd_wait& wait, unsigned events) noexcept {
    auto& self = static_cast<readiness_op&>(wait);
    if ((events & forgotten) != 0) {
        self.error_ = refusal(begin_result::closed);
    }
    self.wake();
}

void readiness_op::await_resume() {
    check_cancelled();
    if (error_ && error_ != std::errc::operation_not_permitted) { // EPERM: a regular file
        throw std::system_error(error_, what_ == interest::read ? "waiting for input"
                                                                : "waiting for room");
    }
}

abort_result readiness_op::abort() noexcept {
    return of_.withdraw(what_, *this) ? abort_result::aborted : abort_result::completed;
}

void readiness_op::show(await_look& look) const noexcept {
    look.waits_for(what_ == interest::read ? "input on descriptor " : "room on descriptor ",
                   of_.fd());
}

void async_fd::throw_refused(begin_result why, const char* name) {
    throw std::system_error(refusal(why), name);
}

} // namespace eddy::inline v0
