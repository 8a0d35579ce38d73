// stream_core.hpp — what the two ends of a connection share.
//
// Threads:    the reading half: who reads. The writing half: any thread, under lock_.
// Invariants: I1  bytes leave in the order in which write() was called: while something is
//                 buffered, only the flush sends.
//             I2  while something is buffered, a flush runs, or the connection has failed.
// Pairs:      P1  closing_: close, abort -> receive: who reads knows that it was this end
// Design:     docs/design/stream.md

#pragma once

#include "net/byte_buffer.hpp"
#include <eddy/base/atomic.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/future.hpp>
#include <eddy/net/stream.hpp>
#include <eddy/net/tls.hpp>
#include <eddy/net/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

class stream_core final : public std::enable_shared_from_this<stream_core> {
public:
    using pieces = std::span<const std::span<const std::byte>>;

    stream_core(std::unique_ptr<transport> carrier, std::size_t limit) noexcept
        : carrier_(std::move(carrier)), limit_(limit) {}
    /// Closes it: over TLS the peer is told that this is the end.
    ~stream_core();
    stream_core(const stream_core&) = delete;
    stream_core& operator=(const stream_core&) = delete;

    // -- who reads --

    [[nodiscard]] byte_buffer& received() noexcept { return received_; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] bool ended() const noexcept { return ended_; }
    /// Moves what is buffered into `into`, or receives there, past the buffer. 0: the stream has
    /// ended.
    [[nodiscard]] coro<std::size_t> receive(std::span<std::byte> into);
    /// Receives more into the buffer. False: the stream has ended.
    [[nodiscard]] coro<bool> fill();

    // -- who writes --

    void write(pieces what);
    void write_eof();
    [[nodiscard]] coro<> drain();
    [[nodiscard]] coro<> wait_closed();
    [[nodiscard]] std::size_t unsent() const noexcept;
    void set_limits(std::size_t high, std::size_t low);

    /// Goes over to TLS when all has been sent. Nobody reads or writes meanwhile. If it fails, the
    /// stream is closed.
    [[nodiscard]] coro<> secure(tls_options how);

    // -- any thread --

    void close() noexcept;
    void abort() noexcept;
    [[nodiscard]] bool closing() const noexcept { return closing_.load(acquire); } // P1
    [[nodiscard]] std::string peer() const;
    /// Not while it is secured.
    [[nodiscard]] transport& carrier() noexcept { return *carrier_; }

private:
    using waiters = std::vector<promise<void>>;
    /// Who is told something when the lock has been given back: they may use the stream at once.
    struct told {
        waiters drains;
        waiters closes;
        ~told();
    };
    enum class flush_state : std::uint8_t { ended, blocked };

    [[nodiscard]] sys::io_result try_read(std::span<std::byte> into);
    [[nodiscard]] bool was_reset() const noexcept;
    [[nodiscard]] std::size_t send_now(pieces what) noexcept;
    void start_flush();
    [[nodiscard]] static coro<> flush(std::shared_ptr<stream_core> self);
    [[nodiscard]] flush_state flush_some();
    [[nodiscard]] flush_state shutdown_locked();
    void throw_if_failed() const;
    /// Has drain() wait until all is sent; gives the low-water mark there was.
    [[nodiscard]] std::uint32_t start_emptying() noexcept;
    [[nodiscard]] std::unique_ptr<transport> take_carrier(std::uint32_t low);
    void put_carrier(std::unique_ptr<transport> carrier);
    void fail(const std::error_code& error) noexcept;
    void fail_locked(const std::error_code& error) noexcept;
    void close_locked() noexcept;
    void unpause(told& later) noexcept;
    void tell_if_closed(told& later) noexcept;
    [[nodiscard]] future<void> wait_in(waiters told::* whom);

    std::unique_ptr<transport> carrier_; // never null; a closed one while it is secured
    const std::size_t limit_;

    byte_buffer received_;
    std::error_code read_failure_;
    bool ended_ = false;

    atomic<bool> closing_{false}; // written under lock_
    mutable spin_lock lock_;      // guards what follows; held over a system call, but no wait
    bool flushing_ = false;
    bool paused_ = false;
    bool eof_wanted_ = false;
    bool closed_ = false; // the carrier is
    std::uint32_t high_ = 64U * 1024;
    std::uint32_t low_ = 16U * 1024;
    byte_buffer unsent_;
    std::error_code failure_;
    std::unique_ptr<told> waiting_; // who has to be told
};

/// For functions that make new ends of old ones.
struct stream_parts {
    /// Throws: invalid_state_error if the ends are not those of one connection.
    [[nodiscard]] static const std::shared_ptr<stream_core>& shared_by(const stream_ends& ends);
};

} // namespace eddy::inline v0
