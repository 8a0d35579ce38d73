// cell_process.cpp — measures one cell in a fresh process and leaves nothing behind.

#include "cell_process.hpp"

#include "machine.hpp"
#include <eddy/base/clock.hpp>
#include <eddy/io/fd.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eddy::cli {

namespace {

// Takes what a process prints. Not a pipe: it has no capacity, so nobody need read while it runs.
class captured {
public:
    captured() : fd_(::memfd_create("cell", MFD_CLOEXEC)) {
        if (!fd_) {
            sys::throw_error("memfd_create", errno);
        }
    }

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

    [[nodiscard]] std::string text() const {
        constexpr std::size_t text_max = 64UL * 1024;
        std::string all(text_max, '\0');
        const ssize_t size = ::pread(fd_.get(), all.data(), all.size(), 0);
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return all;
    }

    [[nodiscard]] std::string last_line() const {
        std::string all = text();
        while (!all.empty() && all.back() == '\n') {
            all.pop_back();
        }
        const auto newline = all.rfind('\n');
        return newline == std::string::npos ? all : all.substr(newline + 1);
    }

private:
    owned_fd fd_;
};

// What posix_spawn needs besides the program; freed at the end of the scope.
class spawn_plan {
public:
    spawn_plan() {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawnattr_init(&attributes_);
    }
    spawn_plan(const spawn_plan&) = delete;
    spawn_plan& operator=(const spawn_plan&) = delete;
    ~spawn_plan() {
        ::posix_spawnattr_destroy(&attributes_);
        ::posix_spawn_file_actions_destroy(&files_);
    }

    void redirect(int from, int to) { ::posix_spawn_file_actions_adddup2(&files_, to, from); }

    void lead_a_group_with(const sigset_t& mask) {
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setsigmask(&attributes_, &mask);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    }

    [[nodiscard]] pid_t start(const char* program, char* const* arguments) const {
        pid_t pid = 0;
        const int error = ::posix_spawn(&pid, program, &files_, &attributes_, arguments, environ);
        if (error != 0) {
            sys::throw_error("posix_spawn", error);
        }
        return pid;
    }

private:
    posix_spawn_file_actions_t files_;
    posix_spawnattr_t attributes_;
};

int reap(pid_t pid) noexcept {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

// Ends the leader of a group, if it has not ended yet, and all others; gives the leader's status.
int end_group(pid_t leader) noexcept {
    ::kill(-leader, SIGKILL); // before the reaping: until then nobody else can get this number
    const int status = reap(leader);
    // Those whose parent died are children of this process now: see the constructor.
    while (::waitpid(-leader, nullptr, 0) > 0 || errno == EINTR) {
    }
    return status;
}

std::string with_detail(const std::string& what, const captured& errors) {
    const std::string detail = errors.last_line();
    return detail.empty() ? what : what + ": " + detail;
}

outcome outcome_of(int status, const captured& output, const captured& errors) {
    if (WIFSIGNALED(status)) {
        const char* name = ::sigabbrev_np(WTERMSIG(status));
        const std::string killer = name == nullptr ? "?" : name;
        return {.status = status::crashed,
                .found = {},
                .why = with_detail("crashed with SIG" + killer, errors)};
    }
    if (WEXITSTATUS(status) != 0) {
        return {.status = status::failed, .found = {}, .why = with_detail("failed", errors)};
    }
    try {
        return {.status = status::measured, .found = metrics_of_cell(output.text()), .why = {}};
    } catch (const std::runtime_error& error) {
        return {.status = status::failed, .found = {}, .why = error.what()};
    }
}

} // namespace

void die_with(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(1); // the parent died before the line above
    }
}

cell_runner::cell_runner(signals& stop) : stop_(stop) {
    // Processes whose parent died inside a cell become children of this one, which reaps them.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

pid_t cell_runner::start(const cell& what, int output, int errors) {
    std::string command = cell_command;
    std::string parent = std::to_string(::getpid());
    std::string spec = what.to_json().dump();
    std::string name = "eddy";
    const std::array<char*, 5> arguments{name.data(), command.data(), parent.data(), spec.data(),
                                         nullptr};
    spawn_plan plan;
    plan.redirect(STDOUT_FILENO, output);
    plan.redirect(STDERR_FILENO, errors);
    plan.lead_a_group_with(stop_.mask_before());
    return plan.start("/proc/self/exe", arguments.data());
}

cell_runner::ended cell_runner::wait(pid_t pid, std::chrono::nanoseconds limit) {
    const owned_fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process) {
        sys::throw_error("pidfd_open", errno);
    }
    const auto deadline = clock::now() + limit;
    while (true) {
        std::array<pollfd, 2> fds{{{process.get(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
        const auto left = deadline - clock::now();
        if (left <= left.zero()) {
            return ended::by_limit;
        }
        (void)sys::poll(fds, left);
        if (stop_.arrived()) {
            return ended::by_signal;
        }
        if (fds[0].revents != 0) {
            return ended::by_itself;
        }
    }
}

outcome cell_runner::measure(const cell& what, std::chrono::nanoseconds limit) {
    const captured output;
    const captured errors;
    const foreign_load others;
    const pid_t pid = start(what, output.fd(), errors.fd());
    ended how = ended::by_signal;
    try {
        how = wait(pid, limit);
    } catch (...) {
        end_group(pid);
        throw;
    }
    const int status = end_group(pid);
    if (how == ended::by_signal) {
        return {.status = status::skipped, .found = {}, .why = "interrupted"};
    }
    if (how == ended::by_limit) {
        const auto seconds = std::chrono::duration<double>(limit).count();
        return {.status = status::timed_out,
                .found = {},
                .why = "took longer than " + std::to_string(std::lround(seconds)) + " s"};
    }
    outcome found = outcome_of(status, output, errors);
    if (found.status == status::measured) {
        found.found[std::string(foreign_cores)] = others.cores();
    }
    return found;
}

} // namespace eddy::cli
