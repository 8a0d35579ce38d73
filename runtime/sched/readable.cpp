// readable.cpp — one wait for a descriptor.

#include "sched/worker.hpp"
#include <eddy/core/await_chain.hpp>
#include <eddy/sched/readable.hpp>

namespace eddy::inline v0 {

bool ready_op::await_suspend(promise_base& promise) {
    return park(promise, [this] {
        worker& here = *worker::current();
        here.note_descriptors();
        reactor_ = &here.descriptors();
        error_ = reactor_->arm(fd_, what_, *this);
        if (error_) {
            wake();
        }
    });
}

void ready_op::ready(fd_wait& wait, unsigned events) noexcept {
    auto& self = static_cast<ready_op&>(wait);
    if ((events & forgotten) != 0) {
        self.error_ = std::make_error_code(std::errc::bad_file_descriptor);
    }
    self.wake();
}

void ready_op::await_resume() {
    check_cancelled();
    if (error_ && error_ != std::errc::operation_not_permitted) { // EPERM: a regular file
        throw std::system_error(error_, what_ == interest::read ? "readable" : "writable");
    }
}

abort_result ready_op::abort() noexcept {
    return reactor_->disarm(*this) ? abort_result::aborted : abort_result::completed;
}

void ready_op::show(await_look& look) const noexcept {
    look.waits_for(what_ == interest::read ? "input on descriptor " : "room on descriptor ", fd_);
}

} // namespace eddy::inline v0
