// socket.cpp — the calls on sockets, each until it need not wait.

#include <eddy/net/socket.hpp>
#include <eddy/sched/sleep.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace eddy::inline v0 {

namespace {

constexpr std::size_t address_room = 128; // sockaddr_storage

[[noreturn]] void throw_error(const std::error_code& error, const std::string& what) {
    throw std::system_error(error, what);
}
void check(const std::error_code& error, const char* call) {
    if (error) {
        throw_error(error, call);
    }
}

std::string name_of(const socket_address& address) {
    std::string text = address.str();
    if (!text.empty()) {
        return text;
    }
    switch (address.family()) {
    case address_family::local:
        return "a local address without a name";
    case address_family::none:
        return address.bytes().empty() ? "no address"
                                       : "an address of family " + std::to_string(address.domain());
    default:
        return text;
    }
}

owned_fd open(const socket_address& like, int type) {
    const sys::fd_result made = sys::socket(like.domain(), type, 0);
    if (made.error) {
        throw_error(made.error, "socket for " + name_of(like));
    }
    return owned_fd(made.fd);
}

/// connect(2), and then, each time the descriptor may be writable, how it went.
class connecting {
public:
    explicit connecting(const socket_address& to) noexcept : to_(to) {}

    sys::io_result operator()(int fd) noexcept {
        if (!begun_) {
            begun_ = true;
            const std::error_code error = sys::connect(fd, to_.bytes());
            return {.bytes = 0, .error = error == std::errc::operation_in_progress ? later : error};
        }
        int failure = 0;
        if (const std::error_code error =
                sys::getsockopt(fd, {.level = SOL_SOCKET, .name = SO_ERROR}, failure)) {
            return {.bytes = 0, .error = error};
        }
        if (failure != 0) {
            return {.bytes = 0, .error = std::error_code(failure, std::system_category())};
        }
        std::array<std::byte, address_room> peer;
        const std::error_code error = sys::getpeername(fd, peer).error;
        return {.bytes = 0, .error = error == std::errc::not_connected ? later : error};
    }

private:
    inline static const std::error_code later =
        std::make_error_code(std::errc::resource_unavailable_try_again);

    const socket_address& to_;
    bool begun_ = false;
};

std::error_code connect_at_once(async_fd& from, const socket_address& to) {
    std::error_code error; // EAGAIN must not make the descriptor one that is not ready
    (void)from.attempt(interest::write, 0, "connect", [&](int fd) {
        error = sys::connect(fd, to.bytes());
        return sys::io_result{};
    });
    return error;
}

/// A local socket whose backlog is full says EAGAIN, and nothing tells when it is not any more.
constexpr auto backlog_pause_min = std::chrono::milliseconds(1);
constexpr auto backlog_pause_max = std::chrono::milliseconds(100);

} // namespace

socket socket::adopt(owned_fd fd) {
    check(sys::make_nonblocking(fd.get()), "fcntl");
    return socket(std::move(fd));
}

socket socket::stream(const socket_address& like) {
    return socket(open(like, SOCK_STREAM));
}

socket socket::datagrams(const socket_address& like) {
    return socket(open(like, SOCK_DGRAM));
}

std::pair<socket, socket> socket::pair() {
    const sys::fd_pair made = sys::socketpair(AF_UNIX, SOCK_STREAM);
    check(made.error, "socketpair");
    owned_fd one(made.fds[0]);
    owned_fd other(made.fds[1]);
    return {socket(std::move(one)), socket(std::move(other))};
}

// -- receiving --

coro<std::size_t> socket::recv_into(std::span<std::byte> into) {
    const sys::io_result got = co_await fd_.perform(interest::read, into.size(), "recv",
                                                    [into](int fd) { return sys::recv(fd, into); });
    check(got.error, "recv");
    co_return got.bytes;
}

coro<std::string> socket::recv(std::size_t bytes_max) {
    std::string out(bytes_max, '\0');
    out.resize(co_await recv_into(std::as_writable_bytes(std::span(out))));
    co_return out;
}

// -- sending --

coro<std::size_t> socket::send(std::span<const std::byte> bytes) {
    const sys::io_result sent = co_await fd_.perform(
        interest::write, bytes.size(), "send", [bytes](int fd) { return sys::send(fd, bytes); });
    check(sent.error, "send");
    co_return sent.bytes;
}

coro<> socket::sendall(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        bytes = bytes.subspan(co_await send(bytes));
    }
}

coro<> socket::sendall(std::string_view text) {
    return sendall(std::as_bytes(std::span(text)));
}

coro<std::size_t> socket::sendfile(int file, std::int64_t offset, std::size_t bytes) {
    std::size_t sent = 0;
    while (sent < bytes) {
        const std::int64_t from = offset + static_cast<std::int64_t>(sent);
        const std::size_t rest = bytes - sent;
        const sys::io_result moved =
            co_await fd_.perform(interest::write, 0, "sendfile",
                                 [=](int fd) { return sys::sendfile(fd, file, from, rest); });
        check(moved.error, "sendfile");
        if (moved.bytes == 0) {
            break;
        }
        sent += moved.bytes;
    }
    co_return sent;
}

// -- connections --

coro<> socket::connect(socket_address to) {
    const bool local = to.family() == address_family::local;
    for (auto pause = backlog_pause_min;; pause = std::min(2 * pause, backlog_pause_max)) {
        const std::error_code error =
            local ? connect_at_once(fd_, to)
                  : (co_await fd_.perform(interest::write, 0, "connect", connecting(to))).error;
        if (!error) {
            co_return;
        }
        if (!local || error != std::errc::resource_unavailable_try_again) {
            throw_error(error, "connect to " + name_of(to));
        }
        co_await sleep(pause);
    }
}

coro<accepted> socket::accept() {
    struct outcome : sys::io_result {
        int made = -1;
        socket_address peer;
    };
    const outcome got = co_await fd_.perform(interest::read, 0, "accept", [](int fd) {
        std::array<std::byte, address_room> peer;
        std::size_t bytes = 0;
        const sys::fd_result made = sys::accept4(fd, peer, bytes);
        outcome out;
        out.error = made.error;
        out.made = made.fd;
        out.peer = socket_address::from(std::span(peer).first(bytes));
        return out;
    });
    check(got.error, "accept");
    co_return accepted{.connection = socket(owned_fd(got.made)), .peer = got.peer};
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the socket
void socket::shutdown(shut what) {
    check(sys::shutdown(fd(), what), "shutdown");
}

// -- datagrams --

coro<datagram> socket::recvfrom(std::span<std::byte> into) {
    struct outcome : sys::io_result {
        bool truncated = false;
        socket_address from;
    };
    const outcome out = co_await fd_.perform(interest::read, 0, "recvfrom", [into](int fd) {
        std::array<std::byte, address_room> from;
        const sys::datagram_result got = sys::recvfrom(fd, into, from);
        return outcome{got.received, got.truncated,
                       socket_address::from(std::span(from).first(got.address_bytes))};
    });
    check(out.error, "recvfrom");
    co_return datagram{.bytes = out.bytes, .truncated = out.truncated, .from = out.from};
}

coro<> socket::sendto(std::span<const std::byte> bytes, socket_address to) {
    const sys::io_result sent =
        co_await fd_.perform(interest::write, 0, "sendto",
                             [bytes, &to](int fd) { return sys::sendto(fd, bytes, to.bytes()); });
    if (sent.error) {
        throw_error(sent.error, to.bytes().empty() ? "send a datagram" : "sendto " + name_of(to));
    }
}

// -- names and options --

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the socket
void socket::bind(const socket_address& address) {
    if (const std::error_code error = sys::bind(fd(), address.bytes())) {
        throw_error(error, "bind to " + name_of(address));
    }
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the socket
void socket::listen(int backlog) {
    check(sys::listen(fd(), backlog), "listen");
}

socket_address socket::local_address() const {
    std::array<std::byte, address_room> name;
    const sys::address_result got = sys::getsockname(fd(), name);
    check(got.error, "getsockname");
    return socket_address::from(std::span(name).first(got.bytes));
}

socket_address socket::peer_address() const {
    std::array<std::byte, address_room> name;
    const sys::address_result got = sys::getpeername(fd(), name);
    check(got.error, "getpeername");
    return socket_address::from(std::span(name).first(got.bytes));
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the socket
void socket::set_option(sys::socket_option which, int value) {
    check(sys::setsockopt(fd(), which, value), "setsockopt");
}

int socket::option(sys::socket_option which) const {
    int value = 0;
    check(sys::getsockopt(fd(), which, value), "getsockopt");
    return value;
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the socket
void socket::set_no_delay(toggle to) {
    const std::error_code error = sys::setsockopt(fd(), {.level = IPPROTO_TCP, .name = TCP_NODELAY},
                                                  to == toggle::on ? 1 : 0);
    if (error && error != std::errc::operation_not_supported &&
        error != std::errc::no_protocol_option) {
        throw_error(error, "setsockopt TCP_NODELAY");
    }
}

void socket::set_keep_alive(const std::optional<keep_alive>& to) {
    set_option({.level = SOL_SOCKET, .name = SO_KEEPALIVE}, to ? 1 : 0);
    if (to && option({.level = SOL_SOCKET, .name = SO_DOMAIN}) != AF_UNIX) {
        set_option({.level = IPPROTO_TCP, .name = TCP_KEEPIDLE},
                   static_cast<int>(to->idle.count()));
        set_option({.level = IPPROTO_TCP, .name = TCP_KEEPINTVL},
                   static_cast<int>(to->interval.count()));
        set_option({.level = IPPROTO_TCP, .name = TCP_KEEPCNT}, to->probes);
    }
}

} // namespace eddy::inline v0
