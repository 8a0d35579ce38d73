// tls_transport.cpp — OpenSSL between a stream and what carries its bytes.

#include "net/tls_transport.hpp"

#include <eddy/core/outcome.hpp>
#include <eddy/sched/timeout.hpp>

#include <openssl/bio.h>    // tidy-allow(third-party): see tls_settings.hpp
#include <openssl/err.h>    // tidy-allow(third-party): see tls_settings.hpp
#include <openssl/pem.h>    // tidy-allow(third-party): see tls_settings.hpp
#include <openssl/x509v3.h> // tidy-allow(third-party): see tls_settings.hpp

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>

namespace eddy::inline v0 {

namespace {

constexpr std::size_t record_bytes_max = SSL3_RT_MAX_PLAIN_LENGTH;

constexpr std::size_t batch_bytes = 64UL * 1024; // of what is encrypted for one system call

sys::io_result later() noexcept {
    return {.bytes = 0, .error = std::make_error_code(std::errc::resource_unavailable_try_again)};
}

bool is_address(const std::string& name) {
    try {
        const socket_address numeric(name, 0);
        return !name.empty();
    } catch (const std::invalid_argument&) {
        return false;
    }
}

tls_errc kind_of(unsigned long error) noexcept {
    const int reason = ERR_GET_REASON(error);
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
        return tls_errc::protocol;
    }
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED ||
        reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        return tls_errc::certificate;
    }
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return tls_errc::truncated;
    }
    return reason >= SSL_AD_REASON_OFFSET ? tls_errc::alert : tls_errc::protocol;
}

std::string pem_of(X509* certificate) {
    const std::unique_ptr<X509, void (*)(X509*)> kept(certificate, &X509_free);
    const std::unique_ptr<BIO, void (*)(BIO*)> text(BIO_new(BIO_s_mem()), &BIO_free_all);
    if (kept == nullptr || text == nullptr || PEM_write_bio_X509(text.get(), kept.get()) != 1) {
        return {};
    }
    char* data = nullptr;
    const long bytes = BIO_get_mem_data(text.get(), &data);
    return {data, static_cast<std::size_t>(bytes)};
}

} // namespace

tls_transport::tls_transport(std::unique_ptr<transport> below, const tls_options& how)
    : settings_(tls_settings::of(how.context)), context_(settings_->current()),
      below_(std::move(below)), ssl_(SSL_new(context_.get()), &SSL_free) {
    BIO* const bio = ssl_ == nullptr ? nullptr : BIO_new(carrier());
    if (bio == nullptr) {
        throw std::bad_alloc();
    }
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    if (settings_->which() == tls_settings::side::client) {
        prepare_client(how.server_name);
    } else {
        peer_ = below_->extra_info("peername");
        SSL_set_accept_state(ssl_.get());
    }
}

void tls_transport::prepare_client(const std::string& server_name) {
    SSL* const ssl = ssl_.get();
    peer_ = server_name;
    if (server_name.empty() && settings_->verifies_names()) {
        throw std::invalid_argument("TLS: a client that verifies needs the server_name");
    }
    bool known = true;
    if (is_address(server_name)) {
        known = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str()) == 1;
    } else if (!server_name.empty()) {
        SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        known = SSL_set1_host(ssl, server_name.c_str()) == 1 &&
                SSL_set_tlsext_host_name(ssl, server_name.c_str()) == 1;
    }
    if (!known) {
        throw std::invalid_argument("TLS: no name of a server: '" + server_name + "'");
    }
    SSL_set_connect_state(ssl);
}

// -- below --

const BIO_METHOD* tls_transport::carrier() {
    static const BIO_METHOD* const made = [] {
        BIO_METHOD* const method =
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "eddy transport");
        if (method == nullptr) {
            throw std::bad_alloc();
        }
        BIO_meth_set_read_ex(method, &carry_in);
        BIO_meth_set_write_ex(method, &carry_out);
        BIO_meth_set_ctrl(method, &control);
        return method;
    }();
    return made;
}

int tls_transport::carry_in(BIO* bio, char* into, std::size_t bytes, std::size_t* got) {
    auto& self = *static_cast<tls_transport*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    try {
        const sys::io_result read =
            self.below_->try_read(std::as_writable_bytes(std::span(into, bytes)));
        if (read.would_block()) {
            BIO_set_retry_read(bio);
        } else if (read.error) {
            self.receive_failed_ = read.error;
        } else {
            self.below_ended_ = read.bytes == 0;
            *got = read.bytes;
            return read.bytes == 0 ? 0 : 1;
        }
    } catch (const std::system_error& error) {
        if (error.code() == std::errc::device_or_resource_busy) { // of who asked, not of all
            self.receive_busy_ = true;
            BIO_set_retry_read(bio);
        } else {
            self.receive_failed_ = error.code();
        }
    }
    return 0;
}

// Who reads may have to send, too (an answer to a new key), also while the writer waits for room.
int tls_transport::carry_out(BIO* bio, const char* from, std::size_t bytes, std::size_t* sent) {
    auto& self = *static_cast<tls_transport*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    try {
        self.outgoing_.append(std::as_bytes(std::span(from, bytes)));
        *sent = bytes;
        return 1;
    } catch (const std::bad_alloc&) {
        self.send_failed_ = std::make_error_code(std::errc::not_enough_memory);
        return 0;
    }
}

long tls_transport::control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    switch (command) {
    case BIO_CTRL_EOF:
        return static_cast<tls_transport*>(BIO_get_data(bio))->below_ended_ ? 1 : 0;
    case BIO_CTRL_FLUSH:
        return 1;
    default:
        return 0;
    }
}

bool tls_transport::send_outgoing() {
    while (!outgoing_.empty() && !send_failed_) {
        sys::io_result sent;
        try {
            sent = below_->try_write(outgoing_.bytes());
        } catch (const std::system_error& error) { // busy: the writer waits for room
            sent = error.code() == std::errc::device_or_resource_busy
                       ? later()
                       : sys::io_result{.bytes = 0, .error = error.code()};
        }
        if (sent.would_block()) {
            return false;
        }
        send_failed_ = sent.error;
        outgoing_.consume(sent.bytes);
    }
    if (send_failed_) {
        outgoing_.consume(outgoing_.size());
    }
    outgoing_.shrink();
    return true;
}

// -- failures --

sys::io_result tls_transport::failed(int result, const char* what) {
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        return later();
    }
    const std::string text = "TLS " + std::string(what) + (peer_.empty() ? "" : " with " + peer_);
    if (receive_failed_) {
        fail(receive_failed_, text);
    }
    const unsigned long code = ERR_peek_error();
    const tls_errc kind = error == SSL_ERROR_SSL ? kind_of(code) : tls_errc::truncated;
    std::string why = openssl_errors();
    if (kind == tls_errc::certificate) {
        const long verdict = SSL_get_verify_result(ssl_.get());
        why = verdict == X509_V_OK ? why : X509_verify_cert_error_string(verdict);
    }
    (void)send_outgoing(); // the alert that tells the peer
    fail(make_error_code(kind), text + ": " + why);
}

void tls_transport::fail(const std::error_code& code, const std::string& text) {
    failure_.emplace(code, text);
    throw tls_error(*failure_);
}

// -- the handshake --

coro<> tls_transport::handshake(clock::duration limit) {
    const outcome<void> ended = co_await as_result(wait_for(shake_hands(), limit));
    if (ended.holds<timeout_error>()) {
        const std::lock_guard hold(lock_);
        fail(make_error_code(tls_errc::timed_out), "TLS handshake with " + peer_);
    }
    ended.value();
}

coro<> tls_transport::shake_hands() {
    while (const std::optional<interest> next = step()) {
        co_await below_->ready(*next);
    }
}

std::optional<interest> tls_transport::step() {
    const std::lock_guard hold(lock_);
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result != 1) {
        (void)failed(result, "handshake");
    }
    if (!send_outgoing()) {
        return interest::write;
    }
    if (send_failed_) {
        fail(send_failed_, "TLS handshake with " + peer_);
    }
    open_ = result == 1;
    return open_ ? std::nullopt : std::optional(interest::read);
}

// -- bytes --

sys::io_result tls_transport::try_read(std::span<std::byte> into) {
    const std::lock_guard hold(lock_);
    if (failure_) {
        throw tls_error(*failure_);
    }
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
    (void)send_outgoing();
    if (std::exchange(receive_busy_, false)) {
        throw std::system_error(std::make_error_code(std::errc::device_or_resource_busy), "read");
    }
    if (result == 1) {
        return {.bytes = got, .error = {}};
    }
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) {
        return {};
    }
    return failed(result, "read");
}

sys::io_result tls_transport::try_write(std::span<const std::byte> bytes) {
    const std::lock_guard hold(lock_);
    return encrypt(bytes);
}

// The pieces in as few records as possible.
sys::io_result tls_transport::try_write(std::span<const std::span<const std::byte>> pieces) {
    std::array<std::byte, record_bytes_max> joined; // as much as is used
    std::size_t bytes = 0;
    for (const std::span<const std::byte> each : pieces) {
        const std::size_t fits = std::min(each.size(), joined.size() - bytes);
        std::ranges::copy(each.first(fits), joined.begin() + static_cast<std::ptrdiff_t>(bytes));
        bytes += fits;
    }
    const std::lock_guard hold(lock_);
    return encrypt(std::span<const std::byte>(joined).first(bytes));
}

// The caller comes again with the same bytes after EAGAIN, and hears then of those that were taken.
sys::io_result tls_transport::encrypt(std::span<const std::byte> bytes) {
    if (failure_) {
        throw tls_error(*failure_);
    }
    if (!send_outgoing()) {
        return later();
    }
    std::size_t taken = std::exchange(accepted_, 0);
    while (taken < bytes.size() && !send_failed_) {
        const std::size_t more = encrypt_batch(bytes.subspan(taken));
        if (!send_outgoing()) {
            accepted_ = more;
            break;
        }
        taken += more;
    }
    if (send_failed_) {
        return {.bytes = 0, .error = send_failed_};
    }
    return taken == 0 && accepted_ != 0 ? later() : sys::io_result{.bytes = taken, .error = {}};
}

std::size_t tls_transport::encrypt_batch(std::span<const std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size() && outgoing_.size() < batch_bytes) {
        ERR_clear_error();
        std::size_t written = 0;
        const std::span<const std::byte> rest = bytes.subspan(done);
        const int result = SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &written);
        if (result != 1) {
            (void)failed(result, "write");
            break;
        }
        done += written;
    }
    return done;
}

bool tls_transport::ready_hint(interest what) const noexcept {
    if (below_->ready_hint(what)) {
        return true;
    }
    const std::lock_guard hold(lock_);
    return what == interest::read && SSL_has_pending(ssl_.get()) == 1;
}

// -- the end --

std::error_code tls_transport::try_shutdown() {
    const std::lock_guard hold(lock_);
    if (failure_ || send_failed_ || !open_) {
        return send_failed_;
    }
    if (!std::exchange(said_end_, true)) {
        ERR_clear_error();
        (void)SSL_shutdown(ssl_.get());
    }
    return send_outgoing() ? send_failed_ : later().error;
}

// Nothing is said of an end that is none: a peer must not take half of it for all.
void tls_transport::close() noexcept {
    {
        const std::lock_guard hold(lock_);
        const bool proper = open_ && !failure_ && outgoing_.empty();
        open_ = false;
        if (proper && !std::exchange(said_end_, true)) {
            ERR_clear_error();
            (void)SSL_shutdown(ssl_.get());
            (void)send_outgoing();
        }
    }
    below_->close();
}

std::string tls_transport::extra_info(std::string_view name) const {
    const std::lock_guard hold(lock_);
    if (name == "cipher") {
        return SSL_get_cipher_name(ssl_.get());
    }
    if (name == "version") {
        return SSL_get_version(ssl_.get());
    }
    if (name == "alpn") {
        const unsigned char* text = nullptr;
        unsigned bytes = 0;
        SSL_get0_alpn_selected(ssl_.get(), &text, &bytes);
        return {reinterpret_cast<const char*>(text), bytes};
    }
    if (name == "peercert") {
        return pem_of(SSL_get1_peer_certificate(ssl_.get()));
    }
    return below_->extra_info(name);
}

coro<std::unique_ptr<transport>> open_tls(std::unique_ptr<transport> below, tls_options how) {
    auto made = std::make_unique<tls_transport>(std::move(below), how);
    co_await made->handshake(how.handshake_timeout);
    co_return made;
}

} // namespace eddy::inline v0
