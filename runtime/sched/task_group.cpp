// task_group.cpp — children that come and go, their failures, and the end of a group.

#include <eddy/core/await_chain.hpp>
#include <eddy/core/report.hpp>
#include <eddy/sched/task_group.hpp>

#include <mutex>
#include <vector>

namespace eddy::inline v0 {

// What a group knows of a child. It waits for the task; then, if there is more to do than to forget
// it, it is a callback of the loop, as a done callback is: so one worker keeps asyncio's order.
class child_group::child final : public future_waiter, public callback, public list_hook {
public:
    explicit child(child_group& group) noexcept : group_(group) {}

    void watch(task_base& state) noexcept {
        task_ = state_ref<task_base>::share(&state);
        [[maybe_unused]] const bool waits = state.add(*this);
        EDDY_ASSERT(waits); // it has not been launched
    }
    [[nodiscard]] const state_ref<task_base>& task() const noexcept { return task_; }
    [[nodiscard]] bool failed() const noexcept { return task_->failed() && !task_->cancelled(); }

    /// The task is not needed any more: its error dies with who has read it, and not on the loop
    /// that runs this.
    void forget_task() noexcept { task_ = {}; }

    /// One more party has to drop it.
    void keep() noexcept { holds_.fetch_add(1, relaxed); } // count: the caller holds one
    void drop() noexcept {
        if (holds_.fetch_sub(1, acq_rel) == 1) { // P1, both ends
            delete this;
        }
    }

    static void* operator new(std::size_t bytes) { return frame_cache::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        frame_cache::deallocate(memory, bytes);
    }

private:
    ~child() = default;
    void notify() noexcept override { group_.ended(*this); }
    void run() noexcept override { group_.settle(*this); }
    void release() noexcept override { drop(); }

    child_group& group_;
    state_ref<task_base> task_;
    atomic<std::uint8_t> holds_{1};
};

child_group::child_group(branch& over, on_failure policy, failure_handler handler) noexcept
    : branch_(&over), policy_(policy), requests_before_(over.delivered_requests()),
      handler_(std::move(handler)) {}

child_group::~child_group() {
    EDDY_ASSERT(alive_ == 0);
    while (child* const each = failed_.pop_front()) {
        each->drop();
    }
}

std::size_t child_group::size_hint() const noexcept {
    const std::lock_guard hold(lock_);
    return alive_;
}

// -- a child comes --

child_group::reservation::reservation(child_group& group)
    : group_(group), place_(new child(group)) {
    {
        const std::lock_guard hold(group.lock_);
        if (!group.closed_) {
            ++group.alive_;
            return;
        }
    }
    place_->drop();
    throw invalid_state_error("the group has ended");
}

child_group::reservation::~reservation() {
    if (place_ != nullptr) {
        place_->drop();
        group_.leave();
    }
}

void child_group::reservation::admit(task_base& state) noexcept {
    child& mine = *std::exchange(place_, nullptr);
    mine.watch(state);
    bool aborting = false;
    {
        const std::lock_guard hold(group_.lock_);
        aborting = group_.aborting_;
        (aborting ? group_.told_ : group_.children_).push_back(mine);
    }
    if (aborting) {
        (void)state.cancel();
    }
}

// -- a child goes --

// On the worker where it ended. What nobody has to be told of is forgotten at once.
void child_group::ended(child& mine) noexcept {
    if (mine.failed() || !forget(mine)) {
        scheduler::current()->post_callback(mine);
    }
}

// False: `mine` is the last one, and somebody waits for that.
bool child_group::forget(child& mine) noexcept {
    {
        const std::lock_guard hold(lock_);
        if (alive_ == 1 && waiting_ != nullptr) {
            return false;
        }
        mine.unlink();
        --alive_;
    }
    // GONE: the group, if that was the last one.
    mine.drop();
    return true;
}

// In the loop's turn for `mine`.
void child_group::settle(child& mine) noexcept {
    const bool kept = mine.failed() && note_failure(mine);
    branch* waiter = nullptr;
    {
        const std::lock_guard hold(lock_);
        if (!kept) {
            mine.unlink();
        }
        waiter = count_down();
    }
    // GONE: the group, unless it waits for the wake-up that follows.
    if (waiter != nullptr) {
        waiter->wake();
    }
}

void child_group::leave() noexcept {
    branch* waiter = nullptr;
    {
        const std::lock_guard hold(lock_);
        waiter = count_down();
    }
    // GONE: as in settle.
    if (waiter != nullptr) {
        waiter->wake();
    }
}

// Under the lock. Gives the branch that has to be woken, nullptr if there is none.
branch* child_group::count_down() noexcept {
    if (--alive_ != 0 || waiting_ == nullptr) {
        return nullptr;
    }
    closed_ = true;
    return &std::exchange(waiting_, nullptr)->waiter();
}

// True: `mine` is in failed_ now.
bool child_group::note_failure(child& mine) noexcept {
    mine.task()->mark_retrieved();
    if (handler_) {
        call_handler(mine);
        return false;
    }
    mine.keep();
    {
        const std::lock_guard hold(lock_);
        mine.unlink();
        failed_.push_back(mine);
    }
    if (policy_ == on_failure::cancel_all) {
        abort_all();
    }
    return true;
}

void child_group::call_handler(const child& mine) const noexcept {
    try {
        handler_(any_task(mine.task()), mine.task()->failure());
    } catch (...) {
        emit_callback_failure("the handler of a supervisor_group", std::current_exception(),
                              mine.task()->creation_site());
    }
}

// -- cancelling --

void child_group::cancel() noexcept {
    {
        const std::lock_guard hold(lock_);
        if (closed_ || aborting_) {
            return;
        }
        ++alive_; // the group stays meanwhile
    }
    abort_all();
    leave();
}

// By somebody for whom the group stays. No lock is held while a cancel is under way: what a child
// waits for may have locks of its own.
void child_group::abort_all() noexcept {
    bool cancels_body = false;
    {
        const std::lock_guard hold(lock_);
        if (std::exchange(aborting_, true)) {
            return;
        }
        cancels_body = body_runs_;
        body_cancelled_ = cancels_body;
    }
    for (;;) {
        state_ref<task_base> next;
        {
            const std::lock_guard hold(lock_);
            child* const first = children_.pop_front();
            if (first == nullptr) {
                break;
            }
            told_.push_back(*first);
            next = first->task();
        }
        (void)next->cancel();
    }
    if (cancels_body) {
        (void)branch_->cancel();
    }
}

// -- the end --

bool child_group::close_if_empty() noexcept {
    const std::lock_guard hold(lock_);
    closed_ = alive_ == 0;
    return closed_;
}

bool child_group::join_op::await_suspend(promise_base& promise) {
    return park(promise, [this] {
        {
            const std::lock_guard hold(group_.lock_);
            if (group_.alive_ != 0) {
                group_.waiting_ = this;
                return;
            }
            group_.closed_ = true;
        }
        wake();
    });
}

void child_group::join_op::show(await_look& look) const noexcept {
    look.waits_for("the children of a group");
}

abort_result child_group::join_op::abort() noexcept {
    const std::lock_guard hold(group_.lock_);
    return std::exchange(group_.waiting_, nullptr) == this ? abort_result::aborted
                                                           : abort_result::completed;
}

void child_group::end_body(const std::exception_ptr& error) noexcept {
    {
        const std::lock_guard hold(lock_);
        body_runs_ = false;
    }
    if (error != nullptr) {
        abort_all();
    }
}

void child_group::cancelled_while_joining() noexcept {
    join_cancelled_ = true;
    abort_all();
}

std::vector<std::exception_ptr> child_group::take_errors() {
    std::vector<std::exception_ptr> errors;
    while (child* const each = failed_.front()) {
        errors.push_back(each->task()->failure());
        each->unlink();
        each->forget_task();
        each->drop();
    }
    return errors;
}

// The request by which this group cancelled the body. True: nobody else has asked. First the
// request, if it came too late to be delivered, then the count: as timeout_scope::leave.
bool child_group::take_request_back(delivery how) noexcept {
    const bool undelivered = branch_->take_cancel();
    const bool only_mine = branch_->uncancel() <= requests_before_;
    if (undelivered && !only_mine && how == delivery::outstanding) {
        branch_->put_cancel_back();
    }
    return only_mine;
}

// All have ended, so nobody cancels the body any more, and no lock is needed.
void child_group::check(const std::exception_ptr& body_error) {
    const bool body_failed = body_error != nullptr && !is_cancellation(body_error);
    const bool interrupted = join_cancelled_ || is_cancellation(body_error);
    const bool from_outside =
        !body_cancelled_ ||
        !take_request_back(interrupted ? delivery::made : delivery::outstanding);
    std::vector<std::exception_ptr> errors = take_errors();
    if (body_failed) {
        errors.push_back(body_error);
    }
    if (!errors.empty()) {
        if (interrupted && branch_->cancelling() > requests_before_) {
            branch_->put_cancel_back();
        }
        throw exception_group(policy_ == on_failure::cancel_all
                                  ? "unhandled errors in a task group"
                                  : "unhandled errors in a supervisor group",
                              std::move(errors));
    }
    if (interrupted && from_outside) {
        if (body_error != nullptr) {
            std::rethrow_exception(body_error);
        }
        branch_->throw_cancelled();
    }
}

} // namespace eddy::inline v0
