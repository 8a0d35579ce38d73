// syscall_process.cpp — the system calls on processes, what they share, signals, files and watches
// of files.

#include "base/attempt.hpp"
#include "base/no_sigpipe.hpp"
#include <eddy/base/syscall_process.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT: POSIX declares it nowhere

namespace eddy::inline v0::sys {
namespace {

constexpr int first_free = 3; // after the standard ones

fd_result fd_result_of(int fd) noexcept {
    return {.fd = fd < 0 ? -1 : fd, .error = error_of(fd)};
}

std::error_code error_code_of(int number) noexcept {
    return {number, std::system_category()};
}

// linux/pidfd.h has it since 6.13, and the status since 6.15.
struct pidfd_info {
    std::uint64_t mask;
    std::uint64_t cgroup;
    std::array<std::uint32_t, 11> ids;
    std::int32_t exit_code; // as waitpid gives it
};
constexpr std::uint64_t pidfd_info_exit = 1U << 3U;
constexpr unsigned long pidfd_get_info = _IOWR(0xff, 11, pidfd_info);

// What the kernel keeps for those who have a pidfd when somebody else has waited for the process,
// or nobody was asked to: SIGCHLD is ignored. Nothing: it runs, or the kernel is older.
std::optional<int> kept_status(int pidfd) noexcept {
    pidfd_info info{};
    info.mask = pidfd_info_exit;
    const int result = attempt(call::waitid, [&](std::size_t) {
        return ::ioctl(pidfd, pidfd_get_info, &info); // NOLINT: variadic
    });
    if (result < 0 || (info.mask & pidfd_info_exit) == 0) {
        return std::nullopt;
    }
    return WIFSIGNALED(info.exit_code) ? -WTERMSIG(info.exit_code) : WEXITSTATUS(info.exit_code);
}

// What is done in the child before the program is loaded.
class spawn_plan {
public:
    spawn_plan() noexcept {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
    }
    ~spawn_plan() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    spawn_plan(const spawn_plan&) = delete;
    spawn_plan& operator=(const spawn_plan&) = delete;

    // Gives an errno.
    int prepare(const spawn_request& what) noexcept {
        int error = set_attributes(what);
        if (error == 0 && what.directory != nullptr) {
            error = ::posix_spawn_file_actions_addchdir_np(&actions_, what.directory);
        }
        for (int i = 0; error == 0 && i != first_free; ++i) {
            const int from = what.streams[static_cast<std::size_t>(i)];
            if (from >= 0) {
                error = ::posix_spawn_file_actions_adddup2(&actions_, from, i);
            }
        }
        return error != 0 ? error : close_others(what);
    }
    int start(const spawn_request& what, pid_t& pid) noexcept {
        return ::posix_spawnp(&pid, what.program, &actions_, &attributes_, what.arguments,
                              what.environment != nullptr ? what.environment : environ);
    }

private:
    int set_attributes(const spawn_request& what) noexcept {
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        unsigned flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        if (what.session == spawn_session::its_own) {
            flags |= POSIX_SPAWN_SETSID;
        }
        return ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
    }

    // Whatever the program has open: it may not have been opened by us, nor with CLOEXEC.
    int close_others(const spawn_request& what) noexcept {
        int above = first_free;
        for (const int kept : what.kept_open) {
            above = std::max(above, kept + 1);
        }
        for (int fd = first_free; fd != above; ++fd) {
            const bool kept = std::ranges::find(what.kept_open, fd) != what.kept_open.end();
            const int error = kept ? ::posix_spawn_file_actions_adddup2(&actions_, fd, fd)
                                   : ::posix_spawn_file_actions_addclose(&actions_, fd);
            if (error != 0) {
                return error;
            }
        }
        return ::posix_spawn_file_actions_addclosefrom_np(&actions_, above);
    }

    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

} // namespace

// -- processes --

spawn_result spawn(const spawn_request& what) noexcept {
    pid_t pid = -1;
    const int result = attempt(call::spawn, [&](std::size_t) {
        spawn_plan plan;
        int error = plan.prepare(what);
        if (error == 0) {
            error = plan.start(what, pid);
        }
        errno = error;
        return error == 0 ? 0 : -1;
    });
    return {.pid = pid, .error = error_of(result)};
}

fd_result pidfd_open(int pid) noexcept {
    return fd_result_of(attempt(call::pidfd_open, [&](std::size_t) {
        return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    }));
}

void kill_and_reap(int pid) noexcept {
    (void)::kill(pid, SIGKILL);
    reap(pid);
}

void reap(int pid) noexcept {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

exit_result wait_for_child(int pidfd) noexcept {
    siginfo_t found{};
    const int result = attempt_until_uninterrupted(call::waitid, [&](std::size_t) {
        return ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &found, WEXITED | WNOHANG);
    });
    exit_result out;
    if (result < 0) {
        out.error = error_of(result);
        if (const std::optional<int> kept = kept_status(pidfd)) {
            out.status = *kept;
            out.error.clear();
        }
    } else if (found.si_pid == 0) {
        out.error = error_code_of(EAGAIN);
    } else {
        out.status = found.si_code == CLD_EXITED ? found.si_status : -found.si_status;
    }
    return out;
}

bool drops_children() noexcept {
    struct sigaction present{};
    return ::sigaction(SIGCHLD, nullptr, &present) == 0 &&
           (present.sa_handler == SIG_IGN || (present.sa_flags & SA_NOCLDWAIT) != 0);
}

std::error_code pidfd_send_signal(int pidfd, int signal) noexcept {
    return error_of(attempt(call::pidfd_send_signal, [&](std::size_t) {
        return static_cast<int>(
            ::syscall(SYS_pidfd_send_signal, pidfd, signal, static_cast<siginfo_t*>(nullptr), 0));
    }));
}

fd_pair child_pipe(our_end which) noexcept {
    fd_pair out;
    const int result = attempt(call::pipe2, [&](std::size_t) {
        return ::pipe2(out.fds.data(), O_CLOEXEC); // tidy: the child's end blocks
    });
    out.error = error_of(result);
    if (!out.error) {
        const int ours = out.fds[which == our_end::reads ? 0 : 1];
        (void)::fcntl(ours, F_SETFL, ::fcntl(ours, F_GETFL) | O_NONBLOCK);
    }
    return out;
}

io_result write_pipe(int fd, std::span<const std::byte> from) noexcept {
    const no_sigpipe guard;
    return write(fd, from);
}

bool die_with_parent(int parent) noexcept {
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    return ::getppid() == parent; // after it: the parent may have ended before
}

int getpid() noexcept {
    return ::getpid();
}

std::error_code set_limit(limited what, std::uint64_t most) noexcept {
    // At the second limit of CPU time comes SIGKILL; SIGXCPU says more.
    const bool cpu = what == limited::cpu_seconds;
    const rlimit limit{.rlim_cur = most, .rlim_max = most + (cpu ? 1 : 0)};
    return error_of(::setrlimit(cpu ? RLIMIT_CPU : RLIMIT_AS, &limit));
}

fd_result shared_memory(const char* name, std::size_t bytes) noexcept {
    const fd_result made = fd_result_of(attempt(call::memfd_create, [&](std::size_t) {
        return ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }));
    if (made.error) {
        return made;
    }
    if (::ftruncate(made.fd, static_cast<off_t>(bytes)) != 0 ||
        ::fcntl(made.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        const int error = errno;
        (void)::close(made.fd);
        return {.fd = -1, .error = error_code_of(error)};
    }
    return made;
}

std::span<std::byte> map_shared(int fd, std::size_t bytes) noexcept {
    void* mapped = nullptr;
    const int result = attempt(call::mmap, [&](std::size_t) {
        mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        return mapped == MAP_FAILED ? -1 : 0;
    });
    return result < 0 ? std::span<std::byte>() : std::span(static_cast<std::byte*>(mapped), bytes);
}

void unmap(std::span<std::byte> mapped) noexcept {
    (void)::munmap(mapped.data(), mapped.size());
}

void prefer_large_pages(std::span<std::byte> memory) noexcept {
    constexpr std::uintptr_t page = 4096;
    const auto begin = (reinterpret_cast<std::uintptr_t>(memory.data()) + page - 1) & ~(page - 1);
    const auto end = reinterpret_cast<std::uintptr_t>(memory.data() + memory.size()) & ~(page - 1);
    if (begin < end) {
        (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
    }
}

std::error_code keep_from_children(int fd) noexcept {
    return error_of(::fcntl(fd, F_SETFD, FD_CLOEXEC));
}

fd_result dup_above_standard(int fd) noexcept {
    return fd_result_of(::fcntl(fd, F_DUPFD_CLOEXEC, first_free));
}

// -- signals --

fd_result signalfd(const sigset_t& which) noexcept {
    return fd_result_of(attempt(call::signalfd, [&](std::size_t) {
        return ::signalfd(-1, &which, SFD_CLOEXEC | SFD_NONBLOCK);
    }));
}

signal_result read_signal(int signalfd) noexcept {
    signalfd_siginfo info{};
    const ssize_t got = attempt_until_uninterrupted(
        call::read, [&](std::size_t) { return ::read(signalfd, &info, sizeof info); });
    signal_result out;
    if (got < 0) {
        out.error = error_code_of(errno);
        return out;
    }
    out.signal = static_cast<int>(info.ssi_signo);
    out.pid = static_cast<int>(info.ssi_pid);
    out.code = info.ssi_code;
    out.bytes = sizeof info;
    return out;
}

void block_signals(const sigset_t& which) noexcept {
    ::pthread_sigmask(SIG_BLOCK, &which, nullptr);
}

sigset_t blocked_signals_of_thread() noexcept {
    sigset_t out;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &out);
    return out;
}

void set_blocked_signals(const sigset_t& which) noexcept {
    ::pthread_sigmask(SIG_SETMASK, &which, nullptr);
}

void die_by(int signal) noexcept {
    ::signal(signal, SIG_DFL);
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    (void)::raise(signal);
    std::abort(); // of a signal that does not end a process
}

std::int64_t thread_cpu_ns(int thread) noexcept {
    // What pthread_getcpuclockid(3) makes of a thread; it would want the pthread_t.
    constexpr unsigned per_thread = 4;
    constexpr unsigned scheduler_clock = 2;
    const auto which = static_cast<clockid_t>((~static_cast<unsigned>(thread) << 3U) | per_thread |
                                              scheduler_clock);
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    timespec had{};
    return ::clock_gettime(which, &had) == 0 ? had.tv_sec * ns_per_second + had.tv_nsec : -1;
}

// -- files --

fd_result open(const char* path, int flags, unsigned permissions) noexcept {
    return fd_result_of(attempt_until_uninterrupted(
        call::open, [&](std::size_t) { return ::open(path, flags | O_CLOEXEC, permissions); }));
}

io_result pread(int fd, std::span<std::byte> into, std::int64_t offset) noexcept {
    return io_result_of(attempt_until_uninterrupted(call::pread, [&](std::size_t bytes_max) {
        return ::pread(fd, into.data(), std::min(into.size(), bytes_max), offset);
    }));
}

io_result pwrite(int fd, std::span<const std::byte> from, std::int64_t offset) noexcept {
    return io_result_of(attempt_until_uninterrupted(call::pwrite, [&](std::size_t bytes_max) {
        return ::pwrite(fd, from.data(), std::min(from.size(), bytes_max), offset);
    }));
}

std::error_code fsync(int fd, sync_what what) noexcept {
    return error_of(attempt_until_uninterrupted(call::fsync, [&](std::size_t) {
        return what == sync_what::all ? ::fsync(fd) : ::fdatasync(fd);
    }));
}

size_result file_size(int fd) noexcept {
    struct stat found{};
    const int result = attempt(call::fstat, [&](std::size_t) { return ::fstat(fd, &found); });
    return {.size = found.st_size, .error = error_of(result)};
}

// -- watches --

fd_result inotify_init1() noexcept {
    return fd_result_of(attempt(call::inotify_init1, [](std::size_t) {
        return ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    }));
}

watch_result inotify_add_watch(int fd, const char* path, std::uint32_t mask) noexcept {
    const int watch = attempt(call::inotify_add_watch,
                              [&](std::size_t) { return ::inotify_add_watch(fd, path, mask); });
    return {.watch = watch, .error = error_of(watch)};
}

std::error_code inotify_rm_watch(int fd, int watch) noexcept {
    return error_of(::inotify_rm_watch(fd, watch));
}

} // namespace eddy::inline v0::sys
