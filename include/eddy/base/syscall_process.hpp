// syscall_process.hpp — the system calls on processes, what they share, signals, files and watches
// of files, each behind one function; rules as in base/syscall.hpp.
//
// Threads:    any.
// Design:     the test seam is base/fault_plan.hpp

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/syscall.hpp>
#include <eddy/base/syscall_socket.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>

#include <signal.h>

namespace eddy::inline v0::sys {

// -- processes --

enum class spawn_session : std::uint8_t { ours, its_own };

/// A program to start, and with what.
struct spawn_request {
    const char* program;                    // looked for in PATH if it has no slash
    char* const* arguments;                 // the first is the program's name; then null
    char* const* environment = nullptr;     // "NAME=value", then null; null: ours
    const char* directory = nullptr;        // null: ours
    std::array<int, 3> streams{-1, -1, -1}; // become 0, 1, 2; -1: ours
    std::span<const int> kept_open{};       // besides these; nothing else is open in it
    spawn_session session = spawn_session::ours;
};

struct spawn_result {
    int pid = -1;
    std::error_code error;
};

/// Starts it, with no signal blocked and every signal's default action. The thread waits until the
/// program runs or has failed to.
[[nodiscard]] EDDY_API spawn_result spawn(const spawn_request& what) noexcept;

/// A descriptor of a child that has not been waited for; readable when it has ended.
[[nodiscard]] EDDY_API fd_result pidfd_open(int pid) noexcept;

/// Ends a child by force, and waits for it: for one that cannot be watched.
EDDY_API void kill_and_reap(int pid) noexcept;
/// Blocks until the child has ended.
EDDY_API void reap(int pid) noexcept;

/// How a child has ended: its exit status, or the signal that ended it as a negative number.
struct exit_result {
    int status = 0;
    std::size_t bytes = 0; // none; so that async_fd can ask for it
    std::error_code error; // EAGAIN: it runs; ECHILD: how it has ended is not known

    [[nodiscard]] bool would_block() const noexcept {
        return error == std::errc::resource_unavailable_try_again;
    }
};

/// Looks whether the child has ended, and lets go of it then. If somebody else has done that, or
/// SIGCHLD is ignored, Linux knows the status from 6.15 on.
[[nodiscard]] EDDY_API exit_result wait_for_child(int pidfd) noexcept;
/// Whether nobody can wait for the children of this process: SIGCHLD is ignored.
[[nodiscard]] EDDY_API bool drops_children() noexcept;

/// ESRCH: it has ended.
[[nodiscard]] EDDY_API std::error_code pidfd_send_signal(int pidfd, int signal) noexcept;

/// A pipe of which one end is for us and does not block, and the other for a child, which does not
/// expect that.
enum class our_end : std::uint8_t { reads, writes };
[[nodiscard]] EDDY_API fd_pair child_pipe(our_end which) noexcept;

/// As write, and never raises SIGPIPE.
[[nodiscard]] EDDY_API io_result write_pipe(int fd, std::span<const std::byte> from) noexcept;

/// Has the kernel kill this process when the thread that started it ends. False: whoever started
/// it is not `parent` (any more).
[[nodiscard]] EDDY_API bool die_with_parent(int parent) noexcept;
[[nodiscard]] EDDY_API int getpid() noexcept;

enum class limited : std::uint8_t { address_space_bytes, cpu_seconds };
/// Of this process, from now on, without a way back.
[[nodiscard]] EDDY_API std::error_code set_limit(limited what, std::uint64_t most) noexcept;

/// Memory that other processes may map too, by its descriptor; all zero. Nobody can make it
/// smaller.
[[nodiscard]] EDDY_API fd_result shared_memory(const char* name, std::size_t bytes) noexcept;
/// Empty: it failed, and errno says why.
[[nodiscard]] EDDY_API std::span<std::byte> map_shared(int fd, std::size_t bytes) noexcept;
EDDY_API void unmap(std::span<std::byte> mapped) noexcept;

/// Has the kernel back memory that has not been touched by large pages, where it can: to touch 100
/// MB for the first time takes a fifth of the time.
EDDY_API void prefer_large_pages(std::span<std::byte> memory) noexcept;

/// A descriptor that was passed on to this process is not passed on any further.
[[nodiscard]] EDDY_API std::error_code keep_from_children(int fd) noexcept;

/// A copy of `fd` that is none of the three standard ones.
[[nodiscard]] EDDY_API fd_result dup_above_standard(int fd) noexcept;

// -- signals --

[[nodiscard]] EDDY_API fd_result signalfd(const sigset_t& which) noexcept;

struct signal_result {
    int signal = 0;
    int pid = 0; // of who sent it
    int code = 0;
    std::size_t bytes = 0;
    std::error_code error;

    [[nodiscard]] bool would_block() const noexcept {
        return error == std::errc::resource_unavailable_try_again;
    }
};
[[nodiscard]] EDDY_API signal_result read_signal(int signalfd) noexcept;

/// Blocks signals in the calling thread, and in those that it starts later.
EDDY_API void block_signals(const sigset_t& which) noexcept;
[[nodiscard]] EDDY_API sigset_t blocked_signals_of_thread() noexcept;
EDDY_API void set_blocked_signals(const sigset_t& which) noexcept;
/// Ends the process by `signal`, as if nobody had blocked it.
[[noreturn]] EDDY_API void die_by(int signal) noexcept;

/// How long a thread of this process (gettid) has had a processor, up to this moment if it has one
/// now. Negative: there is no such thread.
[[nodiscard]] EDDY_API std::int64_t thread_cpu_ns(int thread) noexcept;

// -- files --

[[nodiscard]] EDDY_API fd_result open(const char* path, int flags, unsigned permissions) noexcept;
[[nodiscard]] EDDY_API io_result pread(int fd, std::span<std::byte> into,
                                       std::int64_t offset) noexcept;
[[nodiscard]] EDDY_API io_result pwrite(int fd, std::span<const std::byte> from,
                                        std::int64_t offset) noexcept;
enum class sync_what : std::uint8_t { all, data };
[[nodiscard]] EDDY_API std::error_code fsync(int fd, sync_what what) noexcept;

struct size_result {
    std::int64_t size = 0;
    std::error_code error;
};
[[nodiscard]] EDDY_API size_result file_size(int fd) noexcept;

// -- watches --

[[nodiscard]] EDDY_API fd_result inotify_init1() noexcept;
struct watch_result {
    int watch = -1;
    std::error_code error;
};
[[nodiscard]] EDDY_API watch_result inotify_add_watch(int fd, const char* path,
                                                      std::uint32_t mask) noexcept;
EDDY_API std::error_code inotify_rm_watch(int fd, int watch) noexcept;

} // namespace eddy::inline v0::sys
