// endpoint.hpp — where an echo server listens, as one word, and the sockets of both sides.

#pragma once

#include <eddy/io/fd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace eddy::compare::echo {

enum class transport : std::uint8_t { tcp, unix_stream, udp };

/// A port on loopback, or an abstract name. It is written as "tcp:40001" or "unix:0001f"; an empty
/// name is one that the kernel chooses.
struct endpoint {
    transport over = transport::tcp;
    std::string name;

    /// Throws: std::invalid_argument that names `text`.
    [[nodiscard]] static endpoint parse(std::string_view text);
    [[nodiscard]] std::string str() const;
};

/// A non-blocking socket that listens, or for UDP receives, there. Several may have one port.
/// Throws: std::system_error.
[[nodiscard]] owned_fd listen_at(const endpoint& where);

/// Where a socket of listen_at is.
[[nodiscard]] endpoint endpoint_of(const owned_fd& listener, transport over);

/// A connected non-blocking socket; TCP without delay. Throws: std::system_error.
[[nodiscard]] owned_fd connect_to(const endpoint& where);

/// TCP_NODELAY, for what a server has accepted; nothing for what is not TCP.
void set_no_delay(int fd) noexcept;

/// Throws std::system_error that names `call`, with the error of the last system call.
[[noreturn]] void throw_last_error(const char* call);

} // namespace eddy::compare::echo
