// group_bodies.hpp — what the tests of task groups run as bodies and children, and expect of them.

#pragma once

#include "support/event_log.hpp"
#include <eddy/eddy.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace eddy {

inline coro<> note_after(clock::duration delay, event_log& log, std::string word) {
    co_await sleep(delay);
    log.add(word);
}
inline coro<> fail_after(clock::duration delay, std::string what) {
    co_await sleep(delay);
    throw std::runtime_error(what);
}
// Sleeps; notes how that ended, and passes a cancel on.
inline coro<> note_end(event_log& log, std::string word) {
    const auto result = co_await as_result(sleep(std::chrono::hours(1)));
    log.add(result.cancelled() ? word + "-cancelled" : word);
    result.has_value() ? void() : std::rethrow_exception(result.error());
}
// Sleeps; when cancelled cleans up for `cleanup` and then does `end`.
inline coro<> clean_up(clock::duration cleanup, event_log& log, std::string word) {
    const auto result = co_await as_result(sleep(std::chrono::hours(1)));
    co_await sleep(cleanup);
    log.add(word);
    std::rethrow_exception(result.error());
}
inline coro<> fail_when_cancelled(std::string what) {
    (void)co_await as_result(sleep(std::chrono::hours(1)));
    throw std::runtime_error(what);
}
// What the await of `scope` ends with.
template <typename T>
coro<std::string> end_of(coro<T> scope) {
    const auto result = co_await as_result(std::move(scope));
    if (result.cancelled()) {
        co_return "cancelled";
    }
    co_return result ? std::string("value") : describe(result.error());
}
inline std::string unhandled(const std::string& errors, int count = 1) {
    return "unhandled errors in a task group (" + std::to_string(count) +
           (count == 1 ? " exception): " : " exceptions): ") + errors;
}

} // namespace eddy
