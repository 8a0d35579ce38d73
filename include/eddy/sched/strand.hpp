// strand.hpp — a serial group: its tasks run one at a time, on whatever worker, so between two
// awaits they need no lock.
//
// Threads:    create_task: tasks, of any runtimes.
// Memory:     one allocation; its tasks keep that alive, the object itself may go before them.
// Invariants: I1  at most one branch of all its tasks runs at a time; FIFO among those that are
//                 ready.
//             I2  the strand is queued or running exactly while its list is not empty or a branch
//                 of it runs.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/scheduler.hpp>
#include <eddy/sched/create_task.hpp>

#include <source_location>
#include <utility>

namespace eddy::inline v0 {

/// Runs its tasks one at a time: between two awaits what they share needs no lock. While one waits
/// the others run.
class EDDY_API strand {
public:
    /// Throws: std::bad_alloc.
    strand();
    ~strand();
    strand(const strand&) = delete;
    strand& operator=(const strand&) = delete;

    /// As eddy::create_task, on this strand. `gather` inside such a task runs its children on the
    /// strand too.
    template <typename T>
    task<T> create_task(coro<T> body, const task_options& options = {},
                        std::source_location site = std::source_location::current()) {
        scheduler& on = require_running("strand::create_task");
        auto state = state_ref<task_state_of<T>>::adopt(make_task_state(std::move(body), site));
        launch(on, *state, options, place());
        return task<T>(std::move(state));
    }

private:
    class core;
    /// The placement, with a reference for the task that will have it.
    [[nodiscard]] placement* place() const noexcept;

    core* core_;
};

} // namespace eddy::inline v0
