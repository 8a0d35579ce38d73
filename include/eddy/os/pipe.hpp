// pipe.hpp — the two ends of a pipe, awaited.
//
// Threads:    one task at a time reads, one writes, on any worker. close: any thread.
// Memory:     nothing is buffered here.
// Cancel:     at once; bytes that were moved are never lost by it, but by read_all.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/io/fd.hpp>
#include <eddy/sched/async_fd.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace eddy::inline v0 {

/// What all of these throw: std::system_error: EBADF once it is closed, also to who waits; EBUSY if
/// another task is at it; what the kernel says.
class EDDY_API pipe_reader {
public:
    /// Reads nothing: everything throws EBADF.
    pipe_reader() noexcept = default;
    /// Takes over the reading end of a pipe, a terminal or anything else that epoll takes, and
    /// makes it non-blocking. Throws: std::system_error; std::bad_alloc; it is closed then.
    explicit pipe_reader(owned_fd fd);

    /// Fills `into`, which must stay until then, with what has come, waiting for the first byte. 0:
    /// the end.
    [[nodiscard]] coro<std::size_t> read_some(std::span<std::byte> into);
    /// The same as a string of at most `bytes_max` bytes; empty at the end.
    [[nodiscard]] coro<std::string> read(std::size_t bytes_max);
    /// Everything up to the end. A cancel drops what was read.
    [[nodiscard]] coro<std::string> read_all();

    void close() noexcept { (void)fd_.close(); }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_.get() >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Gives the descriptor away. Nobody may be reading.
    [[nodiscard]] owned_fd release() noexcept { return fd_.release(); }

private:
    async_fd fd_;
};

/// Errors as of pipe_reader; EPIPE if nobody reads any more, and never a SIGPIPE.
class EDDY_API pipe_writer {
public:
    pipe_writer() noexcept = default;
    explicit pipe_writer(owned_fd fd);

    /// Writes as much of `from`, which must stay until then, as there is room for, and waits for
    /// some.
    [[nodiscard]] coro<std::size_t> write_some(std::span<const std::byte> from);
    /// Writes all of it. After a cancel some of it has been written.
    [[nodiscard]] coro<> write_all(std::span<const std::byte> from);
    [[nodiscard]] coro<> write_all(std::string_view text) {
        return write_all(std::as_bytes(std::span(text)));
    }

    /// Who reads sees the end.
    void close() noexcept { (void)fd_.close(); }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_.get() >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] owned_fd release() noexcept { return fd_.release(); }

private:
    async_fd fd_;
};

struct pipe_ends {
    pipe_reader reader;
    pipe_writer writer;
};

/// A pipe whose ends are both here. Throws: std::system_error (EMFILE).
[[nodiscard]] EDDY_API pipe_ends pipe();

} // namespace eddy::inline v0
