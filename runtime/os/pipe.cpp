// pipe.cpp — reading and writing until the kernel says EAGAIN.

#include <eddy/base/syscall_process.hpp>
#include <eddy/os/pipe.hpp>

#include <algorithm>
#include <system_error>

namespace eddy::inline v0 {
namespace {

constexpr std::size_t chunk_bytes = 64UL * 1024; // what a pipe holds

constexpr const char* reading = "read from a pipe";
constexpr const char* writing = "write to a pipe";

async_fd adopted(owned_fd fd) {
    if (const std::error_code error = sys::make_nonblocking(fd.get())) {
        throw std::system_error(error, "take over the end of a pipe");
    }
    return async_fd(std::move(fd));
}

} // namespace

// -- reading --

pipe_reader::pipe_reader(owned_fd fd) : fd_(adopted(std::move(fd))) {}

coro<std::size_t> pipe_reader::read_some(std::span<std::byte> into) {
    if (into.empty()) {
        co_return 0;
    }
    // 0: that less came than was asked for does not mean that no more is there: the end is.
    const sys::io_result got = co_await fd_.perform(interest::read, 0, reading,
                                                    [into](int fd) { return sys::read(fd, into); });
    if (got.error) {
        throw std::system_error(got.error, reading);
    }
    co_return got.bytes;
}

coro<std::string> pipe_reader::read(std::size_t bytes_max) {
    std::string out(std::min(bytes_max, chunk_bytes), '\0');
    out.resize(co_await read_some(std::as_writable_bytes(std::span(out))));
    co_return out;
}

coro<std::string> pipe_reader::read_all() {
    std::string out;
    for (std::size_t used = 0;;) {
        out.resize(std::max(used + chunk_bytes, 2 * used));
        const std::size_t got =
            co_await read_some(std::as_writable_bytes(std::span(out)).subspan(used));
        used += got;
        if (got == 0) {
            out.resize(used);
            co_return out;
        }
    }
}

// -- writing --

pipe_writer::pipe_writer(owned_fd fd) : fd_(adopted(std::move(fd))) {}

coro<std::size_t> pipe_writer::write_some(std::span<const std::byte> from) {
    if (from.empty()) {
        co_return 0;
    }
    const sys::io_result put = co_await fd_.perform(
        interest::write, 0, writing, [from](int fd) { return sys::write_pipe(fd, from); });
    if (put.error) {
        throw std::system_error(put.error, writing);
    }
    co_return put.bytes;
}

coro<> pipe_writer::write_all(std::span<const std::byte> from) {
    while (!from.empty()) {
        from = from.subspan(co_await write_some(from));
    }
}

pipe_ends pipe() {
    const auto [read_end, write_end] = sys::pipe2();
    owned_fd reader(read_end);
    owned_fd writer(write_end);
    return {pipe_reader(std::move(reader)), pipe_writer(std::move(writer))};
}

} // namespace eddy::inline v0
