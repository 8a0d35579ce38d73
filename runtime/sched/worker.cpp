// worker.cpp — what a worker runs next. The one place that resumes coroutines.

#include "sched/worker.hpp"

#include "core/callback_entrance.hpp"
#include "sched/runtime_core.hpp"
#include <eddy/base/syscall.hpp>
#include <eddy/core/fork_group.hpp>
#include <eddy/sched/outside_job.hpp>

#include <utility>

namespace eddy::inline v0 {

worker::worker(runtime_core& runtime, unsigned index, unsigned workers)
    : scheduler(&runtime), event_loop(*this), runtime_(runtime), index_(index),
      alone_(workers == 1), timed_(runtime.debug()), random_(runtime.seed(), index),
      random_for_tasks_(runtime.seed(), workers_max + index),
      watchers_of_step_(timed_ || runtime.options().on_suspend || runtime.options().simulation),
      pinned_(*this), wheel_(runtime.now()), watches_(*this) {
    if (alone_) {
        forks().keep_private();
    }
    if (runtime.options().on_suspend) {
        set_observed();
    }
}

[[gnu::always_inline]] inline runnable* worker::next_ready() noexcept {
    if (runnable* const item = alone_ ? ready_.pop_alone() : ready_.pop()) {
        return item;
    }
    return next_rare();
}

// The ring is empty.
runnable* worker::next_rare() noexcept {
    if (runnable* const list = backlog_.take(ready_capacity)) {
        return refill(list);
    }
    if (runnable* const item = pinned_.pop()) {
        return item;
    }
    if (runnable* const list = inbox_.take_all()) {
        if (!alone_ && !runtime_.watched()) { // it came when this worker had just woken for nothing
            (void)runtime_.wake_one();
        }
        return refill(list);
    }
    return nullptr;
}

// Between two polls: what others have queued here, so that a task which makes itself ready cannot
// keep it waiting; and every 61 steps what is ready, so that forks cannot. That number is fixed:
// one worker's order must not depend on how fast it is.
runnable* worker::next_in_turn() noexcept {
    steps_since_turn_ += std::exchange(tick_, 0);
    if (runnable* const list = inbox_.take_all()) {
        take_in(list);
    }
    if (runnable* const item = pinned_.pop()) {
        return item;
    }
    if (steps_since_turn_ < steps_between_turns) {
        return nullptr;
    }
    steps_since_turn_ = 0;
    return next_ready();
}

// Keeps the first of `list` and queues the rest, which is newer than nothing that is queued here.
runnable* worker::refill(runnable* list) noexcept {
    runnable* const first = list;
    runnable* rest = list->inbox_next;
    while (rest != nullptr) {
        runnable* const next = rest->inbox_next;
        if (!ready_.push(rest)) {
            break;
        }
        // GONE: a thief may have run it, and it may be in another queue.
        rest = next;
    }
    take_in(rest);
    return first;
}

void worker::take_in(runnable* list) noexcept {
    while (list != nullptr) {
        runnable* const next = list->inbox_next;
        queue(*list);
        list = next;
    }
}

[[gnu::always_inline]] inline void worker::run(runnable& item) noexcept {
    if (item.what() == runnable::kind::branch) [[likely]] {
        run_branch(static_cast<branch&>(item));
    } else {
        run_rare(item);
    }
}

[[gnu::noinline]] void worker::run_rare(runnable& item) noexcept {
    if (item.what() == runnable::kind::scoped_branch) {
        run_scoped(static_cast<branch&>(item));
        return;
    }
    count_step();
    set_running(nullptr, step_traits::none);
    if (item.what() == runnable::kind::callback) {
        callback_queue::take_turn(static_cast<callback&>(item));
    } else {
        static_cast<job&>(item).run();
    }
}

[[gnu::always_inline]] inline void worker::run_branch(branch& ready) noexcept {
    task_base& task = ready.task();
    if (ready.is_root() && task.first_step() && ready.take_cancel()) {
        set_running(&task, step_traits::none); // for the destructors of its arguments
        task.finish(*ready.leaf());
        return;
    }
    begin_step(task);
    resume(task, ready.leaf()->handle());
}

// The same with what the branch has kept in force.
void worker::run_scoped(branch& ready) noexcept {
    task_base& task = ready.task();
    ready.forget_scope();
    begin_step(task);
    set_scope(ready.scope());
    if (ready.is_root() && task.first_step() && ready.take_cancel()) {
        task.finish(*ready.leaf());
        return;
    }
    resume(task, ready.leaf()->handle());
}

void worker::run_step(branch& ready) noexcept {
    if (ready.what() == runnable::kind::branch) [[likely]] {
        run_branch(ready);
    } else {
        run_scoped(ready);
    }
}
void worker::run_any(runnable& item) noexcept {
    run(item);
}

void worker::run_group(fork_group& group) noexcept {
    task_base& task = group.task();
    begin_step(task);
    if (context_scope* const inherited = group.inherited()) [[unlikely]] {
        set_scope(inherited);
    }
    resume(task, group.take_next());
}

[[gnu::always_inline]] inline void worker::begin_step(task_base& task) noexcept {
    count_step();
    task.note_running(*this);
    set_running(&task, task.traits());
    refill_budget();
}

[[gnu::always_inline]] inline void worker::resume(task_base& task,
                                                  std::coroutine_handle<> frame) noexcept {
    if (timed_) [[unlikely]] {
        resume_timed(task, frame);
        return;
    }
    frame.resume();
    // GONE: the task may have ended.
}

// Runs one thing. False: there was nothing here.
[[gnu::always_inline]] inline bool worker::step() {
    if (++tick_ >= steps_between_polls_) [[unlikely]] {
        maintain();
        if (runnable* const item = next_in_turn()) {
            run(*item);
            return true;
        }
    }
    if (fork_group* const group = forks().pop()) {
        run_group(*group);
        return true;
    }
    if (runnable* const item = next_ready()) {
        run(*item);
        return true;
    }
    return false;
}

void worker::run() {
    enter_thread();
    thread_.store(sys::gettid(), relaxed); // hint: for who reports a slow step
    come_in();
    while (runtime_.running()) {
        if (!step() && !search() && !look_for_results()) {
            park();
        }
    }
    if (searching_) {
        searching_ = false;
        (void)runtime_.idle().stop_search();
    }
    leave_thread();
}

// -- a foreign loop drives: between two turns the worker is parked, and that loop sleeps for it --

std::size_t worker::turn() noexcept {
    set_current(this);
    thread_.store(sys::gettid(), relaxed); // hint: for who reports a slow step
    come_in();
    const clock::time_point now = runtime_.now();
    polled_at_ = now;
    tick_ = 0;
    (void)reactor_.poll(clock::duration::zero(), ready_capacity);
    (void)fire_timers(now);
    std::size_t steps = run_steps(steps_a_turn_max);
    if (steps == 0 && runtime_.virtual_time() && runtime_.advance_time()) {
        steps = run_steps(steps_a_turn_max);
    }
    set_current(nullptr);
    wait_outside();
    return steps;
}

std::size_t worker::run_steps(std::size_t steps_max) noexcept {
    std::size_t steps = 0;
    while (steps != steps_max && step()) {
        ++steps;
    }
    return steps;
}

void worker::wait_outside() noexcept {
    if (outside_) {
        return;
    }
    outside_ = true;
    token_.prepare();
    if (has_work() || !forks().empty()) {
        notify();
    }
}

void worker::come_in() noexcept {
    if (std::exchange(outside_, false)) {
        (void)token_.finish();
    }
}

clock::time_point worker::due() noexcept {
    if (has_work() || !forks().empty()) {
        return runtime_.now();
    }
    const clock::time_point timer = wheel_.next_deadline();
    if (!runtime_.virtual_time() || timer == clock::time_point::max()) {
        return timer;
    }
    return runtime_.outside()->any() ? clock::time_point::max() : runtime_.now();
}

void worker::resume_timed(task_base& task, std::coroutine_handle<> frame) noexcept {
    const state_ref<task_base> kept = state_ref<task_base>::share(&task);
    const std::uint64_t step = steps();
    const clock::time_point begun = clock::now();
    frame.resume();
    const clock::duration lasted = clock::now() - begun;
    if (lasted >= runtime_.slow_step() && claim_slow_report(step)) {
        runtime_.report_slow(any_task(kept), lasted, runtime_core::no_thread); // it is over
    }
}

void worker::queue(runnable& item) noexcept {
    if (!backlog_.empty_hint() || !ready_.push(&item)) {
        backlog_.push(item);
    }
}

void worker::make_ready(runnable& item) noexcept {
    queue(item);
    if (!alone_ && ready_.size_hint() >= 2) { // one item is for this worker itself
        offer();
    }
}

// An eager task's step is part of another one, which waits for its turn; a placement has others
// that wait; who wants to see each step sees that one too.
[[gnu::always_inline]] inline bool worker::keep_turn() noexcept {
    if (watchers_of_step_ != 0 || step_has(step_traits::one_place) ||
        tick_ + 1 >= steps_between_polls_ || !forks().empty() || has_work() ||
        !runtime_.running()) {
        return false;
    }
    ++tick_;
    count_step();
    refill_budget();
    return true;
}

bool worker::yield(branch& mine) noexcept {
    if (keep_turn()) {
        return false;
    }
    mine.give_turn(*this);
    return true;
}

void worker::note_suspension(task_base& task) noexcept {
    try {
        runtime_.options().on_suspend(any_task(state_ref<task_base>::share(&task)));
    } catch (...) {
        emit_callback_failure("on_suspend", std::current_exception());
    }
}

void worker::post(runnable& item) noexcept {
    if (current() == this) {
        make_ready(item);
        return;
    }
    const visit guard(*this);
    note_poster();
    inbox_.post(item);
    // GONE: the item may have been run.
    notify();
}

// A thread that is none of this runtime's, and posts while it runs, may do so again. But not one
// that answers what this runtime has asked for.
void worker::note_poster() noexcept {
    const worker* const from = current();
    if ((from == nullptr || &from->runtime_ != &runtime_) && runtime_.running() &&
        !outside_job::settling::here()) {
        runtime_.deadlocks().note_foreign_post();
    }
}

void worker::expect_outside(std::int32_t change) noexcept {
    runtime_.deadlocks().expect_outside(change);
}

void worker::post_callback(callback& item) noexcept {
    callbacks_.add(item);
    post(item);
}

void worker::notify() noexcept {
    if (token_.notify()) {
        reactor_.interrupt();
    }
}

void worker::arm(timer_node& node, clock::time_point deadline) noexcept {
    const bool earliest = wheel_.insert(node, deadline);
    // GONE: the node may have fired.
    if (earliest && current() != this) {
        notify();
    }
}

// -- pinned tasks --

void worker::pinned_queue::schedule(branch& ready) noexcept {
    const visit guard(owner_);
    owner_.note_poster();
    posted_.post(ready);
    // GONE: the branch may be running.
    if (worker::current() != &owner_) {
        owner_.notify();
    }
}

runnable* worker::pinned_queue::pop() noexcept {
    runnable* first = list_.load(relaxed); // own: list_
    if (first == nullptr) {
        first = posted_.take_all();
    }
    if (first != nullptr) {
        list_.store(first->inbox_next, relaxed); // own: list_
    }
    return first;
}

// -- the end --

void worker::close() noexcept {
    entrance()->close();
    while (visitors_.load(acquire) != 0) { // P1
        sys::sched_yield();
    }
    closing_ = true;
    watches_.clear();
}

void worker::discard_all() noexcept {
    timer_list due;
    wheel_.expire(clock::time_point::max(), due);
    timer_wheel::fire(due);
    while (runnable* const item = next_ready()) {
        if (item->what() == runnable::kind::callback) {
            callback_queue::discard(static_cast<callback&>(*item));
        } else if (item->what() == runnable::kind::job) {
            static_cast<job&>(*item).discard();
        }
    }
}

} // namespace eddy::inline v0
