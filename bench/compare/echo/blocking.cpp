// blocking.cpp — the echo of one connection by blocking calls.

#include "blocking.hpp"

#include <span>
#include <vector>

#include <sys/socket.h>

namespace eddy::compare::echo {

void echo_blocking(const owned_fd& connection, const server_options& asked) {
    std::vector<std::byte> buffer(asked.buffer_bytes);
    for (;;) {
        const ssize_t got = ::recv(connection.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            return;
        }
        auto bytes = std::span(buffer).first(static_cast<std::size_t>(got));
        burn_if_asked(bytes, asked.burn);
        while (!bytes.empty()) {
            const ssize_t sent = ::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) {
                return;
            }
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        }
    }
}

} // namespace eddy::compare::echo
