// common.hpp — CPU-bound calls: many at once, each of which computes for 2 ms; and a probe.
//
// Size:     the number of calls.
// Measured: the time until all have returned (total_ns), their CPU time (cpu_ns), how late the
//           probe was served meanwhile (late_p50_ns, late_p99_ns, late_max_ns), and the memory of
//           each call that waits (memory_bytes = user_bytes + kernel_bytes).

#pragma once

#include "../calls/measured_calls.hpp"

namespace eddy::compare::cpu_bound {

void measure(calls::measured_calls& all, std::uint64_t count, const calls::maker& make_all);

} // namespace eddy::compare::cpu_bound
