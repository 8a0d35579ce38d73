// syscall_socket.hpp — the system calls on sockets, each behind one function; rules as in
// base/syscall.hpp.
//
// Addresses are bytes here, as the kernel takes them: a sockaddr of any family.
//
// Threads:    any.
// Design:     the test seam is base/fault_plan.hpp

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/syscall.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

struct iovec;

namespace eddy::inline v0::sys {

/// A descriptor, or why there is none.
struct fd_result {
    int fd = -1;
    std::error_code error;

    [[nodiscard]] bool would_block() const noexcept { return is_would_block(error); }
};

struct fd_pair {
    std::array<int, 2> fds{-1, -1};
    std::error_code error;
};

/// Bytes of an address that a call has written.
struct address_result {
    std::size_t bytes = 0;
    std::error_code error;
};

/// A datagram: how much of it there was room for, who sent it, whether it was longer.
struct datagram_result {
    io_result received;
    std::size_t address_bytes = 0;
    bool truncated = false;
};

/// An option of a socket that is a number: the level and the name, as setsockopt(2) has them.
struct socket_option {
    int level;
    int name;
};

// -- making and naming --

[[nodiscard]] EDDY_API fd_result socket(int domain, int type, int protocol) noexcept;
/// Two that are connected.
[[nodiscard]] EDDY_API fd_pair socketpair(int domain, int type) noexcept;
[[nodiscard]] EDDY_API std::error_code bind(int fd, std::span<const std::byte> address) noexcept;
[[nodiscard]] EDDY_API std::error_code listen(int fd, int backlog) noexcept;
/// EINPROGRESS: it goes on, and ends when the socket can be written.
[[nodiscard]] EDDY_API std::error_code connect(int fd, std::span<const std::byte> address) noexcept;
/// The peer's address goes to `peer`; its size, as far as there was room, to `peer_bytes`.
[[nodiscard]] EDDY_API fd_result accept4(int fd, std::span<std::byte> peer,
                                         std::size_t& peer_bytes) noexcept;
[[nodiscard]] EDDY_API address_result getsockname(int fd, std::span<std::byte> into) noexcept;
[[nodiscard]] EDDY_API address_result getpeername(int fd, std::span<std::byte> into) noexcept;

enum class shut : std::uint8_t { reading, writing, both };
EDDY_API std::error_code shutdown(int fd, shut what) noexcept;

[[nodiscard]] EDDY_API std::error_code setsockopt(int fd, socket_option which, int value) noexcept;
[[nodiscard]] EDDY_API std::error_code getsockopt(int fd, socket_option which, int& value) noexcept;

/// Sets O_NONBLOCK and FD_CLOEXEC on a descriptor that was made elsewhere.
[[nodiscard]] EDDY_API std::error_code make_nonblocking(int fd) noexcept;

/// A socket in the file system, whatever its name; false: none.
struct socket_file {
    std::uint64_t device = 0;
    std::uint64_t number = 0;

    [[nodiscard]] explicit operator bool() const noexcept { return number != 0; }
    friend bool operator==(const socket_file&, const socket_file&) noexcept = default;
};
/// The socket whose name is `path`.
[[nodiscard]] EDDY_API socket_file find_socket(const char* path) noexcept;
/// Removes a name from the file system.
EDDY_API std::error_code unlink(const char* path) noexcept;

// -- moving bytes --

/// 0 bytes without an error is the end of the stream.
[[nodiscard]] EDDY_API io_result recv(int fd, std::span<std::byte> into) noexcept;
/// Never raises SIGPIPE.
[[nodiscard]] EDDY_API io_result send(int fd, std::span<const std::byte> from) noexcept;
/// At most IOV_MAX pieces go in one call.
[[nodiscard]] EDDY_API io_result send(int fd, std::span<const iovec> pieces) noexcept;

/// The sender's address goes to `from`.
[[nodiscard]] EDDY_API datagram_result recvfrom(int fd, std::span<std::byte> into,
                                                std::span<std::byte> from) noexcept;
/// To whom the socket is connected if `to` is empty.
[[nodiscard]] EDDY_API io_result sendto(int fd, std::span<const std::byte> bytes,
                                        std::span<const std::byte> to) noexcept;

/// Sends part of a file from `offset` on. Never raises SIGPIPE.
[[nodiscard]] EDDY_API io_result sendfile(int socket, int file, std::int64_t offset,
                                          std::size_t bytes) noexcept;

} // namespace eddy::inline v0::sys
