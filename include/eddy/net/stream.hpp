// stream.hpp — the two ends of a connection, with asyncio's names: a reader that knows lines and
// lengths, a writer with flow control.
//
// Threads:    one task reads at a time; a second one gets invalid_state_error at once. Any number
//             of tasks write, each write as a whole. The ends may be used on different workers, and
//             handed from task to task.
// Memory:     an idle connection holds no buffer. A writer that is not drained holds what the peer
//             has not taken.
// Cancel:     at once; what has been received stays in the reader. Cancelling who writes does not
//             take back what was written.
// Design:     docs/design/stream.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/async_generator.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/net/address.hpp>
#include <eddy/net/stream_error.hpp>
#include <eddy/net/transport.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace eddy::inline v0 {

class stream_core;

/// How much a reader keeps for one line, or one readuntil.
inline constexpr std::size_t default_stream_limit = 64UL * 1024;

class EDDY_API stream_reader {
public:
    static constexpr std::size_t everything = std::numeric_limits<std::size_t>::max();

    /// Refers to nothing.
    stream_reader() noexcept;
    explicit stream_reader(std::shared_ptr<stream_core> of) noexcept;
    stream_reader(stream_reader&&) noexcept;
    stream_reader& operator=(stream_reader&&) noexcept;
    ~stream_reader();

    /// At most `bytes_max` bytes, as soon as there are some; empty at the end of the stream.
    /// `everything`: all that comes until then.
    /// Throws: std::system_error (ECONNRESET), a failure of the transport.
    [[nodiscard]] coro<std::string> read(std::size_t bytes_max = everything);
    /// The same into `into`, without a copy if nothing is buffered; 0 at the end, or for no room.
    [[nodiscard]] coro<std::size_t> read_into(std::span<std::byte> into);
    /// `bytes` bytes. Throws: incomplete_read_error, which has those that came; as read.
    [[nodiscard]] coro<std::string> readexactly(std::size_t bytes);
    /// All of `into`. Throws: as readexactly.
    [[nodiscard]] coro<> readexactly_into(std::span<std::byte> into);
    /// Everything up to and with `separator`.
    /// Throws: incomplete_read_error; limit_overrun_error if it does not come within the limit;
    ///         std::invalid_argument if it is empty.
    [[nodiscard]] coro<std::string> readuntil(std::string_view separator);
    /// A line with its "\n"; at the end of the stream what is left; then empty.
    /// Throws: limit_overrun_error if it is longer than the limit; the line is dropped then.
    [[nodiscard]] coro<std::string> readline();
    /// The lines, with their "\n", to the end of the stream. The reader must outlive it.
    [[nodiscard]] async_generator<std::string> lines();

    /// Whether the stream has ended and everything was read.
    [[nodiscard]] bool at_eof() const noexcept;
    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

private:
    friend struct stream_parts;
    std::shared_ptr<stream_core> core_;
};

class EDDY_API stream_writer {
public:
    /// Refers to nothing.
    stream_writer() noexcept;
    explicit stream_writer(std::shared_ptr<stream_core> of) noexcept;
    stream_writer(stream_writer&&) noexcept;
    stream_writer& operator=(stream_writer&&) noexcept;
    /// The connection is closed when both ends are gone and what was written has been sent, or the
    /// peer has taken nothing of that for half a minute.
    ~stream_writer();

    /// Sends `bytes`, at once as far as there is room, the rest in the background; await drain()
    /// before the next. After a failure they are dropped, and drain() throws.
    /// Throws: invalid_state_error after write_eof() or close(); std::bad_alloc.
    /// Cost:   one system call, and a copy of what there is no room for.
    void write(std::span<const std::byte> bytes);
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
    /// The pieces one after the other, in one system call if there is room.
    void writelines(std::span<const std::span<const std::byte>> pieces);
    void writelines(std::span<const std::string> pieces);

    /// Waits while more is unsent than the low-water mark, if it was more than the high one.
    /// Throws: std::system_error, why the connection failed.
    [[nodiscard]] coro<> drain();

    /// After what was written the peer sees the end of the stream; reading goes on.
    void write_eof();
    /// Closes the connection after what was written has been sent; who reads it sees its end.
    void close() noexcept;
    /// Closes at once; what was not sent is dropped.
    void abort() noexcept;
    [[nodiscard]] bool is_closing() const noexcept;
    /// Waits until it is closed. Throws: std::system_error, why it failed before.
    [[nodiscard]] coro<> wait_closed();

    /// Unsent bytes.
    [[nodiscard]] std::size_t buffered() const noexcept;
    /// From more than `high` unsent bytes on drain() waits, until there are at most `low`.
    /// Default: 64 KiB and 16 KiB. Throws: std::invalid_argument if low > high.
    void set_write_buffer_limits(std::size_t high, std::size_t low);

    /// "peername", "sockname"; with TLS "cipher", "version", "alpn", "peercert". Empty if there is
    /// no such thing; a peer that is gone has no name any more: ask at the beginning.
    [[nodiscard]] std::string get_extra_info(std::string_view name) const;
    /// The socket below, for its options; nullptr if there is none. Do not send or receive.
    [[nodiscard]] socket* get_socket() noexcept;
    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

private:
    friend struct stream_parts;

    std::shared_ptr<stream_core> core_;
};

/// The ends of a connection.
using stream_ends = std::pair<stream_reader, stream_writer>;

/// Makes the ends of a connection over `carrier`, which may be another program's transport.
/// Throws: std::bad_alloc.
[[nodiscard]] EDDY_API stream_ends open_stream(std::unique_ptr<transport> carrier,
                                               std::size_t limit = default_stream_limit);
/// The same over a connected socket.
[[nodiscard]] EDDY_API stream_ends open_stream(socket connection,
                                               std::size_t limit = default_stream_limit);

} // namespace eddy::inline v0
