// datagram.hpp — UDP: messages that arrive whole, or not at all.
//
// Threads:    one task receives and one sends at a time, on any workers. close: any thread.
// Memory:     64 KiB from the first message that is received as a string.
// Cancel:     at once; a message that has arrived is not lost to a cancel.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/net/address.hpp>
#include <eddy/net/socket.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace eddy::inline v0 {

struct udp_message {
    std::string data;
    socket_address from;
};

struct udp_options {
    /// Addresses of this family only; none: the first one that there is.
    address_family family = address_family::none;
    /// Where a connected endpoint sends from.
    std::optional<socket_address> local{};
    /// SO_REUSEPORT: several endpoints on one port, among which the kernel chooses by the sender.
    toggle share_port = toggle::off;
    toggle broadcast = toggle::off;
};

/// An endpoint, and an iterable of the messages that come to it:
///
///     auto here = co_await eddy::udp_endpoint::bind("", 9000);
///     EDDY_FOR(auto message, here) {
///         co_await here.sendto(message.data, message.from);
///     }
class EDDY_API udp_endpoint {
public:
    /// Takes over a socket for datagrams.
    explicit udp_endpoint(socket over) noexcept : over_(std::move(over)) {}

    /// Receives what is sent to `host`, a name or a number, empty for all addresses; port 0: any.
    /// Throws: resolve_error; std::system_error (EADDRINUSE, naming the address).
    [[nodiscard]] static coro<udp_endpoint> bind(std::string host, std::uint16_t port,
                                                 udp_options options = {});
    /// Sends to one peer only, and receives from no other.
    /// Throws: resolve_error; std::system_error (ENETUNREACH).
    [[nodiscard]] static coro<udp_endpoint> connect(std::string host, std::uint16_t port,
                                                    udp_options options = {});

    /// Sends one message, whole.
    /// Suspends: while the socket is full.
    /// Throws:   std::system_error (EMSGSIZE; ECONNREFUSED of an earlier one).
    [[nodiscard]] coro<> sendto(std::span<const std::byte> message, const socket_address& to);
    [[nodiscard]] coro<> sendto(std::string_view message, const socket_address& to);
    /// The same to the peer of a connected endpoint.
    [[nodiscard]] coro<> send(std::span<const std::byte> message);
    [[nodiscard]] coro<> send(std::string_view message);

    /// The next message, and whose. Throws: std::system_error (EBADF if it is closed; of a
    /// connected one: ECONNREFUSED).
    [[nodiscard]] coro<udp_message> recvfrom();
    /// The same into `into`, without a copy; the result says whether it did not fit.
    [[nodiscard]] coro<datagram> recvfrom_into(std::span<std::byte> into);
    /// The next message of the peer. Throws: as recvfrom.
    [[nodiscard]] coro<std::string> recv();
    /// As recvfrom; nothing once the endpoint was closed at this end.
    [[nodiscard]] coro<std::optional<udp_message>> next();

    [[nodiscard]] socket_address local_address() const { return over_.local_address(); }
    /// The socket below, for its options.
    [[nodiscard]] socket& get_socket() noexcept { return over_; }
    [[nodiscard]] bool closed() const noexcept { return !over_; }
    /// Who waits to receive gets EBADF, or the end of the iteration.
    void close() noexcept { over_.close(); }

private:
    socket over_;
    std::unique_ptr<std::byte[]> room_; // NOLINT: raw bytes; of who receives
};

} // namespace eddy::inline v0
