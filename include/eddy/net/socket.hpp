// socket.hpp — a socket whose calls are awaited, as asyncio's loop.sock_... functions.
//
// One call is one system call when it need not wait: an operation tries at once, and waits only
// where the kernel said that there is nothing, or where the last call has found so.
//
// Threads:    one task receives or accepts and one sends or connects at a time, on any workers; a
//             second one gets EBUSY. close: any thread, also while others wait.
// Cancel:     at once; bytes that have been received are never lost to a cancel.
// Design:     docs/design/registration.md

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/syscall_socket.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/net/address.hpp>
#include <eddy/sched/async_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace eddy::inline v0 {

using sys::shut;

enum class toggle : std::uint8_t { off, on };

/// Keep-alive probes: how long a connection is silent before the first, how long between two, and
/// how many may fail. Whole seconds.
struct keep_alive {
    std::chrono::seconds idle{60};
    std::chrono::seconds interval{10};
    int probes = 6;
};

struct accepted;
struct datagram;

class EDDY_API socket {
public:
    /// None.
    socket() noexcept = default;
    /// Takes over a descriptor that was made elsewhere; it is made non-blocking.
    /// Throws: std::system_error; the descriptor is closed then.
    [[nodiscard]] static socket adopt(owned_fd fd);
    /// A stream socket for connections to, or on, addresses like `like`.
    /// Throws: std::system_error (EMFILE, ENFILE, EAFNOSUPPORT, naming the call).
    [[nodiscard]] static socket stream(const socket_address& like);
    /// The same for datagrams.
    [[nodiscard]] static socket datagrams(const socket_address& like);
    /// Two connected stream sockets.
    [[nodiscard]] static std::pair<socket, socket> pair();

    // -- receiving --

    /// Receives what is there, at least one byte, into `into`, and gives how much; 0 is the end of
    /// the stream. Cost: nothing is copied or allocated; one system call.
    /// Throws: std::system_error (ECONNRESET, EBADF if the socket was closed).
    [[nodiscard]] coro<std::size_t> recv_into(std::span<std::byte> into);
    /// The same, at most `bytes_max`, as a string; it is empty at the end of the stream.
    [[nodiscard]] coro<std::string> recv(std::size_t bytes_max);

    // -- sending --

    /// Sends what there is room for, at least one byte, and gives how much.
    /// Throws: std::system_error (EPIPE, ECONNRESET, EBADF).
    [[nodiscard]] coro<std::size_t> send(std::span<const std::byte> bytes);
    /// Sends all. Cancel: an unknown part has been sent then; the connection is of no use any more.
    [[nodiscard]] coro<> sendall(std::span<const std::byte> bytes);
    [[nodiscard]] coro<> sendall(std::string_view text);
    /// Sends `bytes` of a file, from `offset` on, without a copy through this process; gives how
    /// much that was: less at the end of the file. Cancel: as sendall.
    [[nodiscard]] coro<std::size_t> sendfile(int file, std::int64_t offset, std::size_t bytes);

    // -- connections --

    /// Throws: std::system_error (ECONNREFUSED, ETIMEDOUT, ENETUNREACH, naming the address).
    /// Cancel: the socket may be connected all the same: close it.
    [[nodiscard]] coro<> connect(socket_address to);
    /// A connection that has come, and whose. Fails as the kernel does (EMFILE, ECONNABORTED); what
    /// a server makes of that is the server's.
    [[nodiscard]] coro<accepted> accept();
    /// Tells the peer that no more comes, or drops what does.
    /// Throws: std::system_error (ENOTCONN).
    void shutdown(shut what);

    // -- datagrams --

    /// Receives one datagram; what does not fit into `into` is lost, and the result says so.
    [[nodiscard]] coro<datagram> recvfrom(std::span<std::byte> into);
    /// Sends one datagram, whole. Throws: std::system_error (EMSGSIZE, ECONNREFUSED of an earlier
    /// one).
    [[nodiscard]] coro<> sendto(std::span<const std::byte> bytes, socket_address to);

    // -- names and options: std::system_error that names the call and the address --

    void bind(const socket_address& address);
    void listen(int backlog = 128);
    [[nodiscard]] socket_address local_address() const;
    [[nodiscard]] socket_address peer_address() const;
    void set_option(sys::socket_option which, int value);
    [[nodiscard]] int option(sys::socket_option which) const;
    /// TCP_NODELAY: small pieces go at once. Nothing for what is not TCP.
    void set_no_delay(toggle to);
    /// Probes when the connection is silent. Nothing for a local socket.
    void set_keep_alive(const std::optional<keep_alive>& to);

    // -- the descriptor --

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_.get() >= 0; }
    /// Tasks that wait for the socket get EBADF.
    void close() noexcept { (void)fd_.close(); }
    /// Gives the descriptor away; nobody may use the socket meanwhile.
    [[nodiscard]] owned_fd detach() noexcept { return fd_.release(); }
    [[nodiscard]] async_fd& descriptor() noexcept { return fd_; }
    [[nodiscard]] const async_fd& descriptor() const noexcept { return fd_; }

private:
    explicit socket(owned_fd fd) : fd_(std::move(fd)) {}

    async_fd fd_;
};

struct accepted {
    socket connection;
    socket_address peer;
};

struct datagram {
    std::size_t bytes = 0;
    bool truncated = false; // it was longer than the room for it
    socket_address from;
};

} // namespace eddy::inline v0
