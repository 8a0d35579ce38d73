// common.hpp — blocking calls: many at once of each kind that waits for something.
//
// Size:     the number of calls of each kind.
// Measured: the time from the first call until all have returned, over the number of calls
//           (file_ns, name_ns, sleep_ns), how late a probe was served at worst while calls slept
//           (late_max_ns), the memory of each call that waits (memory_bytes = user_bytes +
//           kernel_bytes), and the whole (total_ns).
// Valid if: nobody asks what a runtime, a pool or an arena takes to start: they are there before.

#pragma once

#include "../calls/measured_calls.hpp"

namespace eddy::compare::blocking {

void measure(calls::measured_calls& all, std::uint64_t count, const calls::maker& make_all);

} // namespace eddy::compare::blocking
