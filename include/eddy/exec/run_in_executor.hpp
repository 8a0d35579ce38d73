// run_in_executor.hpp — awaits a call that an executor makes.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/await_chain.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/future.hpp>
#include <eddy/exec/executor.hpp>
#include <eddy/exec/executor_job.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// Waits for a submitted call; a cancel withdraws it if it has not begun.
template <typename R>
class executor_wait final : private state_ref<manual_state<R>>, public future_wait {
    using ref = state_ref<manual_state<R>>;

public:
    explicit executor_wait(const future<R>& result)
        : ref(ref::share(static_cast<manual_state<R>*>(result.state()))),
          future_wait(ref::checked(), on_cancel::stop_waiting) {}

    R await_resume() {
        this->check_aborted();
        auto& mine = static_cast<manual_state<R>&>(this->state());
        mine.check();
        if (mine.failed()) { // nobody else reads it: the last reference may be another thread's
            std::rethrow_exception(mine.slot().take_error());
        }
        if constexpr (!std::is_void_v<R>) {
            return mine.slot().take();
        }
    }

    abort_result abort() noexcept override {
        const abort_result result = future_wait::abort();
        if (result == abort_result::aborted) {
            (void)static_cast<manual_state<R>&>(this->state()).set_cancelled();
        }
        return result;
    }
    void show(await_look& look) const noexcept override { look.waits_for("a job of an executor"); }
};

/// submit for who awaits the result anyway: where the queue of `on` is full, the job waits beside
/// it for its turn.
template <typename E, typename Fn, typename... Args>
auto submit_in_line(E& on, Fn&& fn, Args&&... args) {
    if constexpr (requires {
                      on.submit_in_line(std::forward<Fn>(fn), std::forward<Args>(args)...);
                  }) {
        return on.submit_in_line(std::forward<Fn>(fn), std::forward<Args>(args)...);
    } else {
        return on.submit(std::forward<Fn>(fn), std::forward<Args>(args)...);
    }
}

template <typename E, typename Fn, typename... Args>
coro<job_result_t<Fn, Args...>> run_stored_in(E& on, Fn fn, Args... args) {
    co_return co_await executor_wait(submit_in_line(on, std::move(fn), std::move(args)...));
}

/// Has `on` call `fn(args...)`, stored until then, and gives its result to the awaiting task: for
/// calls that block, or compute for long.
///
/// Suspends: always; the call is submitted when this is awaited. (submit() does so at once.)
/// Throws:   what `fn` throws; what submit() of `on` throws, but not executor_queue_full: where the
///           queue is full the job waits beside it.
/// Cancel:   at once. A call that has not begun is withdrawn; one that has goes on, and its result
///           is dropped: it must not use what the caller has.
/// Threads:  any task. `fn` runs outside all loops: it may block, it must not await. It sees
///           the deadline and the context variables of the caller; in another process those
///           variables that are registered (EDDY_CONTEXT_VAR).
/// Example:  docs/examples/g19_executors.cpp
template <executor E, typename Fn, typename... Args>
    requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
[[nodiscard]] coro<job_result_t<Fn, Args...>> run_in_executor(E& on, Fn&& fn, Args&&... args) {
    return run_stored_in<E, std::decay_t<Fn>, std::decay_t<Args>...>(on, std::forward<Fn>(fn),
                                                                     std::forward<Args>(args)...);
}

} // namespace eddy::inline v0
