// datagram.cpp — opening endpoints by name, and messages as strings.

#include <eddy/core/outcome.hpp>
#include <eddy/net/datagram.hpp>
#include <eddy/net/resolve.hpp>

#include <system_error>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace eddy::inline v0 {

namespace {

constexpr std::size_t message_bytes_max = 64UL * 1024; // more than UDP can carry

socket open(const socket_address& like, const udp_options& options) {
    socket made = socket::datagrams(like);
    if (options.share_port == toggle::on) {
        made.set_option({.level = SOL_SOCKET, .name = SO_REUSEPORT}, 1);
    }
    if (options.broadcast == toggle::on) {
        made.set_option({.level = SOL_SOCKET, .name = SO_BROADCAST}, 1);
    }
    return made;
}

coro<std::vector<socket_address>> find(std::string host, std::uint16_t port, address_family family,
                                       resolve_options::purpose use) {
    return resolve(std::move(host), port,
                   {.family = family, .over = resolve_options::protocol::udp, .use = use});
}

/// Gives what `open_at` makes of the first address it does not fail with.
template <typename OpenAt>
coro<udp_endpoint> first_of(std::vector<socket_address> addresses, OpenAt open_at) {
    std::exception_ptr failure;
    for (const socket_address& each : addresses) {
        outcome<socket> made = co_await as_result(open_at(each));
        if (made) {
            co_return udp_endpoint(std::move(*made));
        }
        if (!made.template holds<std::system_error>()) {
            std::rethrow_exception(made.error());
        }
        if (failure == nullptr) {
            failure = made.error();
        }
    }
    std::rethrow_exception(failure);
}

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span(text));
}

} // namespace

coro<udp_endpoint> udp_endpoint::bind(std::string host, std::uint16_t port, udp_options options) {
    auto addresses =
        co_await find(std::move(host), port, options.family, resolve_options::purpose::listening);
    const auto open_at = [&options](const socket_address& at) -> coro<socket> {
        socket made = open(at, options);
        made.bind(at);
        co_return made;
    };
    co_return co_await first_of(std::move(addresses), open_at);
}

coro<udp_endpoint> udp_endpoint::connect(std::string host, std::uint16_t port,
                                         udp_options options) {
    const address_family family = options.local && options.family == address_family::none
                                      ? options.local->family()
                                      : options.family;
    auto addresses =
        co_await find(std::move(host), port, family, resolve_options::purpose::connecting);
    const auto open_at = [&options](const socket_address& to) -> coro<socket> {
        socket made = open(to, options);
        if (options.local) {
            made.bind(*options.local);
        }
        co_await made.connect(to);
        co_return made;
    };
    co_return co_await first_of(std::move(addresses), open_at);
}

coro<> udp_endpoint::sendto(std::span<const std::byte> message, const socket_address& to) {
    return over_.sendto(message, to);
}
coro<> udp_endpoint::sendto(std::string_view message, const socket_address& to) {
    return over_.sendto(bytes_of(message), to);
}

coro<> udp_endpoint::send(std::span<const std::byte> message) {
    static const socket_address peer; // empty: whom the socket is connected to
    return over_.sendto(message, peer);
}
coro<> udp_endpoint::send(std::string_view message) {
    return send(bytes_of(message));
}

coro<datagram> udp_endpoint::recvfrom_into(std::span<std::byte> into) {
    return over_.recvfrom(into);
}

coro<udp_message> udp_endpoint::recvfrom() {
    if (room_ == nullptr) {
        room_ = std::make_unique_for_overwrite<std::byte[]>(message_bytes_max); // NOLINT
    }
    const datagram got = co_await over_.recvfrom(std::span(room_.get(), message_bytes_max));
    co_return udp_message{std::string(reinterpret_cast<const char*>(room_.get()), got.bytes),
                          got.from};
}

coro<std::string> udp_endpoint::recv() {
    co_return (co_await recvfrom()).data;
}

coro<std::optional<udp_message>> udp_endpoint::next() {
    if (closed()) {
        co_return std::nullopt;
    }
    outcome<udp_message> got = co_await as_result(recvfrom());
    if (!got && closed() && got.holds<std::system_error>()) {
        co_return std::nullopt;
    }
    co_return std::move(got).value();
}

} // namespace eddy::inline v0
