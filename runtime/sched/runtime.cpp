// runtime.cpp — driving a runtime, and closing it.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/sched/runtime.hpp>
#include <eddy/sched/wait.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>

namespace eddy::inline v0 {
namespace {

constexpr int close_attempts = 3;

// Pauses the runtime when the main task is done. Lives on the driver's stack: run() returns after
// notify has.
class pause_when_done final : public future_waiter {
public:
    explicit pause_when_done(runtime_core& core) noexcept : core_(core) {}

private:
    void notify() noexcept override { core_.pause(); }
    runtime_core& core_;
};

// What a runtime that closes still has to end.
class leftovers {
public:
    explicit leftovers(runtime_core& core) noexcept : core_(core) {}

    /// Cancels those that no earlier call has; gives all that have not ended, except `self`.
    std::vector<any_task> cancel_new(const any_task& self) {
        std::vector<any_task> left = core_.all_tasks();
        std::erase(left, self);
        std::unordered_set<const task_base*> told;
        any_new_ = false;
        for (const any_task& each : left) {
            if (!told_.contains(each.base())) {
                (void)each.cancel("the runtime is closing");
                any_new_ = true;
            }
            told.insert(each.base());
        }
        told_ = std::move(told);
        kept_ = left;
        return left;
    }
    /// Whether the last call has cancelled any.
    [[nodiscard]] bool any_new() const noexcept { return any_new_; }

private:
    runtime_core& core_;
    bool any_new_ = false;
    std::unordered_set<const task_base*> told_;
    std::vector<any_task> kept_; // those told, so that no new task has the address of one
};

coro<> cancel_and_await(runtime_core& core, leftovers& rest, clock::duration grace) {
    const any_task self = current_task();
    clock::time_point deadline = deadline_after(core.now(), grace);
    for (bool last = false;;) {
        std::vector<any_task> left = rest.cancel_new(self);
        const bool over = core.now() >= deadline;
        if (left.empty() || (over && (last || !rest.any_new()))) {
            break;
        }
        if (over) { // what has been started meanwhile hears of the close only now
            deadline = deadline_after(core.now(), grace);
            last = true;
        }
        co_await wait(std::move(left),
                      {.when = return_when::all_completed, .timeout = deadline - core.now()});
    }
}

void report_refusal(const any_task& task) {
    emit({.kind = report_kind::refuses_to_end,
          .message = "still running after the grace period of a shutdown: " + to_string(task),
          .task_name = task.name(),
          .site = task.creation_site(),
          .error = nullptr});
}

} // namespace

runtime::runtime(runtime_options options)
    : core_(std::make_unique<runtime_core>(std::move(options))) {}

runtime::~runtime() {
    close();
    if (core_->forked() || core_->task_count() != 0) {
        (void)core_.release(); // frames, or threads of another process, refer to it
    }
}

void runtime::check_open() const {
    core_->check_not_forked();
    if (core_->closed()) {
        throw runtime_closed("the runtime is closed");
    }
}

void runtime::check_can_run() const {
    check_open();
    if (scheduler::current() != nullptr) {
        throw already_running("run_until_complete() cannot be called from a running event loop");
    }
    if (core_->driven()) {
        throw already_running("the runtime is running already, on another thread");
    }
}

void runtime::drive(const any_task& main) {
    pause_when_done done(*core_);
    if (main.state()->add(done)) {
        try {
            core_->run();
        } catch (...) {
            (void)main.state()->remove(done);
            throw;
        }
        if (main.state()->remove(done)) {
            core_->throw_if_deadlocked();
            throw invalid_state_error("the runtime was stopped before the main task was done");
        }
    }
}

void runtime::run_forever() {
    check_can_run();
    core_->run();
    core_->throw_if_deadlocked();
}

// -- a foreign loop drives --

void runtime::check_embedded() const {
    check_can_run();
    if (core_->size() != 1) {
        throw invalid_state_error("only a runtime of one worker can be driven by another loop");
    }
}

std::size_t runtime::poll_once() {
    check_embedded();
    return core_->turn();
}

int runtime::fd() {
    check_embedded();
    core_->at(0).wait_outside();
    return core_->at(0).descriptors().fd();
}

clock::time_point runtime::next_deadline() {
    check_embedded();
    core_->at(0).wait_outside();
    return core_->at(0).due();
}

void runtime::stop() noexcept {
    core_->stop();
}

bool runtime::is_running() const noexcept {
    return core_->driven();
}
bool runtime::is_closed() const noexcept {
    return core_->closed();
}

void runtime::launch(task_base& state, const task_options& options) {
    worker* const here = worker::current();
    if (here != nullptr && &here->runtime() == core_.get()) {
        eddy::launch(*here, state, options, nullptr);
    } else {
        core_->launch_from_outside(nullptr, state, options);
    }
}

void runtime::close() {
    if (core_->closed()) {
        return;
    }
    if (core_->driven()) {
        throw already_running("a runtime cannot be closed while it runs");
    }
    core_->begin_close();
    close_tasks();
    core_->services().close(core_->options().grace);
    core_->close();
}

// Cancels the tasks that are left and runs them to their end, or to the end of the grace period.
void runtime::close_tasks() noexcept {
    for (int attempt = 1; attempt <= close_attempts && core_->task_count() != 0; ++attempt) {
        try {
            leftovers rest(*core_);
            (void)rest.cancel_new({}); // now: those that have not started never do
            run_close(cancel_and_await(*core_, rest, core_->options().grace));
            std::ranges::for_each(core_->all_tasks(), report_refusal);
            break;
        } catch (...) { // out of memory: what was cancelled by then has ended and given some back
            if (attempt == close_attempts) {
                emit_callback_failure("runtime::close", std::current_exception());
            }
        }
    }
}

// As run_until_complete, while nothing is accepted from outside any more.
void runtime::run_close(coro<> body) {
    auto state = state_ref<task_state_of<void>>::adopt(
        make_task_state(std::move(body), std::source_location::current()));
    worker& first = core_->at(0);
    state->start(first, {.name = "close"}, nullptr, first.tasks());
    state->root().schedule();
    pause_when_done done(*core_);
    if (state->add(done)) {
        while (!state->done()) { // a stop that was under way when the close began ends a run
            core_->run();
            core_->throw_if_deadlocked();
        }
    }
    state->check();
    state->slot().get();
}

event_loop& runtime::loop(unsigned index) {
    check_open();
    if (index >= core_->size()) {
        throw std::out_of_range("loop(" + std::to_string(index) + ") of a runtime with " +
                                std::to_string(core_->size()) + " workers");
    }
    return core_->at(index);
}
unsigned runtime::workers() const noexcept {
    return core_->closed() ? 0 : core_->size();
}
std::vector<any_task> runtime::all_tasks() const {
    return core_->closed() ? std::vector<any_task>() : core_->all_tasks();
}

std::string format_tasks() {
    return format_tasks(runtime_core::all_tasks_of_all());
}

live_counts runtime::live() const {
    live_counts out{.frames = frame_cache::live_hint()};
    for (unsigned i = 0; i != workers(); ++i) {
        worker& each = core_->at(i);
        out.tasks += each.tasks().size();
        out.timers += each.wheel().count();
        out.descriptors += each.descriptors().all_watched().size();
    }
    return out;
}
std::vector<int> runtime::watched_descriptors() const {
    std::vector<int> out;
    for (unsigned i = 0; i != workers(); ++i) {
        for (const reactor::watched& each : core_->at(i).descriptors().all_watched()) {
            out.push_back(each.fd);
        }
    }
    return out;
}

} // namespace eddy::inline v0
