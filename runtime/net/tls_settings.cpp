// tls_settings.cpp — OpenSSL's contexts: certificates, trust and protocols.

#include "net/tls_settings.hpp"

#include <openssl/err.h> // tidy-allow(third-party): see tls_settings.hpp

#include <stdexcept>
#include <string_view>

namespace eddy::inline v0 {

namespace {

std::string as_sent(const std::vector<std::string>& protocols) {
    std::string out;
    for (const std::string& each : protocols) {
        if (each.empty() || each.size() > 255) {
            throw std::invalid_argument("the name of an ALPN protocol has 1 to 255 bytes: '" +
                                        each + "'");
        }
        out += static_cast<char>(each.size());
        out += each;
    }
    return out;
}

const unsigned char* bytes_of(const std::string& text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(unsigned long code) {
    if (ERR_SYSTEM_ERROR(code)) {
        return std::system_category().message(ERR_GET_REASON(code));
    }
    const char* const reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "error " + std::to_string(code);
}

[[noreturn]] void fail(const std::string& what) {
    throw tls_error(make_error_code(tls_errc::configuration),
                    "TLS: " + what + ": " + openssl_errors());
}

void use_certificate(SSL_CTX& context, const std::string& certificate, const std::string& key) {
    if (SSL_CTX_use_certificate_chain_file(&context, certificate.c_str()) != 1) {
        fail("certificate file '" + certificate + "'");
    }
    if (SSL_CTX_use_PrivateKey_file(&context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(&context) != 1) {
        fail("key file '" + key + "'");
    }
}

void trust(SSL_CTX& context, const std::string& file) {
    if (SSL_CTX_load_verify_file(&context, file.c_str()) != 1) {
        fail("CA file '" + file + "'");
    }
}

} // namespace

std::string openssl_errors() {
    std::string out;
    while (const unsigned long code = ERR_get_error()) {
        if (!ERR_SYSTEM_ERROR(code) && ERR_GET_REASON(code) == ERR_R_SYS_LIB) {
            continue; // says only that the one before is the system's
        }
        out += out.empty() ? "" : ", ";
        out += text_of(code);
    }
    return out.empty() ? "no reason given" : out;
}

tls_settings::tls_settings(const tls_client_options& options)
    : options_(options), protocols_(as_sent(options.alpn)), current_(make()) {}
tls_settings::tls_settings(const tls_server_options& options)
    : options_(options), protocols_(as_sent(options.alpn)), current_(make()) {}

std::shared_ptr<tls_settings> tls_settings::of(const tls_context& context) {
    if (context.settings() != nullptr) {
        return context.settings();
    }
    static const tls_context of_clients = tls_context::client();
    return of_clients.settings();
}

bool tls_settings::verifies_names() const noexcept {
    const auto* const client = std::get_if<tls_client_options>(&options_);
    return client != nullptr && client->verify == tls_client_options::verification::on;
}

void tls_settings::reload() {
    std::shared_ptr<SSL_CTX> made = make();
    const std::lock_guard hold(lock_);
    current_.swap(made);
}

std::shared_ptr<SSL_CTX> tls_settings::current() const {
    const std::lock_guard hold(lock_);
    return current_;
}

std::shared_ptr<SSL_CTX> tls_settings::make() const {
    ERR_clear_error();
    const std::shared_ptr<SSL_CTX> made(
        SSL_CTX_new(which() == side::client ? TLS_client_method() : TLS_server_method()),
        &SSL_CTX_free);
    if (made == nullptr) {
        fail("a context");
    }
    SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(made.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(made.get(), 1); // a record in one system call instead of two
    if (const auto* const client = std::get_if<tls_client_options>(&options_)) {
        prepare_client(*made, *client);
    } else {
        prepare_server(*made, std::get<tls_server_options>(options_));
    }
    return made;
}

void tls_settings::prepare_client(SSL_CTX& context, const tls_client_options& options) const {
    if (!options.ca_file.empty()) {
        trust(context, options.ca_file);
    } else if (SSL_CTX_set_default_verify_paths(&context) != 1) {
        fail("the system's certificates");
    }
    const bool verify = options.verify == tls_client_options::verification::on;
    SSL_CTX_set_verify(&context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (!options.certificate_file.empty()) {
        use_certificate(context, options.certificate_file, options.key_file);
    }
    if (!protocols_.empty() &&
        SSL_CTX_set_alpn_protos(&context, bytes_of(protocols_),
                                static_cast<unsigned>(protocols_.size())) != 0) {
        fail("ALPN");
    }
}

void tls_settings::prepare_server(SSL_CTX& context, const tls_server_options& options) const {
    use_certificate(context, options.certificate_file, options.key_file);
    static constexpr std::string_view name = "eddy";
    SSL_CTX_set_session_id_context(&context, reinterpret_cast<const unsigned char*>(name.data()),
                                   static_cast<unsigned>(name.size()));
    if (!options.client_ca_file.empty()) {
        trust(context, options.client_ca_file);
        SSL_CTX_set_client_CA_list(&context,
                                   SSL_load_client_CA_file(options.client_ca_file.c_str()));
        SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    if (!protocols_.empty()) {
        SSL_CTX_set_alpn_select_cb(&context, &choose_protocol, const_cast<tls_settings*>(this));
    }
}

int tls_settings::choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* bytes,
                                  const unsigned char* offered, unsigned offered_bytes,
                                  void* self) {
    const std::string& mine = static_cast<const tls_settings*>(self)->protocols_;
    unsigned char* found = nullptr;
    const int result = SSL_select_next_proto(
        &found, bytes, bytes_of(mine), static_cast<unsigned>(mine.size()), offered, offered_bytes);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// -- the public handle --

tls_context tls_context::client(const tls_client_options& options) {
    return tls_context(std::make_shared<tls_settings>(options));
}

tls_context tls_context::server(const tls_server_options& options) {
    return tls_context(std::make_shared<tls_settings>(options));
}

bool tls_context::is_for_servers() const noexcept {
    return settings_ != nullptr && settings_->which() == tls_settings::side::server;
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes what all copies share
void tls_context::reload() {
    tls_settings::of(*this)->reload();
}

} // namespace eddy::inline v0
