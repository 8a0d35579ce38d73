// outside_work.hpp — tells a runtime that something outside of it is going to wake a task.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sched/event_loop.hpp>

namespace eddy::inline v0 {

class runtime_core;

/// While it lives, tasks that all wait are no deadlock: another thread, say, is working on what
/// they wait for, or a signal is going to end them. Without it a thread has a second to set its
/// promise before it is reported.
///
/// Threads:  any. It must die before the runtime does.
/// Example:  const eddy::outside_work somebody; co_await stop.get_future();
class EDDY_API outside_work {
public:
    /// For the running runtime. Throws: no_running_loop.
    outside_work();
    explicit outside_work(event_loop& of) noexcept;
    ~outside_work();
    outside_work(const outside_work&) = delete;
    outside_work& operator=(const outside_work&) = delete;

private:
    runtime_core* runtime_;
};

} // namespace eddy::inline v0
