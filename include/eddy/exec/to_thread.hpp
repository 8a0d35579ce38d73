// to_thread.hpp — a blocking call off the loop, on the runtime's own pool of threads.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/exec/run_in_executor.hpp>
#include <eddy/exec/thread_pool_executor.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// The pool that to_thread uses, of the runtime that runs here: made when first asked for, shut
/// down when the runtime closes.
///
/// Throws: no_running_loop; runtime_closed; as thread_pool_executor().
[[nodiscard]] EDDY_API std::shared_ptr<thread_pool_executor> default_executor();

/// Makes `pool` that of the runtime that runs here, which shuts it down when it closes. The one
/// before goes on with what it has.
///
/// Throws: no_running_loop; runtime_closed; std::invalid_argument for a null pointer.
EDDY_API void set_default_executor(std::shared_ptr<thread_pool_executor> pool);

template <typename Fn, typename... Args>
coro<job_result_t<Fn, Args...>> run_stored_in_thread(Fn fn, Args... args) {
    co_return co_await executor_wait(
        default_executor()->submit_in_line(std::move(fn), std::move(args)...));
}

/// As run_in_executor, in the default executor; asyncio's to_thread.
template <typename Fn, typename... Args>
    requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
[[nodiscard]] coro<job_result_t<Fn, Args...>> to_thread(Fn&& fn, Args&&... args) {
    return run_stored_in_thread<std::decay_t<Fn>, std::decay_t<Args>...>(
        std::forward<Fn>(fn), std::forward<Args>(args)...);
}

} // namespace eddy::inline v0
