// blocking.hpp — the echo of one connection by blocking calls, for a thread or a process.

#pragma once

#include "common.hpp"
#include <eddy/io/fd.hpp>

namespace eddy::compare::echo {

/// Sends back what comes, until the connection ends or fails.
void echo_blocking(const owned_fd& connection, const server_options& asked);

} // namespace eddy::compare::echo
