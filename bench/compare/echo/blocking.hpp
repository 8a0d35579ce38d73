// blocking.hpp — the echo of one connection by blocking calls, for a thread or a process.

#pragma once

#include <eddy/io/fd.hpp>

#include <cstddef>

namespace eddy::compare::echo {

/// Sends back what comes, until the connection ends or fails.
void echo_blocking(const owned_fd& connection, std::size_t buffer_bytes);

} // namespace eddy::compare::echo
