// load.hpp — asks an echo server, checks every byte of its answers, and measures.
//
// Closed loop: each connection asks again when its answer is complete. Open loop: requests are due
// at a fixed rate, each at a time that was known before; its latency counts from then, whether or
// not it could be sent then, so a server that stalls pays for all that it kept waiting.

#pragma once

#include "../contender.hpp"
#include "endpoint.hpp"
#include "histogram.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <sys/types.h>

namespace eddy::compare::echo {

struct load_options {
    endpoint to;
    unsigned connections = 64;
    std::size_t message_bytes = 64;
    unsigned threads = 1; // the connections are shared out among them
    std::chrono::nanoseconds warm_up = std::chrono::milliseconds(200);
    std::chrono::nanoseconds duration = std::chrono::seconds(1); // measured, after the warm-up
    double rate = 0;                 // requests per second in all; 0: closed loop
    std::uint64_t requests_each = 0; // closed loop: a connection's share, however long; 0: any
    double burn_share = 0;           // of the requests ask the server to burn (common.hpp)
    pid_t server = 0;                // whose CPU time is measured; 0: nobody's
};

struct load_result {
    std::chrono::nanoseconds wall{};
    std::chrono::nanoseconds server_cpu{};
    histogram latency;         // of those that do not burn; its total is their number
    histogram burnt;           // of those that do
    double fairness = 0;       // Jain's index over the connections: 1 if all were served alike
    std::uint64_t overdue = 0; // requests without an answer 100 ms after they were due, at the end

    /// Everything by name, for people and `eddy compare`.
    [[nodiscard]] metrics summary() const;
};

/// Throws: `wrong_result` if an answer is not the question, or a connection ends;
/// std::system_error.
[[nodiscard]] load_result put_load(const load_options& asked);

} // namespace eddy::compare::echo
