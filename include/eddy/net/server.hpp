// server.hpp — accepts connections and runs a task for each, on all loops.
//
// Threads:    any task of the runtime in which it was started.
// Cancel:     a cancel of the task that called start_server does not reach the server; close() or
//             the server's end does. Connections go on when it is closed: drain() ends them.
// Design:     docs/design/server.md

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/net/address.hpp>
#include <eddy/net/socket.hpp>
#include <eddy/net/stream.hpp>
#include <eddy/net/tls.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eddy::inline v0 {

class server_core;

/// What runs for each connection. It is kept, and called for several connections at a time. The
/// connection is closed when it has ended and both ends are gone. An exception is reported as that
/// of a task that nobody awaits, except that the peer is gone: ECONNRESET, EPIPE, ECONNABORTED,
/// ETIMEDOUT.
using connection_handler = std::function<coro<>(stream_reader, stream_writer)>;

struct server_options {
    /// Connections that the kernel keeps until they are accepted.
    int backlog = 512;
    /// How much a reader keeps for one line.
    std::size_t limit = default_stream_limit;
    /// No more are accepted while there are so many; the kernel keeps the others waiting.
    std::size_t connections_max = std::numeric_limits<std::size_t>::max();
    /// How long a connection may last; its handler is cancelled then, and nothing is reported.
    /// Default: for ever.
    std::optional<clock::duration> connection_deadline{};
    /// `balanced`: one socket, and a new connection begins on the loop that has the fewest.
    /// `by_kernel`: a socket for each loop (SO_REUSEPORT), among which the kernel chooses by a hash
    /// of the address; other processes may listen there, too.
    enum class sharing : std::uint8_t { balanced, by_kernel };
    sharing accept = sharing::balanced;
    /// A path that the server has made is removed when it is closed, unless another socket has
    /// taken its place.
    toggle remove_path = toggle::on;
    toggle no_delay = toggle::on;
    std::optional<keep_alive> keep_alive_probes{};
    /// How long accepting rests when there are no descriptors left (EMFILE).
    clock::duration pause = std::chrono::milliseconds(100);
    /// How long drain() waits for those that it had to cancel.
    clock::duration grace = std::chrono::seconds(5);
    /// Secures each connection before its handler begins. One whose handshake fails is closed.
    std::optional<tls_options> tls{};
    /// Is told of that, with the peer's address. On any worker, several at a time; may not throw.
    std::function<void(const tls_error&, const std::string&)> on_failed_handshake{};
};

/// How the connections of a server ended.
struct drain_report {
    std::size_t finished = 0;         // in time
    std::size_t cancelled = 0;        // at the deadline
    std::vector<std::string> refused; // that would not end: the peers' addresses
};

/// A handle; the last one closes the server, and its connections go on.
class EDDY_API server {
public:
    explicit server(std::shared_ptr<server_core> core) noexcept : core_(std::move(core)) {}
    server(server&&) noexcept = default;
    server& operator=(server&& other) noexcept;
    ~server();

    /// Where it listens.
    [[nodiscard]] std::vector<socket_address> addresses() const;
    /// The port of the first address: for who asked for port 0.
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] bool is_serving() const noexcept;
    /// Connections whose handler has not ended.
    [[nodiscard]] std::size_t connections() const noexcept;

    /// Waits until the server is closed. Cancel: closes it.
    [[nodiscard]] coro<> serve_forever();
    /// Stops accepting; what the kernel has accepted and nobody here has is refused.
    void close() noexcept;
    /// Waits until it is closed and all handlers have ended.
    [[nodiscard]] coro<> wait_closed();
    /// Stops accepting, lets the handlers finish until `limit` from now, cancels those that have
    /// not, and waits for them for options.grace. Cancel: as if the limit were over, and the grace.
    [[nodiscard]] coro<drain_report> drain(clock::duration limit);

private:
    std::shared_ptr<server_core> core_;
};

/// Listens on `addresses`, all or none of them, and runs `handler` for each connection.
/// Throws: std::system_error (EADDRINUSE, EACCES, EMFILE, naming the address);
///         std::invalid_argument for no address, or no handler.
[[nodiscard]] EDDY_API server listen_on(connection_handler handler,
                                        std::span<const socket_address> addresses,
                                        const server_options& options = {});
/// The same on sockets that listen already: of a service manager, or of options of one's own.
/// Throws: std::invalid_argument if one does not listen, or for no socket, or no handler.
[[nodiscard]] EDDY_API server listen_on(connection_handler handler, std::vector<socket> listening,
                                        const server_options& options = {});

/// asyncio's start_server: listens on all addresses of `host`; empty: all of the machine.
/// Throws: as listen_on; resolve_error.
[[nodiscard]] EDDY_API coro<server> start_server(connection_handler handler, std::string host,
                                                 std::uint16_t port, server_options options = {});
/// The same on a path in the file system. A socket that is left over there, and nobody listens on,
/// is replaced. Throws: as listen_on; EADDRINUSE if somebody does.
[[nodiscard]] EDDY_API coro<server> start_unix_server(connection_handler handler, std::string path,
                                                      server_options options = {});

} // namespace eddy::inline v0
