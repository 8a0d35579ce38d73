// file.cpp — each operation is a job that owns what it works on.

#include <eddy/base/syscall_process.hpp>
#include <eddy/exec/to_thread.hpp>
#include <eddy/os/file.hpp>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace eddy::inline v0 {

struct file::opened {
    owned_fd fd;
    std::string path;

    [[noreturn]] void fail(std::error_code error, const char* operation) const {
        throw std::system_error(error, operation + (" " + path));
    }
    // `of` is looked at after the call, which throws if there is none.
    static std::size_t checked(const std::shared_ptr<opened>& of, const sys::io_result& moved,
                               const char* operation) {
        if (moved.error) {
            of->fail(moved.error, operation);
        }
        return moved.bytes;
    }
};

namespace {

constexpr std::size_t chunk_bytes = 128UL * 1024;

std::span<std::byte> rest_of(std::string& text, std::size_t from) {
    return std::as_writable_bytes(std::span(text)).subspan(from);
}

// Fills `into` by `read(rest, done)` until that gives 0.
template <typename Read>
void fill(std::string& into, Read read) {
    std::size_t done = 0;
    while (done != into.size()) {
        const std::size_t got = read(rest_of(into, done), done);
        if (got == 0) {
            break;
        }
        done += got;
    }
    into.resize(done);
}

template <typename Write>
void empty(std::string& from, Write write) {
    for (std::size_t done = 0; done != from.size();) {
        done += write(rest_of(from, done), done);
    }
}

} // namespace

file::file() noexcept = default;
file::file(file&&) noexcept = default;
file& file::operator=(file&&) noexcept = default;
file::~file() = default;
file::file(std::shared_ptr<opened> of) noexcept : open_(std::move(of)) {}

const std::string& file::path() const noexcept {
    static const std::string none;
    return open_ != nullptr ? open_->path : none;
}

// For the jobs: so what is thrown comes out of the await.
int file::usable(const std::shared_ptr<opened>& of, const char* operation) {
    if (of == nullptr) {
        throw std::system_error(std::make_error_code(std::errc::bad_file_descriptor),
                                std::string(operation) + " a file that is closed");
    }
    return of->fd.get();
}

coro<std::string> file::read(std::size_t bytes_max) {
    return to_thread([mine = open_, bytes_max] {
        std::string out(std::min(bytes_max, chunk_bytes), '\0');
        out.resize(opened::checked(mine, sys::read(usable(mine, "read"), rest_of(out, 0)), "read"));
        return out;
    });
}

coro<std::string> file::read_all() {
    return to_thread([mine = open_] {
        std::string out;
        for (std::size_t used = 0;;) {
            out.resize(std::max(used + chunk_bytes, 2 * used));
            const std::size_t got =
                opened::checked(mine, sys::read(usable(mine, "read"), rest_of(out, used)), "read");
            used += got;
            if (got == 0) {
                out.resize(used);
                return out;
            }
        }
    });
}

coro<> file::write(std::string bytes) {
    return to_thread([mine = open_, bytes = std::move(bytes)]() mutable {
        empty(bytes, [&](std::span<std::byte> rest, std::size_t) {
            return opened::checked(mine, sys::write(usable(mine, "write"), rest), "write");
        });
    });
}

async_generator<std::string> file::lines() {
    const std::shared_ptr<opened> mine = open_;
    file same(mine);
    std::string rest;
    for (;;) {
        std::string chunk = co_await same.read(chunk_bytes);
        if (chunk.empty()) {
            break;
        }
        rest += chunk;
        std::size_t first = 0;
        for (std::size_t end; (end = rest.find('\n', first)) != std::string::npos;) {
            std::string line = rest.substr(first, end + 1 - first);
            first = end + 1;
            co_yield std::move(line);
        }
        rest.erase(0, first);
    }
    if (!rest.empty()) {
        co_yield std::move(rest);
    }
}

coro<std::string> file::pread(std::size_t bytes_max, std::int64_t offset) {
    return to_thread([mine = open_, bytes_max, offset] {
        std::string out(bytes_max, '\0');
        fill(out, [&](std::span<std::byte> rest, std::size_t done) {
            return opened::checked(
                mine,
                sys::pread(usable(mine, "pread"), rest, offset + static_cast<std::int64_t>(done)),
                "pread");
        });
        return out;
    });
}

coro<> file::pwrite(std::string bytes, std::int64_t offset) {
    return to_thread([mine = open_, bytes = std::move(bytes), offset]() mutable {
        empty(bytes, [&](std::span<std::byte> rest, std::size_t done) {
            return opened::checked(
                mine,
                sys::pwrite(usable(mine, "pwrite"), rest, offset + static_cast<std::int64_t>(done)),
                "pwrite");
        });
    });
}

coro<> file::fsync() {
    return to_thread([mine = open_] {
        if (const auto error = sys::fsync(usable(mine, "fsync"), sys::sync_what::all)) {
            mine->fail(error, "fsync");
        }
    });
}

coro<> file::fdatasync() {
    return to_thread([mine = open_] {
        if (const auto error = sys::fsync(usable(mine, "fdatasync"), sys::sync_what::data)) {
            mine->fail(error, "fdatasync");
        }
    });
}

coro<std::int64_t> file::size() {
    return to_thread([mine = open_] {
        const sys::size_result got = sys::file_size(usable(mine, "size of"));
        if (got.error) {
            mine->fail(got.error, "size of");
        }
        return got.size;
    });
}

coro<> file::close() {
    auto mine = open_;
    open_.reset();
    return to_thread([mine = std::move(mine)] {
        if (mine.use_count() == 1) {
            if (const auto error = mine->fd.reset()) {
                mine->fail(error, "close");
            }
        }
    });
}

coro<file> open(std::string path, int flags, unsigned permissions) {
    if (path.find('\0') != std::string::npos) { // the kernel would open what is before it
        throw std::invalid_argument("a zero byte in the path of a file, after '" +
                                    std::string(path.c_str()) + "'");
    }
    auto made = std::make_shared<file::opened>();
    made->path = std::move(path);
    co_await to_thread([made, flags, permissions] {
        const sys::fd_result got = sys::open(made->path.c_str(), flags, permissions);
        if (got.error) {
            made->fail(got.error, "open");
        }
        made->fd.reset(got.fd);
    });
    co_return file(std::move(made));
}

} // namespace eddy::inline v0
