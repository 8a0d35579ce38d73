// listen_fds.hpp — sockets that the service manager has opened for this program.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/net/socket.hpp>

#include <string>
#include <vector>

namespace eddy::inline v0 {

/// Of the same length.
struct inherited_sockets {
    std::vector<socket> sockets;
    std::vector<std::string> names; // FileDescriptorName= of the unit; "unknown" if there is none
};

/// The sockets that systemd has passed on (LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES), in the order of
/// its unit; none if this process was not given any. The variables are unset afterwards, so that no
/// child believes they are for it, and a second call gives none.
///
/// Throws:  std::system_error if one is no open descriptor; the others are closed then.
/// Threads: while no other thread uses the environment: at the start of main.
/// Example: auto web = eddy::listen_on(handle, eddy::listen_fds().sockets);
[[nodiscard]] EDDY_API inherited_sockets listen_fds(int first_fd = 3);

} // namespace eddy::inline v0
