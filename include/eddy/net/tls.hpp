// tls.hpp — TLS 1.2 and 1.3 over any transport, by OpenSSL. Certificates are checked unless that is
// said to be off.
//
// A library that was built without OpenSSL (meson -Dtls=disabled) has all of this, and each context
// throws tls_error.
//
// Threads:    contexts: any thread. Streams over TLS: as other streams; both ends may be used on
//             different workers.
// Cancel:     a handshake: at once; the connection is closed.
// Design:     docs/design/tls.md

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/net/stream.hpp>
#include <eddy/net/transport.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// Why TLS does not go on.
enum class tls_errc : int {
    certificate = 1, // the peer's was refused here; the text says why
    alert,           // the peer has refused; the text has its alert
    protocol,        // what the peer sends is not TLS, or nothing that both know
    truncated,       // the connection ended without the peer's word that this is the end
    timed_out,       // the handshake took too long
    configuration,   // of this end: a file cannot be read, or is not what it should be
    not_built,       // this library has no TLS
};

[[nodiscard]] EDDY_API const std::error_category& tls_category() noexcept;
[[nodiscard]] inline std::error_code make_error_code(tls_errc code) noexcept {
    return {static_cast<int>(code), tls_category()};
}

/// A handshake or a connection has failed. The code is a tls_errc, or that of the transport below
/// (ECONNRESET).
class EDDY_API tls_error : public std::system_error {
public:
    using std::system_error::system_error;
    ~tls_error() override;
};

struct tls_client_options {
    /// Off: anybody may be the peer. Only for tests.
    enum class verification : std::uint8_t { off, on };
    verification verify = verification::on;
    /// Certificates to trust, as PEM, in place of the system's.
    std::string ca_file{};
    /// Protocols to offer, the best one first: "h2", "http/1.1".
    std::vector<std::string> alpn{};
    /// For servers that ask who the client is; the chain, and its key.
    std::string certificate_file{};
    std::string key_file{};
};

struct tls_server_options {
    /// The server's certificate and those between it and the root, as PEM; and its key.
    std::string certificate_file;
    std::string key_file;
    /// Protocols, the best one first. A client that offers some, but none of these, is refused.
    std::vector<std::string> alpn{};
    /// Clients must have a certificate from one of these.
    std::string client_ca_file{};
};

class tls_settings;

/// How one end is to talk TLS; shared by many connections. A copy is the same context.
class EDDY_API tls_context {
public:
    /// The default of clients: the system's certificates.
    tls_context() noexcept = default;
    /// Throws: tls_error, naming the file.
    [[nodiscard]] static tls_context client(const tls_client_options& options = {});
    /// Throws: as client.
    [[nodiscard]] static tls_context server(const tls_server_options& options);

    /// Reads the files again. Handshakes that begin from now on use what is in them; if they are no
    /// good, this throws and nothing has changed.
    ///
    /// Throws: as client. Cost: reads files, so it blocks a little: to_thread, if that is too much.
    void reload();

    /// Made by server().
    [[nodiscard]] bool is_for_servers() const noexcept;

    [[nodiscard]] const std::shared_ptr<tls_settings>& settings() const noexcept {
        return settings_;
    }

private:
    explicit tls_context(std::shared_ptr<tls_settings> settings) noexcept
        : settings_(std::move(settings)) {}

    std::shared_ptr<tls_settings> settings_;
};

/// How a connection is to be secured.
struct tls_options {
    tls_context context{};
    /// Clients: the name that the server's certificate must have, and that it is told (SNI).
    /// open_connection: if empty, the host.
    std::string server_name{};
    clock::duration handshake_timeout = std::chrono::seconds(60);
};

/// Shakes hands over `below`, as client or as server, and gives what carries bytes over it from
/// then on. If it fails, `below` is closed, after the peer was told why.
///
/// Throws: tls_error; std::invalid_argument for a client that verifies and has no server_name.
/// Cost:   a server signs on the loop, about a millisecond with RSA, less with EC.
[[nodiscard]] EDDY_API coro<std::unique_ptr<transport>> open_tls(std::unique_ptr<transport> below,
                                                                 tls_options how);

/// Goes over to TLS on a connection that is in use, as STARTTLS does; gives its ends back. What was
/// written before is sent first. If it fails, the connection is closed.
///
/// Throws: as open_tls; invalid_state_error if the reader has bytes that nobody has read: they came
///         unprotected, and somebody may have put them there.
[[nodiscard]] EDDY_API coro<stream_ends> start_tls(stream_ends plain, tls_options how);

} // namespace eddy::inline v0

template <>
struct std::is_error_code_enum<eddy::tls_errc> : std::true_type {};
