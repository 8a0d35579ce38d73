// executor_calls.cpp — the callbacks of apply_async where no loop runs.

#include <eddy/core/context.hpp>
#include <eddy/core/done_callback.hpp>
#include <eddy/core/report.hpp>
#include <eddy/core/scheduler.hpp>
#include <eddy/exec/executor_calls.hpp>

namespace eddy::inline v0 {
namespace {

// Called by who completes what it waits for; frees itself.
class direct_callback final : public future_waiter {
public:
    explicit direct_callback(std::function<void()> call) : call_(std::move(call)) {}

    static void add(future_state& state, std::unique_ptr<direct_callback> made) noexcept {
        direct_callback* const waiting = made.release();
        if (!state.add(*waiting)) {
            waiting->notify();
        }
    }

private:
    void notify() noexcept override {
        const std::unique_ptr<direct_callback> owned(this);
        try {
            in_.run(call_);
        } catch (...) {
            emit_callback_failure("a callback of apply_async", std::current_exception());
        }
    }

    std::function<void()> call_; // keeps the state
    context in_ = copy_context();
};

} // namespace

void call_when_done(future_state& state, std::function<void()> call) {
    if (scheduler* const loop = scheduler::current()) {
        (void)add_done_callback(state, std::move(call), loop);
        return;
    }
    direct_callback::add(state, std::make_unique<direct_callback>(std::move(call)));
}

} // namespace eddy::inline v0
