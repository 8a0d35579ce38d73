// cell.hpp — echo as a workload of `eddy compare`: a server in a process of its own, and clients in
// this one, all on the same cores.
//
// Size:     the number of connections; each asks for 64 bytes, and again when they have come.
// Measured: the time from answer to answer, of all connections together (request_ns), and the
//           latencies (p50_ns, p99_ns).

#pragma once

#include "../contender.hpp"

namespace eddy::compare::echo {

[[nodiscard]] metrics run_threads(const request& asked);
[[nodiscard]] metrics run_processes(const request& asked);
[[nodiscard]] metrics run_coroutines(const request& asked);

} // namespace eddy::compare::echo
