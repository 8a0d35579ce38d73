// net.hpp — what tests of sockets, streams and servers share.

#pragma once

#include <eddy/eddy.hpp>
#include <eddy/net/server.hpp>
#include <eddy/net/socket.hpp>
#include <eddy/net/stream.hpp>

#include <cstddef>
#include <exception>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/socket.h>

namespace eddy::test_support {

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// The code of a std::system_error; none for everything else.
inline std::error_code code_of(const std::exception_ptr& error) {
    try {
        if (error != nullptr) {
            std::rethrow_exception(error);
        }
    } catch (const std::system_error& known) {
        return known.code();
    } catch (...) {
    }
    return {};
}

/// A socket that listens on a port of the kernel's choice.
inline socket listening_socket(int backlog = 128) {
    const socket_address any("127.0.0.1", 0);
    socket out = socket::stream(any);
    out.bind(any);
    out.listen(backlog);
    return out;
}

/// The ends of a TCP connection: who connected, who accepted.
inline coro<std::pair<socket, socket>> tcp_pair() {
    socket server = listening_socket();
    const socket_address at = server.local_address();
    socket near = socket::stream(at);
    co_await near.connect(at);
    accepted far = co_await server.accept();
    co_return std::pair(std::move(near), std::move(far.connection));
}

/// Has a TCP peer see a reset when it is closed.
inline void reset_at_close(socket& which) {
    struct linger {
        int on = 1;
        int seconds = 0;
    } const now;
    (void)::setsockopt(which.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    which.close();
}

} // namespace eddy::test_support
