// syscall.cpp — the system calls, and the one place where errno is read.

#include "base/attempt.hpp"
#include <eddy/base/assert.hpp>
#include <eddy/base/atomic.hpp>
#include <eddy/base/fault_plan.hpp>
#include <eddy/base/syscall.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

namespace eddy::inline v0::sys {

namespace {

timespec timespec_of(std::chrono::nanoseconds span) noexcept {
    span = std::max(span, std::chrono::nanoseconds::zero());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(span);
    return {.tv_sec = whole.count(), .tv_nsec = (span - whole).count()};
}

/// Rounded up: a wait that ends early would be repeated with a timeout of 0 until it is time.
int milliseconds_of(std::chrono::nanoseconds timeout) noexcept {
    if (timeout == forever) {
        return -1;
    }
    if (timeout <= std::chrono::nanoseconds::zero()) {
        return 0;
    }
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(
        std::min<std::chrono::nanoseconds>(timeout, std::chrono::milliseconds(INT_MAX)));
    return static_cast<int>(whole.count());
}

constinit atomic<bool> kernel_lacks_pwait2{false};

int wait_in_nanoseconds(int epoll, std::span<epoll_event> events,
                        std::chrono::nanoseconds timeout) noexcept {
    return attempt(call::epoll_pwait2, [&](std::size_t) {
        const timespec limit = timespec_of(timeout);
        return ::epoll_pwait2(epoll, events.data(), static_cast<int>(events.size()),
                              timeout == forever ? nullptr : &limit, nullptr);
    });
}

int wait_in_milliseconds(int epoll, std::span<epoll_event> events,
                         std::chrono::nanoseconds timeout) noexcept {
    return attempt(call::epoll_wait, [&](std::size_t) {
        return ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()),
                            milliseconds_of(timeout));
    });
}

/// Old kernels answer ENOSYS, some sandboxes EPERM.
bool is_missing_call(int result) noexcept {
    return result < 0 && (errno == ENOSYS || errno == EPERM);
}

} // namespace

void throw_error(const char* call, int error) {
    throw std::system_error(error, std::system_category(), call);
}

void die(const char* call, int error) noexcept {
    std::fprintf(stderr, "eddy: %s: %s; going on could lose a wake-up\n", call,
                 std::strerror(error));
    std::abort();
}

// -- epoll and eventfd --

int epoll_create1() {
    const int fd =
        attempt(call::epoll_create1, [](std::size_t) { return ::epoll_create1(EPOLL_CLOEXEC); });
    if (fd < 0) {
        throw_error("epoll_create1", errno);
    }
    return fd;
}

std::error_code epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    return error_of(attempt(call::epoll_ctl,
                            [&](std::size_t) { return ::epoll_ctl(epoll, operation, fd, event); }));
}

std::size_t epoll_pwait2(int epoll, std::span<epoll_event> events,
                         std::chrono::nanoseconds timeout) {
    int count = -1;
    // hint: a thread that does not know yet finds out with one failed call
    bool missing = kernel_lacks_pwait2.load(relaxed);
    if (!missing) {
        count = wait_in_nanoseconds(epoll, events, timeout);
        missing = is_missing_call(count);
        if (missing && fault_plan::active() == nullptr) {
            kernel_lacks_pwait2.store(true, relaxed); // hint: as above
        }
    }
    if (missing) {
        count = wait_in_milliseconds(epoll, events, timeout);
    }
    if (count < 0 && errno != EINTR) {
        throw_error(missing ? "epoll_wait" : "epoll_pwait2", errno);
    }
    return count < 0 ? 0 : static_cast<std::size_t>(count);
}

int eventfd() {
    const int fd = attempt(call::eventfd,
                           [](std::size_t) { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); });
    if (fd < 0) {
        throw_error("eventfd", errno);
    }
    return fd;
}

void eventfd_write(int fd) noexcept {
    const ssize_t written = attempt_until_uninterrupted(call::eventfd_write, [&](std::size_t) {
        const std::uint64_t one = 1;
        return ::write(fd, &one, sizeof one);
    });
    if (written < 0 && errno != EAGAIN) {
        die("write to an eventfd", errno);
    }
}

std::uint64_t eventfd_read(int fd) noexcept {
    std::uint64_t writes = 0;
    const ssize_t taken = attempt_until_uninterrupted(
        call::eventfd_read, [&](std::size_t) { return ::read(fd, &writes, sizeof writes); });
    if (taken < 0 && errno != EAGAIN) {
        die("read from an eventfd", errno);
    }
    return writes;
}

// -- descriptors --

io_result read(int fd, std::span<std::byte> into) noexcept {
    return io_result_of(attempt_until_uninterrupted(call::read, [&](std::size_t bytes_max) {
        return ::read(fd, into.data(), std::min(into.size(), bytes_max));
    }));
}

io_result write(int fd, std::span<const std::byte> from) noexcept {
    return io_result_of(attempt_until_uninterrupted(call::write, [&](std::size_t bytes_max) {
        return ::write(fd, from.data(), std::min(from.size(), bytes_max));
    }));
}

std::array<int, 2> pipe2() {
    std::array<int, 2> ends{-1, -1};
    const int result = attempt(
        call::pipe2, [&](std::size_t) { return ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK); });
    if (result < 0) {
        throw_error("pipe2", errno);
    }
    return ends;
}

std::error_code close(int fd) noexcept {
    // Linux gives the number back even when close fails: a second try could hit another file.
    const std::error_code real = error_of(::close(fd));
    EDDY_ASSERT(real != std::errc::bad_file_descriptor);
    const std::error_code planned = error_of(attempt(call::close, [](std::size_t) { return 0; }));
    const std::error_code result = planned ? planned : real;
    return result == std::errc::interrupted ? std::error_code() : result;
}

std::size_t poll(std::span<pollfd> fds, std::chrono::nanoseconds timeout) {
    const int count = attempt(call::poll, [&](std::size_t) {
        const timespec limit = timespec_of(timeout);
        return ::ppoll(fds.data(), fds.size(), timeout == forever ? nullptr : &limit, nullptr);
    });
    if (count < 0 && errno != EINTR) {
        throw_error("ppoll", errno);
    }
    return count < 0 ? 0 : static_cast<std::size_t>(count);
}

// -- the thread and the machine --

void sched_yield() noexcept {
    ::sched_yield();
}

std::size_t sched_getaffinity_count() {
    constexpr std::size_t sets_max = 1024; // a million processors
    // EINVAL means that the kernel's mask is longer than ours.
    for (std::size_t sets = 1; sets <= sets_max; sets *= 2) {
        std::vector<cpu_set_t> mask(sets);
        const std::size_t bytes = sets * sizeof(cpu_set_t);
        const int result = attempt(call::sched_getaffinity, [&](std::size_t) {
            return ::sched_getaffinity(0, bytes, mask.data());
        });
        if (result == 0) {
            return static_cast<std::size_t>(CPU_COUNT_S(bytes, mask.data()));
        }
        if (errno != EINVAL) {
            break;
        }
    }
    throw_error("sched_getaffinity", errno);
}

void getrandom(std::span<std::byte> into) {
    while (!into.empty()) {
        const ssize_t taken =
            attempt_until_uninterrupted(call::getrandom, [&](std::size_t bytes_max) {
                return ::getrandom(into.data(), std::min(into.size(), bytes_max), 0);
            });
        if (taken < 0) {
            throw_error("getrandom", errno);
        }
        into = into.subspan(static_cast<std::size_t>(taken));
    }
}

int gettid() noexcept {
    return ::gettid();
}

void set_thread_name(const char* name) noexcept {
    constexpr std::size_t length_max = 15;
    std::array<char, length_max + 1> cut{};
    std::strncpy(cut.data(), name, length_max);
    ::pthread_setname_np(::pthread_self(), cut.data());
}

void at_fork_in_child(void (*fn)()) {
    if (const int error = ::pthread_atfork(nullptr, nullptr, fn)) {
        throw_error("pthread_atfork", error);
    }
}

blocked_signals::blocked_signals() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

blocked_signals::~blocked_signals() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::int64_t monotonic_ns() noexcept {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * ns_per_second + now.tv_nsec;
}

} // namespace eddy::inline v0::sys
