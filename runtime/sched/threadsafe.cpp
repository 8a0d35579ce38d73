// threadsafe.cpp — tasks from, and waiting in, threads that run no loop.

#include "sched/runtime_core.hpp"
#include "sched/worker.hpp"
#include <eddy/sched/threadsafe.hpp>

#include <condition_variable>
#include <mutex>

namespace eddy::inline v0 {
namespace {

// Registered with the task.
class doorbell final : public future_waiter {
public:
    // Gives true if the task is done before the limit.
    bool wait(future_state& state, std::optional<clock::duration> limit) {
        if (!state.add(*this)) {
            return true;
        }
        std::unique_lock hold(lock_);
        const auto rung = [this] { return rung_; };
        if (!limit || *limit == clock::duration::max()) {
            bell_.wait(hold, rung);
            return true;
        }
        if (bell_.wait_for(hold, *limit, rung)) {
            return true;
        }
        hold.unlock();
        if (state.remove(*this)) {
            return false;
        }
        hold.lock();
        bell_.wait(hold, rung); // it is being rung just now
        return true;
    }

private:
    void notify() noexcept override {
        const std::lock_guard hold(lock_);
        rung_ = true;
        bell_.notify_one(); // under the lock: the waiter destroys this when it has seen rung_
    }

    std::mutex lock_;
    std::condition_variable bell_;
    bool rung_ = false;
};

} // namespace

bool wait_blocking(future_state& result, std::optional<clock::duration> limit) {
    if (scheduler::current() != nullptr) {
        throw already_running("a blocking wait would stop the event loop of this thread: co_await "
                              "the task or future instead");
    }
    doorbell bell;
    return bell.wait(result, limit);
}

bool wait_blocking(const any_task& task, std::optional<clock::duration> limit) {
    if (scheduler::current() == nullptr && !task.valid()) {
        throw_empty_handle();
    }
    return wait_blocking(*task.state(), limit);
}

void launch_on(event_loop& loop, task_base& state) {
    worker& on = loop.owner();
    on.runtime().launch_from_outside(&on, state, {});
}

} // namespace eddy::inline v0
