// transport.hpp — what carries the bytes of a stream: a socket, a pipe, TLS over one of them.
//
// Everything tries and says EAGAIN where it would have to wait; the stream waits.
//
// Threads:    one task reads and one thread at a time writes. close: any thread.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/syscall.hpp>
#include <eddy/net/socket.hpp>
#include <eddy/sched/async_fd.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace eddy::inline v0 {

class EDDY_API transport {
public:
    transport() noexcept = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    virtual ~transport();

    /// 0 bytes without an error is the end. EAGAIN: await ready(interest::read).
    /// Throws: std::system_error EBADF if it is closed, EBUSY.
    [[nodiscard]] virtual sys::io_result try_read(std::span<std::byte> into) = 0;
    /// Takes some of `bytes`. EAGAIN: await ready(interest::write). Throws: as try_read.
    [[nodiscard]] virtual sys::io_result try_write(std::span<const std::byte> bytes) = 0;
    /// The same for several pieces in one call.
    [[nodiscard]] virtual sys::io_result
    try_write(std::span<const std::span<const std::byte>> pieces);

    /// Until trying again may give something.
    [[nodiscard]] virtual readiness_op ready(interest what) = 0;
    /// Whether trying may give something, as far as is known.
    [[nodiscard]] virtual bool ready_hint(interest what) const noexcept = 0;

    /// Tells the peer that no more comes. EAGAIN as try_write.
    [[nodiscard]] virtual std::error_code try_shutdown() = 0;
    virtual void close() noexcept = 0;

    /// The socket below everything, or nullptr.
    [[nodiscard]] virtual socket* lowest() noexcept { return nullptr; }
    /// What there is to know under `name`; empty if nothing. "peername", "sockname" and those of
    /// TLS: "cipher", "version", "alpn", "peercert".
    [[nodiscard]] virtual std::string extra_info(std::string_view name) const;
};

/// Bytes over a stream socket.
class EDDY_API socket_transport final : public transport {
public:
    explicit socket_transport(socket over) noexcept : over_(std::move(over)) {}

    sys::io_result try_read(std::span<std::byte> into) override;
    sys::io_result try_write(std::span<const std::byte> bytes) override;
    sys::io_result try_write(std::span<const std::span<const std::byte>> pieces) override;
    readiness_op ready(interest what) override;
    bool ready_hint(interest what) const noexcept override;
    std::error_code try_shutdown() override;
    void close() noexcept override { over_.close(); }
    socket* lowest() noexcept override { return &over_; }
    std::string extra_info(std::string_view name) const override;

private:
    socket over_;
};

} // namespace eddy::inline v0
