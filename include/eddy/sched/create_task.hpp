// create_task.hpp — schedules a coroutine and gives its handle; and who runs, who else there is.

#pragma once

#include <eddy/core/coroutine_function.hpp>
#include <eddy/core/task.hpp>

#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

class strand;

/// The scheduler of this thread. Throws: no_running_loop, naming `call`.
[[nodiscard]] EDDY_API scheduler& require_running(const char* call);

/// Registers `state` with `on`, the calling thread's scheduler, and schedules it; for create_task.
EDDY_API void launch(scheduler& on, task_base& state, const task_options& options,
                     placement* where) noexcept;

/// Makes `body` a task of the running runtime and gives its handle. It starts after what is ready
/// now, on any worker, with the values of context_vars that are set here; without memory for a copy
/// of those it does not start, and ends with std::bad_alloc.
///
/// Throws:   std::invalid_argument for an empty coro; no_running_loop.
/// Cost:     one allocation from the frame cache, no system call.
template <typename T>
task<T> create_task(coro<T> body, const task_options& options = {},
                    std::source_location site = std::source_location::current()) {
    scheduler& on = require_running("create_task");
    auto state = state_ref<task_state_of<T>>::adopt(make_task_state(std::move(body), site));
    launch(on, *state, options, nullptr);
    return task<T>(std::move(state));
}

/// The same for `fn(args...)`, which are stored with the task: a lambda with captures is safe here.
///
/// The creation site of a task with more than two arguments is a line of this file: behind a pack
/// no parameter tells the caller's. create_task_with({}, ...) has it.
template <typename Fn>
    requires coroutine_function<std::decay_t<Fn>>
auto create_task(Fn&& fn, std::source_location site = std::source_location::current()) {
    return create_task(kept_call(std::forward<Fn>(fn)), task_options{}, site);
}
template <typename Fn, typename A>
    requires coroutine_function<std::decay_t<Fn>, std::decay_t<A>>
auto create_task(Fn&& fn, A&& a, std::source_location site = std::source_location::current()) {
    return create_task(kept_call(std::forward<Fn>(fn), std::forward<A>(a)), task_options{}, site);
}
template <typename Fn, typename A, typename B>
    requires coroutine_function<std::decay_t<Fn>, std::decay_t<A>, std::decay_t<B>>
auto create_task(Fn&& fn, A&& a, B&& b,
                 std::source_location site = std::source_location::current()) {
    return create_task(kept_call(std::forward<Fn>(fn), std::forward<A>(a), std::forward<B>(b)),
                       task_options{}, site);
}
template <typename Fn, typename... Args>
    requires(sizeof...(Args) > 2 && coroutine_function<std::decay_t<Fn>, std::decay_t<Args>...>)
auto create_task(Fn&& fn, Args&&... args) {
    return create_task(kept_call(std::forward<Fn>(fn), std::forward<Args>(args)...));
}

/// The same with options. The creation site is where `options` was written.
template <typename Fn, typename... Args>
    requires coroutine_function<std::decay_t<Fn>, std::decay_t<Args>...>
auto create_task_with(const task_options& options, Fn&& fn, Args&&... args) {
    return create_task(kept_call(std::forward<Fn>(fn), std::forward<Args>(args)...), options,
                       options.site);
}

/// A task that awaits `awaited`, which is moved in: create_task(sleep(1s)).
template <keepable_awaitable A>
auto create_task(A&& awaited, const task_options& options = {},
                 std::source_location site = std::source_location::current()) {
    return create_task(await_and_keep<A>(std::forward<A>(awaited)), options, site);
}

/// The task that runs on this thread. Throws: no_running_loop outside of a task.
[[nodiscard]] EDDY_API any_task current_task();

/// The tasks of the running runtime that have not ended, on all loops. Throws: no_running_loop.
[[nodiscard]] EDDY_API std::vector<any_task> all_tasks();

} // namespace eddy::inline v0
