// executor.hpp — what every executor is: it makes calls outside of all loops, and can be ended.
//
// Design:     docs/design/executor.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/async_generator.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/future.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace eddy::inline v0 {

/// The executor has been shut down and takes no jobs any more.
class EDDY_API executor_shut_down : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~executor_shut_down() override;
};

/// The queue of the executor has as many jobs as it may have.
class EDDY_API executor_queue_full : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~executor_queue_full() override;
};

/// How an executor is to end.
struct shutdown_options {
    /// Blocks until what it runs calls on has ended.
    bool wait = true;
    /// Jobs that have not begun end as cancelled. Otherwise they are run.
    bool cancel_pending = false;
    /// How long it waits. What still runs then is reported by name (report_kind::refuses_to_end)
    /// and left to itself, or killed if it is a process; what has not begun ends as cancelled.
    std::chrono::nanoseconds grace = std::chrono::nanoseconds::max();
};

/// Makes calls on threads or processes of its own. What is written here for functions holds for
/// whatever the executor takes; function and arguments are stored until the call.
///
///     submit(fn, args…)       -> future<R>            at once
///     apply(fn, args…)        -> R                    blocks; not on the thread of a loop
///     apply_async(fn, args…, callback, error_callback) -> future<R>
///     map(fn, range, options) -> async_generator<R>
///     shutdown(options), aclose(options)              the latter is awaited
///     concurrency()                                   calls that can run at a time
///
/// apply, apply_async and map come from executor_calls, so that they mean the same everywhere.
template <typename E>
concept executor = requires(E& of, int (*fn)(int), std::vector<int> many, shutdown_options how) {
    { of.submit(fn, 1) } -> std::same_as<future<int>>;
    { of.apply(fn, 1) } -> std::same_as<int>;
    { of.apply_async(fn, 1) } -> std::same_as<future<int>>;
    { of.map(fn, many) } -> std::same_as<async_generator<int>>;
    { of.aclose(how) } -> std::same_as<coro<>>;
    { of.concurrency() } -> std::same_as<std::size_t>;
    of.shutdown(how);
};

/// Throws: already_running on the thread of a loop, or of a process pool, which a blocking call
///         would stop; for a loop the message ends with what to do `instead`.
EDDY_API void refuse_to_block_a_loop(const char* instead);

} // namespace eddy::inline v0
