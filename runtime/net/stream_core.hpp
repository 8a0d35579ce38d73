// stream_core.hpp — what the two ends of a connection share.
//
// Threads:    the reading half: who has a reading_turn. The writing half: any thread, under lock_.
// Memory:     one block with its reference counts and a socket; buffers while something is in them.
// Invariants: I1  bytes leave in the order in which write() was called: while something is
//                 buffered, only the flush sends.
//             I2  while something is buffered, a flush runs, or the connection has failed.
//             I3  one task reads at a time; a second one is told so.
// Pairs:      P1  closing_: close, abort -> try_read: who reads knows that it was this end
//             P2  reading_: end_reading -> begin_reading: the buffer, from one reader to the next
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
#include <eddy/sched/sleep.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace eddy::inline v0 {

class stream_core final : public std::enable_shared_from_this<stream_core> {
    template <typename Op>
    struct awaited_as;

public:
    using pieces = std::span<const std::span<const std::byte>>;

    stream_core(std::unique_ptr<transport> carrier, std::size_t limit) noexcept
        : carried_by_(std::move(carrier)), limit_(limit) {}
    stream_core(socket over, std::size_t limit) noexcept
        : carried_by_(std::in_place_type<socket_transport>, std::move(over)), limit_(limit) {}
    /// Closes it: over TLS the peer is told that this is the end.
    ~stream_core();
    stream_core(const stream_core&) = delete;
    stream_core& operator=(const stream_core&) = delete;

    // -- who reads --

    /// Throws: invalid_state_error if another task does; `call` is for its text.
    void begin_reading(const char* call);
    void end_reading() noexcept { reading_.store(false, release); } // P2

    [[nodiscard]] byte_buffer& received() noexcept { return received_; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] bool ended() const noexcept { return ended_; }

    /// Moves what is buffered into `into`, or receives there, past the buffer. 0: the stream has
    /// ended. Nothing: await input(), and try again.
    [[nodiscard]] std::optional<std::size_t> try_receive(std::span<std::byte> into);
    /// Receives more into the buffer. False: await input(), and try again; true: more has come, or
    /// the stream has ended.
    [[nodiscard]] bool try_fill();
    /// Waits for what the last try has missed: input, or the next turn.
    class input_op;
    [[nodiscard]] awaited_as<input_op> input() noexcept;
    /// try_fill, which may wait: `co_await core.fill()` gives false when the stream has ended, and
    /// true if it is worth while to look into the buffer again.
    class fill_op;
    [[nodiscard]] awaited_as<fill_op> fill() noexcept;

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
    [[nodiscard]] transport& carrier() noexcept {
        auto* const here = std::get_if<socket_transport>(&carried_by_);
        return here != nullptr ? *here : **std::get_if<std::unique_ptr<transport>>(&carried_by_);
    }
    [[nodiscard]] const transport& carrier() const noexcept {
        return const_cast<stream_core&>(*this).carrier(); // NOLINT: says what the other one does
    }

private:
    using waiters = std::vector<promise<void>>;
    /// Who is told something when the lock has been given back: they may use the stream at once.
    struct told {
        waiters drains;
        waiters closes;
        ~told();
    };
    enum class flush_state : std::uint8_t { ended, blocked };
    /// Why the last try to receive has given nothing.
    enum class missed : std::uint8_t { nothing, turn, input };

    /// Whether the step has something left of its budget.
    [[nodiscard]] bool has_turn() noexcept;
    [[nodiscard]] sys::io_result try_read(std::span<std::byte> into);
    /// After the exception that is being handled: it was this end that has closed the connection,
    /// or it is thrown again.
    void end_if_closing();
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

    // Never null; a socket of one's own, moved from while the stream is secured.
    std::variant<socket_transport, std::unique_ptr<transport>> carried_by_;
    const std::size_t limit_;

    atomic<bool> reading_{false}; // what follows is the reader's
    bool ended_ = false;
    missed missed_ = missed::nothing;
    byte_buffer received_;
    std::error_code read_failure_;

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

/// Becomes the op where it is awaited: nothing else stays in that frame.
template <typename Op>
struct stream_core::awaited_as {
    stream_core& of;
    Op operator co_await() && noexcept { return Op(of); }
};

class stream_core::input_op {
public:
    explicit input_op(stream_core& of) noexcept : of_(of) {}
    input_op(const input_op&) = delete;
    input_op& operator=(const input_op&) = delete;
    ~input_op() {} // NOLINT(modernize-use-equals-default): what waits in it holds nothing

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise);
    void await_resume();

protected:
    stream_core& of_; // NOLINT: of the one class that is derived

private:
    union {                 // by of_.missed_
        yield_op turn_;     // NOLINT(readability-identifier-naming): members of the class
        readiness_op wait_; // NOLINT(readability-identifier-naming)
    };
};

class stream_core::fill_op : private input_op {
public:
    using input_op::input_op;

    bool await_ready() { return of_.try_fill(); }
    using input_op::await_suspend;
    bool await_resume() {
        input_op::await_resume();
        return !of_.ended();
    }
};

inline stream_core::awaited_as<stream_core::input_op> stream_core::input() noexcept {
    return {*this};
}
inline stream_core::awaited_as<stream_core::fill_op> stream_core::fill() noexcept {
    return {*this};
}

/// One call of a reader, from its begin to its end.
class reading_turn {
public:
    /// Throws: invalid_state_error if another task reads, or `of` is null.
    reading_turn(const std::shared_ptr<stream_core>& of, const char* call);
    reading_turn(const reading_turn&) = delete;
    reading_turn& operator=(const reading_turn&) = delete;
    ~reading_turn() { core_.end_reading(); }

    [[nodiscard]] stream_core* operator->() const noexcept { return &core_; }
    [[nodiscard]] stream_core& operator*() const noexcept { return core_; }

private:
    stream_core& core_;
};

/// For functions that make new ends of old ones.
struct stream_parts {
    /// Throws: invalid_state_error if the ends are not those of one connection.
    [[nodiscard]] static const std::shared_ptr<stream_core>& shared_by(const stream_ends& ends);
};

} // namespace eddy::inline v0
