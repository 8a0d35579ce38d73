// endpoint.cpp — where an echo server listens, as one word, and the sockets of both sides.

#include "endpoint.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace eddy::compare::echo {

namespace {

struct named_transport {
    transport over;
    std::string_view name;
};
constexpr std::array named_transports{named_transport{transport::tcp, "tcp"},
                                      named_transport{transport::unix_stream, "unix"},
                                      named_transport{transport::udp, "udp"}};

constexpr int backlog = 4096;

// More than one connection's worth, for what comes while the server is busy with others.
constexpr int datagram_room_bytes = 4 * 1024 * 1024;

// A sockaddr of any family.
struct address {
    sockaddr_storage bytes{};
    socklen_t size = sizeof(sockaddr_storage);

    [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&bytes); }
};

// Without a name it is the family alone: a local socket that is bound to that is given a name.
address local_address(const std::string& name) {
    address made;
    auto& local = reinterpret_cast<sockaddr_un&>(made.bytes);
    local.sun_family = AF_UNIX;
    if (name.size() >= sizeof local.sun_path) {
        throw std::invalid_argument("too long for a socket: " + name);
    }
    made.size = offsetof(sockaddr_un, sun_path);
    if (!name.empty()) {
        std::ranges::copy(name, &local.sun_path[1]); // after a zero: an abstract one
        made.size += static_cast<socklen_t>(1 + name.size());
    }
    return made;
}

address address_of(const endpoint& where) {
    if (where.over == transport::unix_stream) {
        return local_address(where.name);
    }
    address made;
    auto& ipv4 = reinterpret_cast<sockaddr_in&>(made.bytes);
    ipv4.sin_family = AF_INET;
    ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ipv4.sin_port =
        htons(static_cast<std::uint16_t>(where.name.empty() ? 0 : std::stoi(where.name)));
    made.size = sizeof(sockaddr_in);
    return made;
}

std::string name_of(const address& of, transport over) {
    if (over != transport::unix_stream) {
        return std::to_string(ntohs(reinterpret_cast<const sockaddr_in&>(of.bytes).sin_port));
    }
    const auto& local = reinterpret_cast<const sockaddr_un&>(of.bytes);
    return {&local.sun_path[1], of.size - offsetof(sockaddr_un, sun_path) - 1};
}

owned_fd make_socket(transport over, int flags) {
    const int domain = over == transport::unix_stream ? AF_UNIX : AF_INET;
    const int type = over == transport::udp ? SOCK_DGRAM : SOCK_STREAM;
    owned_fd made(::socket(domain, type | flags | SOCK_CLOEXEC, 0));
    if (made.get() < 0) {
        throw_last_error("socket");
    }
    if (over == transport::udp) {
        // The kernel gives what it allows.
        (void)::setsockopt(made.get(), SOL_SOCKET, SO_RCVBUF, &datagram_room_bytes,
                           sizeof datagram_room_bytes);
    }
    return made;
}

} // namespace

void throw_last_error(const char* call) {
    throw std::system_error(errno, std::system_category(), call);
}

endpoint endpoint::parse(std::string_view text) {
    const std::size_t colon = text.find(':');
    for (const named_transport& each : named_transports) {
        if (each.name == text.substr(0, colon)) {
            return {.over = each.over,
                    .name = colon == std::string_view::npos ? std::string()
                                                            : std::string(text.substr(colon + 1))};
        }
    }
    throw std::invalid_argument("no such endpoint: " + std::string(text));
}

std::string endpoint::str() const {
    for (const named_transport& each : named_transports) {
        if (each.over == over) {
            return std::string(each.name) + ':' + name;
        }
    }
    return {};
}

owned_fd listen_at(const endpoint& where) {
    owned_fd made = make_socket(where.over, SOCK_NONBLOCK);
    const int on = 1;
    if (where.over != transport::unix_stream &&
        ::setsockopt(made.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) {
        throw_last_error("setsockopt SO_REUSEPORT");
    }
    address at = address_of(where);
    if (::bind(made.get(), at.get(), at.size) < 0) {
        throw_last_error("bind");
    }
    if (where.over != transport::udp && ::listen(made.get(), backlog) < 0) {
        throw_last_error("listen");
    }
    return made;
}

endpoint endpoint_of(const owned_fd& listener, transport over) {
    address at;
    if (::getsockname(listener.get(), at.get(), &at.size) < 0) {
        throw_last_error("getsockname");
    }
    return {.over = over, .name = name_of(at, over)};
}

owned_fd connect_to(const endpoint& where) {
    owned_fd made = make_socket(where.over, 0);
    address at = address_of(where);
    while (::connect(made.get(), at.get(), at.size) < 0) {
        if (errno != EINTR) {
            throw_last_error("connect");
        }
    }
    if (::fcntl(made.get(), F_SETFL, O_NONBLOCK) < 0) {
        throw_last_error("fcntl");
    }
    if (where.over == transport::tcp) {
        set_no_delay(made.get());
    }
    return made;
}

void set_no_delay(int fd) noexcept {
    const int on = 1;
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

} // namespace eddy::compare::echo
