// fault_plan.hpp — tests make chosen system calls fail.
//
// While a plan exists, every wrapper of base/syscall.hpp asks it first; without one that costs a
// load of a constant-initialised pointer and a branch that is never taken.
//
// Threads:    construction, destruction: while no other thread makes system calls.
//             fail, shorten, calls, take: any thread.
// Invariants: I1  at most one plan exists.
// Pairs:      P1  active_: constructor -> active: a wrapper that sees the plan sees it built

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/mutex.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace eddy::inline v0::sys {

/// The calls that can be made to fail.
enum class call : std::uint8_t {
    epoll_create1,
    epoll_ctl,
    epoll_pwait2,
    epoll_wait,
    eventfd,
    eventfd_write,
    eventfd_read,
    read,
    write,
    pipe2,
    close,
    poll,
    sched_getaffinity,
    getrandom,
    socket,
    socketpair,
    bind,
    listen,
    accept4,
    connect,
    shutdown,
    setsockopt,
    getsockopt,
    recv,
    send,
    sendfile,
    spawn,
    pidfd_open,
    pidfd_send_signal,
    waitid,
    signalfd,
    open,
    pread,
    pwrite,
    fsync,
    fstat,
    inotify_init1,
    inotify_add_watch,
    memfd_create,
    mmap,
    count_of_calls // the last one
};
inline constexpr std::size_t call_count = static_cast<std::size_t>(call::count_of_calls);

/// Makes chosen system calls of the whole process fail while it lives.
class fault_plan {
public:
    static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

    /// What a wrapper has to do instead of its call: fail with `error` if that is not 0, else move
    /// at most `bytes_max` bytes.
    struct fault {
        int error = 0;
        std::size_t bytes_max = no_limit;
    };

    EDDY_API fault_plan() noexcept;
    EDDY_API ~fault_plan();
    fault_plan(const fault_plan&) = delete;
    fault_plan& operator=(const fault_plan&) = delete;

    /// Calls `first` to `first + times - 1` of `which`, counted from 1, fail with `error`.
    EDDY_API void fail(call which, std::size_t first, int error, std::size_t times = 1);

    /// The same calls move at most `bytes_max` bytes.
    EDDY_API void shorten(call which, std::size_t first, std::size_t bytes_max,
                          std::size_t times = 1);

    /// How often `which` was called since the plan was made.
    [[nodiscard]] EDDY_API std::size_t calls(call which) const;

    /// Whether some calls are made to move less than they could.
    [[nodiscard]] EDDY_API bool shortens() const noexcept;

    // -- the wrappers --

    /// The plan in force, or nullptr.
    [[nodiscard]] static fault_plan* active() noexcept { return active_.load(acquire); } // P1

    /// Counts one call of `which` and says what becomes of it.
    [[nodiscard]] EDDY_API fault take(call which) noexcept;

private:
    struct rule {
        call which;
        std::size_t first;
        std::size_t times;
        fault effect;
    };

    EDDY_API static constinit atomic<fault_plan*> active_;

    mutable std::mutex mutex_;
    std::array<std::size_t, call_count> calls_{};
    std::vector<rule> rules_;
};

} // namespace eddy::inline v0::sys
