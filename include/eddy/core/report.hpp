// report.hpp — where things go that nobody asked for: exceptions never retrieved, coroutines never
// awaited.
//
// Threads:    on_unhandled, emit: any thread; the handler may run on several threads at a time.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>

#include <cstdint>
#include <exception>
#include <source_location>
#include <string>

namespace eddy::inline v0 {

class promise_base;

enum class report_kind : std::uint8_t {
    never_retrieved, // a task failed and its last handle died unread
    never_awaited,   // a coroutine object died without having run
    cleanup_skipped, // an async_exit or a deferred cleanup was destroyed without having run
    replaced,        // an exception that nobody sees: a cleanup after it threw another one
    callback_failed, // a callback of call_soon, call_later, add_reader or a done callback threw
    refuses_to_end,  // a task still runs after the grace period of a shutdown
    slow_step,       // a task has kept its loop for longer than slow_step
    deadlock         // tasks wait, and nothing in their runtime can wake them
};

/// What a handler is given. The references end with the call.
struct report {
    report_kind kind = report_kind::never_retrieved;
    /// A whole sentence: names the task, its creation site, what() of the error.
    std::string message;
    /// Empty where there is no task.
    std::string task_name;
    /// Where the task was created, the coroutine defined, the callback given.
    std::source_location site{};
    /// Null where there is none.
    std::exception_ptr error;
};

/// Receives a report. Must not throw; what it throws is dropped.
using unhandled_handler = std::function<void(const report&)>;

/// Sets the handler of the process and gives the previous one. An empty one restores the default: a
/// line on stderr.
EDDY_API unhandled_handler on_unhandled(unhandled_handler handler);

/// Gives `what` to the handler.
EDDY_API void emit(const report& what) noexcept;

/// Reports that a callback threw: "<what> threw: <what()>".
EDDY_API void emit_callback_failure(const char* what, const std::exception_ptr& error,
                                    std::source_location site = {}) noexcept;

/// Reports "coroutine f, defined at file:line, was never awaited", except while an exception
/// unwinds the stack.
EDDY_API void report_never_awaited(promise_base& promise) noexcept;

/// Gives what() of `error`; "unknown exception" if it is no std::exception, "no exception" if there
/// is none.
EDDY_API std::string describe(const std::exception_ptr& error);

} // namespace eddy::inline v0
