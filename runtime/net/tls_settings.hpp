// tls_settings.hpp — what a tls_context is behind: options, and OpenSSL's context made of them.
//
// Threads:    any.
// Invariants: I1  a connection keeps the settings alive: callbacks of its SSL refer to them.

#pragma once

#include <eddy/net/tls.hpp>

#include <openssl/ssl.h> // tidy-allow(third-party): the only users of OpenSSL are runtime/net/tls*

#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace eddy::inline v0 {

/// The texts of all errors that OpenSSL has queued on this thread, which are then gone.
[[nodiscard]] std::string openssl_errors();

class tls_settings {
public:
    enum class side : std::uint8_t { client, server };

    /// Throws: tls_error.
    explicit tls_settings(const tls_client_options& options);
    explicit tls_settings(const tls_server_options& options);

    /// Makes the context anew. Throws: tls_error; then the old one stays.
    void reload();

    [[nodiscard]] side which() const noexcept {
        return std::holds_alternative<tls_client_options>(options_) ? side::client : side::server;
    }
    [[nodiscard]] bool verifies_names() const noexcept;
    [[nodiscard]] std::shared_ptr<SSL_CTX> current() const;

    /// Those of `context`, or the default of clients. Throws: tls_error.
    [[nodiscard]] static std::shared_ptr<tls_settings> of(const tls_context& context);

private:
    [[nodiscard]] std::shared_ptr<SSL_CTX> make() const;
    void prepare_client(SSL_CTX& context, const tls_client_options& options) const;
    void prepare_server(SSL_CTX& context, const tls_server_options& options) const;
    static int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* bytes,
                               const unsigned char* offered, unsigned offered_bytes, void* self);

    const std::variant<tls_client_options, tls_server_options> options_;
    const std::string protocols_; // as they are sent: each after its length
    mutable std::mutex lock_;
    std::shared_ptr<SSL_CTX> current_; // guarded by lock_
};

} // namespace eddy::inline v0
