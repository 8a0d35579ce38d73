// threadsafe.hpp — the way in for threads that run no loop.

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/export.hpp>
#include <eddy/sched/runtime.hpp>

#include <optional>
#include <source_location>
#include <utility>

namespace eddy::inline v0 {

/// Blocks the thread until `task` is done; false when `limit` is over first.
/// Throws: already_running on a loop's thread, where it would wait for itself.
EDDY_API bool wait_blocking(const any_task& task, std::optional<clock::duration> limit);

/// The same for any result.
EDDY_API bool wait_blocking(future_state& result, std::optional<clock::duration> limit);

/// A task seen from a thread that runs no loop.
template <typename T>
class blocking_handle {
public:
    explicit blocking_handle(task<T> handle) noexcept : task_(std::move(handle)) {}

    /// Blocks until the task is done and gives its result. Throws: what the task threw;
    /// cancelled_error.
    decltype(auto) result() const {
        (void)wait_blocking(task_, std::nullopt);
        return task_.result();
    }
    /// The same for at most `limit`. Throws also: timeout_error; the task goes on.
    template <typename Rep, typename Period>
    decltype(auto) result(std::chrono::duration<Rep, Period> limit) const {
        if (!wait_blocking(task_, saturated(limit))) {
            throw timeout_error();
        }
        return task_.result();
    }
    [[nodiscard]] bool done() const noexcept { return task_.done(); }
    bool cancel(std::string_view reason = {}) const { return task_.cancel(reason); }
    [[nodiscard]] const task<T>& handle() const noexcept { return task_; }

private:
    task<T> task_;
};

/// For run_coroutine_threadsafe: registers and queues `state` on `loop`.
EDDY_API void launch_on(event_loop& loop, task_base& state);

/// Makes `body` a task of `loop`'s runtime and gives a handle that a thread can wait for.
///
/// Throws:   std::invalid_argument for an empty coro; runtime_closed once the runtime closes.
/// Threads:  any. The loop must not be gone: nothing keeps it alive.
template <typename T>
blocking_handle<T>
run_coroutine_threadsafe(coro<T> body, event_loop& loop,
                         std::source_location site = std::source_location::current()) {
    auto state = state_ref<task_state_of<T>>::adopt(make_task_state(std::move(body), site));
    launch_on(loop, *state);
    return blocking_handle<T>(task<T>(std::move(state)));
}

} // namespace eddy::inline v0
