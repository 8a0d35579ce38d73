// syscall.hpp — every system call the library makes, each behind one function.
//
// Interrupted calls (EINTR) are retried here or become a spurious return; callers never see them.
// An error that callers have to expect (EAGAIN, a peer's reset) is part of the result; every other
// one is a std::system_error whose text names the call. Descriptors are created CLOEXEC and
// non-blocking.
//
// Threads:    any.
// Design:     the test seam is base/fault_plan.hpp

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/export.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include <signal.h>

struct epoll_event;
struct pollfd;

namespace eddy::inline v0::sys {

/// A timeout that never ends, for epoll_pwait2 and poll.
inline constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();

/// EAGAIN. It is asked after every call, so it looks at the number first: comparing with an
/// std::errc is five calls into the C++ library.
[[nodiscard]] inline bool is_would_block(const std::error_code& error) noexcept {
    return error.value() == EAGAIN && (error.category() == std::system_category() ||
                                       error.category() == std::generic_category());
}

/// Bytes moved, or why none were.
struct io_result {
    std::size_t bytes = 0;
    std::error_code error;

    [[nodiscard]] bool would_block() const noexcept { return is_would_block(error); }
};

/// Throws `error` as a std::system_error that names `call`.
[[noreturn]] EDDY_API void throw_error(const char* call, int error);

/// Prints `call` and `error` and aborts: for failures after which a wake-up could be lost unseen.
[[noreturn]] EDDY_API void die(const char* call, int error) noexcept;

// -- epoll and eventfd --

[[nodiscard]] EDDY_API int epoll_create1();

/// The error is a result: a descriptor that epoll refuses is the user's, not ours.
[[nodiscard]] EDDY_API std::error_code epoll_ctl(int epoll, int operation, int fd,
                                                 epoll_event* event) noexcept;

/// Waits until `timeout` has passed (0 or less: looks only) and gives the number of events written
/// to `events`; a signal gives 0. Where the kernel lacks epoll_pwait2, epoll_wait with the
/// milliseconds rounded up takes its place.
[[nodiscard]] EDDY_API std::size_t epoll_pwait2(int epoll, std::span<epoll_event> events,
                                                std::chrono::nanoseconds timeout);

[[nodiscard]] EDDY_API int eventfd();

/// Makes `fd` readable. A full counter means that it already is; any other failure is fatal, since
/// a lost wake-up is worse.
EDDY_API void eventfd_write(int fd) noexcept;

/// Gives the number of writes since the last read, 0 if there were none.
EDDY_API std::uint64_t eventfd_read(int fd) noexcept;

// -- descriptors --

/// May move fewer bytes than asked for; 0 bytes without an error is the end of the file.
[[nodiscard]] EDDY_API io_result read(int fd, std::span<std::byte> into) noexcept;
[[nodiscard]] EDDY_API io_result write(int fd, std::span<const std::byte> from) noexcept;

/// Gives the reading end, then the writing end.
[[nodiscard]] EDDY_API std::array<int, 2> pipe2();

/// The descriptor is gone afterwards whatever the result says: never call it twice.
EDDY_API std::error_code close(int fd) noexcept;

/// Blocks until a descriptor is ready; gives how many are, 0 after `timeout` or a signal.
[[nodiscard]] EDDY_API std::size_t poll(std::span<pollfd> fds, std::chrono::nanoseconds timeout);

// -- the thread and the machine --

EDDY_API void sched_yield() noexcept;

/// Gives the number of processors this thread may run on.
[[nodiscard]] EDDY_API std::size_t sched_getaffinity_count();

/// Fills `into` with random bytes.
EDDY_API void getrandom(std::span<std::byte> into);

[[nodiscard]] EDDY_API int gettid() noexcept;

/// Names the calling thread, for debuggers and top: the first 15 characters count.
EDDY_API void set_thread_name(const char* name) noexcept;

/// Has `fn` called in the child of each fork(), by the thread that is left there, for good.
///
/// Throws: std::system_error.
EDDY_API void at_fork_in_child(void (*fn)());

/// Blocks all signals of the thread while it lives; threads started meanwhile begin like that.
class EDDY_API blocked_signals {
public:
    blocked_signals() noexcept;
    ~blocked_signals();
    blocked_signals(const blocked_signals&) = delete;
    blocked_signals& operator=(const blocked_signals&) = delete;

private:
    sigset_t before_{};
};

/// CLOCK_MONOTONIC in nanoseconds.
[[nodiscard]] EDDY_API std::int64_t monotonic_ns() noexcept;

} // namespace eddy::inline v0::sys
