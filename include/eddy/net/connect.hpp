// connect.hpp — connections to a host, by the first of its addresses that answers.
//
// Threads:    any task.
// Cancel:     at once; what was begun is closed.
// Design:     docs/design/connect.md

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/net/address.hpp>
#include <eddy/net/socket.hpp>
#include <eddy/net/stream.hpp>
#include <eddy/net/tls.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace eddy::inline v0 {

/// No address of a host could be connected to; the code is that of the first one. The text has all.
class EDDY_API connect_error : public std::system_error {
public:
    struct failure {
        socket_address to;
        std::error_code why;
    };

    connect_error(const std::string& host, std::vector<failure> failures);
    ~connect_error() override;

    /// In the order in which they were tried; never empty.
    [[nodiscard]] const std::vector<failure>& failures() const noexcept { return failures_; }

private:
    std::vector<failure> failures_;
};

struct connect_options {
    /// How much the reader keeps for one line.
    std::size_t limit = default_stream_limit;
    /// How long all of it may take: name, attempts, and the handshake of TLS.
    std::optional<clock::duration> timeout{};
    /// Where the connection comes from; a port of 0 is any. Only addresses of its family are tried.
    std::optional<socket_address> local{};
    /// Addresses of this family only; none: of both.
    address_family family = address_family::none;
    /// How long an attempt is alone before the next one begins beside it.
    clock::duration attempt_delay = std::chrono::milliseconds(250);
    toggle no_delay = toggle::on;
    std::optional<keep_alive> keep_alive_probes{};
    /// Secures what open_connection and open_unix_connection open: `.tls = eddy::tls_options{}`.
    std::optional<tls_options> tls{};
};

/// Connects to the first of `addresses` that answers, by RFC 8305: the families take turns, the
/// next attempt begins when one has failed or options.attempt_delay has passed, the first that
/// succeeds ends the others. `host` is for the text of errors.
///
/// Throws: connect_error; timeout_error; std::system_error (EMFILE);
///         std::invalid_argument if there are no addresses.
[[nodiscard]] EDDY_API coro<socket> connect_first(std::string host,
                                                  std::vector<socket_address> addresses,
                                                  connect_options options = {});

/// asyncio's open_connection: connects to a host by name or number, and gives the two ends.
///
/// Throws:  resolve_error; connect_error, which names every address that was tried; timeout_error;
///          tls_error.
/// Example: auto [reader, writer] = co_await eddy::open_connection("example.org", 80);
[[nodiscard]] EDDY_API coro<stream_ends> open_connection(std::string host, std::uint16_t port,
                                                         connect_options options = {});
/// The same to a socket in the file system.
[[nodiscard]] EDDY_API coro<stream_ends> open_unix_connection(std::string path,
                                                              connect_options options = {});

} // namespace eddy::inline v0
