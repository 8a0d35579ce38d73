// wait_idle.hpp — waits until nobody else has anything to do: for tests that would ask done() again
// and again, or sleep for long enough.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>

namespace eddy::inline v0 {

/// Waits until nothing else in the runtime can run: each other task has ended, or waits for a time,
/// for another one, or for something from outside. Calls in executors count as running.
///
///     auto user = eddy::create_task(use(pool));
///     co_await eddy::wait_idle();
///     EXPECT_EQ(user.stage(), eddy::task_state::suspended);   // it has come as far as it can
///
/// It is virtual time that waits for this moment, and a nanosecond of it passes. (In a simulation
/// whose time passes at any time there is no such moment either, and this is a sleep.)
/// Throws:   invalid_state_error in real time; no_running_loop.
/// Suspends: always.
/// Cancel:   at once; nothing is lost.
[[nodiscard]] EDDY_API coro<> wait_idle();

} // namespace eddy::inline v0
