// tls_transport.hpp — bytes over TLS over another transport.
//
// Threads:    as transport; one lock guards OpenSSL's object, since who reads and who writes may be
//             on different workers.
// Memory:     OpenSSL's object, about 10 KB; its buffers only while something is in them.
// Invariants: I1  OpenSSL never finds the transport below full: what does not fit is in outgoing_.
//             I2  while outgoing_ has something, no more is encrypted for the writer.
//             I3  accepted_ bytes of the writer are in outgoing_, and it was not told so yet.
// Design:     docs/design/tls.md

#pragma once

#include "net/byte_buffer.hpp"
#include "net/tls_settings.hpp"
#include <eddy/net/transport.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace eddy::inline v0 {

class tls_transport final : public transport {
public:
    /// Throws: std::bad_alloc; std::invalid_argument for a client that verifies without a name.
    tls_transport(std::unique_ptr<transport> below, const tls_options& how);
    ~tls_transport() override = default;

    /// Throws: tls_error.
    [[nodiscard]] coro<> handshake(clock::duration limit);

    sys::io_result try_read(std::span<std::byte> into) override;
    sys::io_result try_write(std::span<const std::byte> bytes) override;
    sys::io_result try_write(std::span<const std::span<const std::byte>> pieces) override;
    readiness_op ready(interest what) override { return below_->ready(what); }
    bool ready_hint(interest what) const noexcept override;
    std::error_code try_shutdown() override;
    void close() noexcept override;
    socket* lowest() noexcept override { return below_->lowest(); }
    std::string extra_info(std::string_view name) const override;

private:
    using ssl_ptr = std::unique_ptr<SSL, void (*)(SSL*)>;

    /// What OpenSSL calls to move bytes.
    [[nodiscard]] static const BIO_METHOD* carrier();
    static int carry_in(BIO* bio, char* into, std::size_t bytes, std::size_t* got);
    static int carry_out(BIO* bio, const char* from, std::size_t bytes, std::size_t* sent);
    static long control(BIO* bio, int command, long number, void* pointer);

    void prepare_client(const std::string& server_name);
    [[nodiscard]] coro<> shake_hands();
    /// Nothing when it is done, else what to wait for.
    [[nodiscard]] std::optional<interest> step();
    /// True: outgoing_ is empty now, sent or lost to send_failed_.
    [[nodiscard]] bool send_outgoing();
    [[nodiscard]] sys::io_result encrypt(std::span<const std::byte> bytes);
    /// Fills outgoing_; gives how many bytes went there.
    [[nodiscard]] std::size_t encrypt_batch(std::span<const std::byte> bytes);
    /// What a call that has not succeeded means; EAGAIN, or it throws.
    [[nodiscard]] sys::io_result failed(int result, const char* what);
    [[noreturn]] void fail(const std::error_code& code, const std::string& text);

    const std::shared_ptr<tls_settings> settings_;
    const std::shared_ptr<SSL_CTX> context_;
    const std::unique_ptr<transport> below_;
    std::string peer_; // for errors

    mutable std::mutex lock_; // guards what follows
    ssl_ptr ssl_;
    byte_buffer outgoing_;
    std::size_t accepted_ = 0;
    std::error_code receive_failed_;
    std::error_code send_failed_;
    std::optional<tls_error> failure_; // of all of it
    bool receive_busy_ = false;        // another task receives
    bool below_ended_ = false;
    bool open_ = false; // the handshake is done
    bool said_end_ = false;
};

} // namespace eddy::inline v0
