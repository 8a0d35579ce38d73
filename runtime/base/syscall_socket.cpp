// syscall_socket.cpp — the system calls on sockets.

#include "base/attempt.hpp"
#include "base/no_sigpipe.hpp"
#include <eddy/base/syscall_socket.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>

#include <fcntl.h>
#include <pthread.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace eddy::inline v0::sys {

namespace {

const sockaddr* as_sockaddr(std::span<const std::byte> address) noexcept {
    return reinterpret_cast<const sockaddr*>(address.data());
}
sockaddr* as_sockaddr(std::span<std::byte> address) noexcept {
    return reinterpret_cast<sockaddr*>(address.data());
}
socklen_t length_of(std::span<const std::byte> address) noexcept {
    return static_cast<socklen_t>(address.size());
}

fd_result fd_result_of(int fd) noexcept {
    if (fd < 0) {
        return {.fd = -1, .error = std::error_code(errno, std::system_category())};
    }
    return {.fd = fd, .error = {}};
}

template <typename Call>
address_result name_of(std::span<std::byte> into, Call call) noexcept {
    socklen_t bytes = length_of(into);
    if (call(as_sockaddr(into), &bytes) < 0) {
        return {.bytes = 0, .error = std::error_code(errno, std::system_category())};
    }
    return {.bytes = std::min<std::size_t>(bytes, into.size()), .error = {}};
}

} // namespace

// -- making and naming --

fd_result socket(int domain, int type, int protocol) noexcept {
    return fd_result_of(attempt(call::socket, [&](std::size_t) {
        return ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    }));
}

fd_pair socketpair(int domain, int type) noexcept {
    fd_pair made;
    made.error = error_of(attempt(call::socketpair, [&](std::size_t) {
        return ::socketpair(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, made.fds.data());
    }));
    return made;
}

std::error_code bind(int fd, std::span<const std::byte> address) noexcept {
    return error_of(attempt(call::bind, [&](std::size_t) {
        return ::bind(fd, as_sockaddr(address), length_of(address));
    }));
}

std::error_code listen(int fd, int backlog) noexcept {
    return error_of(attempt(call::listen, [&](std::size_t) { return ::listen(fd, backlog); }));
}

// A connect that a signal interrupts goes on in the background, as one that says EINPROGRESS.
std::error_code connect(int fd, std::span<const std::byte> address) noexcept {
    const std::error_code error = error_of(attempt(call::connect, [&](std::size_t) {
        return ::connect(fd, as_sockaddr(address), length_of(address));
    }));
    return error == std::errc::interrupted ? std::make_error_code(std::errc::operation_in_progress)
                                           : error;
}

fd_result accept4(int fd, std::span<std::byte> peer, std::size_t& peer_bytes) noexcept {
    socklen_t bytes = 0;
    const int made = attempt_until_uninterrupted(call::accept4, [&](std::size_t) {
        bytes = length_of(peer);
        return ::accept4(fd, as_sockaddr(peer), &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    });
    peer_bytes = std::min<std::size_t>(bytes, peer.size());
    return fd_result_of(made);
}

address_result getsockname(int fd, std::span<std::byte> into) noexcept {
    return name_of(into,
                   [&](sockaddr* at, socklen_t* bytes) { return ::getsockname(fd, at, bytes); });
}

address_result getpeername(int fd, std::span<std::byte> into) noexcept {
    return name_of(into,
                   [&](sockaddr* at, socklen_t* bytes) { return ::getpeername(fd, at, bytes); });
}

std::error_code shutdown(int fd, shut what) noexcept {
    const int how = what == shut::reading ? SHUT_RD : what == shut::writing ? SHUT_WR : SHUT_RDWR;
    return error_of(attempt(call::shutdown, [&](std::size_t) { return ::shutdown(fd, how); }));
}

std::error_code setsockopt(int fd, socket_option which, int value) noexcept {
    return error_of(attempt(call::setsockopt, [&](std::size_t) {
        return ::setsockopt(fd, which.level, which.name, &value, sizeof value);
    }));
}

std::error_code getsockopt(int fd, socket_option which, int& value) noexcept {
    socklen_t bytes = sizeof value;
    return error_of(attempt(call::getsockopt, [&](std::size_t) {
        return ::getsockopt(fd, which.level, which.name, &value, &bytes);
    }));
}

std::error_code make_nonblocking(int fd) noexcept {
    const int status = ::fcntl(fd, F_GETFL);
    if (status < 0 || ::fcntl(fd, F_SETFL, status | O_NONBLOCK) < 0) {
        return error_of(-1);
    }
    return error_of(::fcntl(fd, F_SETFD, FD_CLOEXEC));
}

socket_file find_socket(const char* path) noexcept {
    struct stat about{};
    const bool found = ::lstat(path, &about) == 0 && S_ISSOCK(about.st_mode);
    return found ? socket_file{.device = about.st_dev, .number = about.st_ino} : socket_file{};
}

std::error_code unlink(const char* path) noexcept {
    return error_of(::unlink(path));
}

// -- moving bytes --

io_result recv(int fd, std::span<std::byte> into) noexcept {
    return io_result_of(attempt_until_uninterrupted(call::recv, [&](std::size_t bytes_max) {
        return ::recv(fd, into.data(), std::min(into.size(), bytes_max), 0);
    }));
}

io_result send(int fd, std::span<const std::byte> from) noexcept {
    return io_result_of(attempt_until_uninterrupted(call::send, [&](std::size_t bytes_max) {
        return ::send(fd, from.data(), std::min(from.size(), bytes_max), MSG_NOSIGNAL);
    }));
}

io_result send(int fd, std::span<const iovec> pieces) noexcept {
    return io_result_of(attempt_until_uninterrupted(call::send, [&](std::size_t bytes_max) {
        iovec shortened{};
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(pieces.data()); // NOLINT: sendmsg does not write to it
        message.msg_iovlen = std::min<std::size_t>(pieces.size(), IOV_MAX);
        if (bytes_max != fault_plan::no_limit && !pieces.empty()) { // a plan's short write
            shortened = pieces.front();
            shortened.iov_len = std::min(shortened.iov_len, bytes_max);
            message.msg_iov = &shortened;
            message.msg_iovlen = 1;
        }
        return ::sendmsg(fd, &message, MSG_NOSIGNAL);
    }));
}

datagram_result recvfrom(int fd, std::span<std::byte> into, std::span<std::byte> from) noexcept {
    msghdr message{};
    const ssize_t moved =
        attempt_until_uninterrupted(call::recv, [&](std::size_t bytes_max) -> ssize_t {
            iovec piece{.iov_base = into.data(), .iov_len = std::min(into.size(), bytes_max)};
            message = {};
            message.msg_name = from.data();
            message.msg_namelen = length_of(from);
            message.msg_iov = &piece;
            message.msg_iovlen = 1;
            return ::recvmsg(fd, &message, 0);
        });
    return {.received = io_result_of(moved),
            .address_bytes =
                moved < 0 ? 0 : std::min<std::size_t>(message.msg_namelen, from.size()),
            .truncated = moved >= 0 && (message.msg_flags & MSG_TRUNC) != 0};
}

io_result sendto(int fd, std::span<const std::byte> bytes, std::span<const std::byte> to) noexcept {
    return io_result_of(attempt_until_uninterrupted(call::send, [&](std::size_t) {
        return ::sendto(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL,
                        to.empty() ? nullptr : as_sockaddr(to), length_of(to));
    }));
}

io_result sendfile(int socket, int file, std::int64_t offset, std::size_t bytes) noexcept {
    const no_sigpipe guard;
    return io_result_of(attempt_until_uninterrupted(call::sendfile, [&](std::size_t bytes_max) {
        off_t at = offset;
        return ::sendfile(socket, file, &at, std::min(bytes, bytes_max));
    }));
}

} // namespace eddy::inline v0::sys
