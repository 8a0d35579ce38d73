// pipe.cpp — a pipe between processes, with calls that move a whole value or throw.

#include "pipe.hpp"

#include <eddy/io/fd.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace eddy::compare {

namespace {

void close_end(int& end) noexcept {
    if (end >= 0) {
        ::close(std::exchange(end, -1));
    }
}

// 0 only at the end of the pipe.
std::size_t read_some(int end, void* data, std::size_t count) {
    while (true) {
        const ssize_t got = ::read(end, data, count);
        if (got >= 0) {
            return static_cast<std::size_t>(got);
        }
        if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "read");
        }
    }
}

std::size_t read_some_or_throw(int end, void* data, std::size_t count) {
    const std::size_t got = read_some(end, data, count);
    if (got == 0) {
        throw std::runtime_error("the other end of a pipe was closed early");
    }
    return got;
}

} // namespace

void pipe_place::take_byte() const {
    const std::string path =
        "/proc/" + std::to_string(process) + "/fd/" + std::to_string(descriptor);
    const owned_fd end(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (end.get() < 0) {
        throw std::system_error(errno, std::generic_category(), "open " + path);
    }
    char byte = 0;
    (void)read_some_or_throw(end.get(), &byte, 1);
}

pipe::pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) {
        throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    read_end_ = ends[0];
    write_end_ = ends[1];
}

pipe::~pipe() {
    close_read_end();
    close_write_end();
}

void pipe::close_read_end() noexcept {
    close_end(read_end_);
}
void pipe::close_write_end() noexcept {
    close_end(write_end_);
}

pipe_place pipe::place() const noexcept {
    return {.process = ::getpid(), .descriptor = read_end_};
}

void pipe::skip(std::size_t count) const {
    std::array<std::byte, 4096> dropped;
    while (count > 0) {
        count -= read_some_or_throw(read_end_, dropped.data(), std::min(count, dropped.size()));
    }
}

void pipe::wait_for_end() const {
    std::byte unexpected{};
    if (read_some(read_end_, &unexpected, 1) != 0) {
        throw std::runtime_error("a pipe that only signals its end carried data");
    }
}

void pipe::read_bytes(void* data, std::size_t count) const {
    auto* next = static_cast<std::byte*>(data);
    while (count > 0) {
        const std::size_t got = read_some_or_throw(read_end_, next, count);
        next += got;
        count -= got;
    }
}

void pipe::write_bytes(const void* data, std::size_t count) const {
    const auto* next = static_cast<const std::byte*>(data);
    while (count > 0) {
        const ssize_t written = ::write(write_end_, next, count);
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw std::system_error(errno, std::generic_category(), "write");
        }
        next += written;
        count -= static_cast<std::size_t>(written);
    }
}

} // namespace eddy::compare
