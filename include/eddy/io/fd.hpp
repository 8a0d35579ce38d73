// fd.hpp — the one owner of a file descriptor.
//
// Threads:    one at a time.
// Invariants: I1  a descriptor is closed exactly once, by the owned_fd that holds it last.

#pragma once

#include <eddy/base/syscall.hpp>

#include <system_error>
#include <utility>

namespace eddy::inline v0 {

/// Closes the descriptor it holds when it dies; moving hands the duty on.
class owned_fd {
public:
    owned_fd() noexcept = default;
    explicit owned_fd(int fd) noexcept : fd_(fd) {}
    owned_fd(owned_fd&& other) noexcept : fd_(other.release()) {}
    owned_fd& operator=(owned_fd&& other) noexcept {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    ~owned_fd() { reset(); }

    /// The descriptor, or -1.
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Gives the descriptor away: the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    /// Closes what it holds and takes `fd`; gives the error of the close (a late write error).
    std::error_code reset(int fd = -1) noexcept {
        const int old = std::exchange(fd_, fd);
        return old >= 0 ? sys::close(old) : std::error_code();
    }

private:
    int fd_ = -1;
};

} // namespace eddy::inline v0
