// done_callback.cpp — a callback's way: a waiter of what is not done, then a callback of a loop.

#include "core/callback_entrance.hpp"
#include <eddy/core/context.hpp>
#include <eddy/core/done_callback.hpp>
#include <eddy/core/report.hpp>
#include <eddy/core/task.hpp>

#include <memory>
#include <string>

namespace eddy::inline v0 {

class done_callback final : public future_waiter, public callback {
public:
    done_callback(std::function<void()> call, scheduler& on, const task_base* task)
        : call_(std::move(call)), in_(copy_context()), by_(on.entrance()), task_(task) {}

    static done_callback_handle add(future_state& state, std::unique_ptr<done_callback> made) {
        auto mine = state_ref<future_state>::share(&state);
        done_callback* const waiting = made.release();
        if (!state.add(*waiting)) {
            waiting->notify();
            return {};
        }
        return {std::move(mine), *waiting};
    }

    static bool remove(future_state& state, const done_callback_handle& added) noexcept {
        if (added.of_.get() != &state || !state.remove(*added.added_)) {
            return false;
        }
        delete static_cast<done_callback*>(added.added_);
        return true;
    }

private:
    void notify() noexcept override {
        const std::shared_ptr<callback_entrance> by = by_; // *this may be gone before it returns
        if (by->post(*this)) {
            return;
        }
        // Who added it has ended; the runtime of the task has not, since the task ends just now.
        if (task_ == nullptr || !task_->home()->entrance()->post(*this)) {
            release();
        }
    }

    void run() noexcept override {
        try {
            in_.run(call_);
        } catch (...) {
            report_failure(std::current_exception());
        }
    }

    void release() noexcept override { delete this; }

    void report_failure(const std::exception_ptr& error) const noexcept {
        if (task_ == nullptr) {
            emit_callback_failure("a done callback of a future", error);
            return;
        }
        try {
            emit({.kind = report_kind::callback_failed,
                  .message =
                      "a done callback of task " + task_->name() + " threw: " + describe(error),
                  .task_name = task_->name(),
                  .site = task_->creation_site(),
                  .error = error});
        } catch (...) { // out of memory: the report is lost, the program is not
        }
    }

    std::function<void()> call_;
    context in_;
    std::shared_ptr<callback_entrance> by_;
    const task_base* task_; // call_ keeps it
};

done_callback_handle add_done_callback(future_state& state, std::function<void()> call,
                                       scheduler* on, const task_base* task) {
    if (on == nullptr) {
        throw no_running_loop("add_done_callback() was called on a thread that runs no event loop");
    }
    return done_callback::add(state, std::make_unique<done_callback>(std::move(call), *on, task));
}

bool remove_done_callback(future_state& state, const done_callback_handle& added) noexcept {
    return done_callback::remove(state, added);
}

} // namespace eddy::inline v0
