// create_task.cpp — registering a task with a worker.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/base/assert.hpp>
#include <eddy/sched/create_task.hpp>

#include <string>

namespace eddy::inline v0 {

namespace {

[[noreturn, gnu::cold, gnu::noinline]] void throw_not_running(const char* call) {
    if (scheduler::current() == nullptr) {
        throw no_running_loop(std::string(call) +
                              "() needs a running event loop: call it from a task or a callback");
    }
    throw no_running_loop(std::string(call) +
                          "() was called in a forked process: no loop runs there");
}

// A task that begins on another loop of the runtime; it may be stolen from there unless pinned.
void launch_elsewhere(worker& target, task_base& state, const task_options& options) noexcept {
    placement* const where = options.pinned ? &target.pinned() : nullptr;
    state.start(target, options, where, target.tasks());
    if (where != nullptr) {
        state.root().schedule();
    } else {
        state.note_scheduled();
        target.post(state.root());
    }
}

} // namespace

scheduler& require_running(const char* call) {
    scheduler* const here = scheduler::current();
    if (here == nullptr || here->forked()) [[unlikely]] {
        throw_not_running(call);
    }
    return *here;
}

void launch(scheduler& on, task_base& state, const task_options& options,
            placement* where) noexcept {
    worker& here = static_cast<worker&>(on);
    if (here.step_has(step_traits::scoped)) [[unlikely]] {
        state.enter_copy();
    }
    if (options.loop != nullptr && where == nullptr && &options.loop->owner() != &here)
        [[unlikely]] {
        EDDY_ASSERT(&options.loop->owner().runtime() == &here.runtime());
        launch_elsewhere(options.loop->owner(), state, options);
        return;
    }
    if (options.pinned && where == nullptr && here.runtime().size() > 1) {
        where = &here.pinned();
    }
    state.start(here, options, where, here.tasks());
    const bool may_run_here = where == nullptr || where == &here.pinned(); // a strand may be busy
    if (options.eager && may_run_here && here.enter_eager()) {
        const scheduler::step_state outer = here.interrupt();
        here.run_step(state.root());
        here.go_on(outer);
        here.leave_eager();
    } else {
        state.root().schedule();
    }
}

any_task current_task() {
    task_base* const mine = require_running("current_task").running();
    if (mine == nullptr) {
        throw no_running_loop("current_task() was called outside of a task: a callback is not one");
    }
    return any_task(state_ref<task_base>::share(mine));
}

std::vector<any_task> all_tasks() {
    return static_cast<worker&>(require_running("all_tasks")).runtime().all_tasks();
}

} // namespace eddy::inline v0
