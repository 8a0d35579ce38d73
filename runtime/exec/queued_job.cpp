// queued_job.cpp — how the executor hears of a cancel, and a wait for a place.

#include <eddy/core/await_chain.hpp>
#include <eddy/core/scheduler.hpp>
#include <eddy/exec/queued_job.hpp>

#include <utility>

namespace eddy::inline v0 {

queued_job::~queued_job() = default;

void queued_job::watch(std::shared_ptr<job_desk> desk) noexcept {
    desk_ = std::move(desk);
    keep(); // for notify(), which is called once
    if (!state().add(*this)) {
        drop();
    }
}

void queued_job::unwatch() noexcept {
    if (state().remove(*this)) {
        drop();
    }
}

void queued_job::notify() noexcept {
    const std::shared_ptr<job_desk> desk = desk_; // the last job may be all that keeps it
    desk->job_done(job_pointer<>(this));
}

// -- a place in the queue --

admission_op::admission_op(std::shared_ptr<job_desk> desk, job_pointer<> job)
    : desk_(std::move(desk)), job_(std::move(job)) {}
admission_op::admission_op(admission_op&& fresh) noexcept = default;
admission_op::~admission_op() = default;

bool admission_op::await_ready() {
    return desk_->admit(*this, when_full::refuse) && scheduler::may_go_on();
}
bool admission_op::await_suspend(promise_base& promise) {
    if (job_ == nullptr) { // the step's budget is used up
        return yield(promise);
    }
    return park(promise, [this] {
        if (desk_->admit(*this, when_full::wait)) {
            wake();
        }
    });
}
abort_result admission_op::abort() noexcept {
    return desk_->leave_line(*this) ? abort_result::aborted : abort_result::completed;
}
void admission_op::show(await_look& look) const noexcept {
    look.waits_for("room in the queue of an executor");
}

} // namespace eddy::inline v0
