// process.hpp — child processes with asyncio's names: create_subprocess_exec, wait, communicate.
//
// Threads:    any task on any worker; several tasks may wait for one process.
// Memory:     three descriptors a process, and one that tells its end.
// Cancel:     of every wait: at once. The process goes on.
// Invariants: I1  a child is waited for exactly once, by its process object or by the reaper.
//             I2  nothing but 0, 1, 2 and pass_fds is open in a child; no signal is blocked or
//                 ignored there.
// Design:     docs/design/subprocess.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/os/pipe.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eddy::inline v0 {

/// What one of the standard streams of a child is.
class child_stream {
public:
    enum class kind : std::uint8_t { inherited, pipe, devnull, to_stdout, descriptor };

    constexpr child_stream() noexcept = default;
    explicit constexpr child_stream(kind what, int fd = -1) noexcept : kind_(what), fd_(fd) {}
    [[nodiscard]] constexpr kind what() const noexcept { return kind_; }
    [[nodiscard]] constexpr int fd() const noexcept { return fd_; }

private:
    kind kind_ = kind::inherited;
    int fd_ = -1;
};

namespace subprocess {

/// The parent's own.
inline constexpr child_stream inherited{};
/// A pipe whose other end is process::stdin_, stdout_ or stderr_.
inline constexpr child_stream pipe{child_stream::kind::pipe};
inline constexpr child_stream devnull{child_stream::kind::devnull};
/// For stderr_: wherever stdout_ goes.
inline constexpr child_stream to_stdout{child_stream::kind::to_stdout};
/// A descriptor of the caller, who keeps it. Most programs want one that blocks: no end of a
/// pipe().
constexpr child_stream descriptor(int fd) noexcept {
    return child_stream(child_stream::kind::descriptor, fd);
}

} // namespace subprocess

// NOLINTBEGIN(readability-identifier-naming): stdin, stdout and stderr are macros
/// How a child is to be.
struct subprocess_options {
    child_stream stdin_{};
    child_stream stdout_{};
    child_stream stderr_{};
    /// "NAME=value"; nothing: the caller's environment. (PATH is the caller's all the same.)
    std::optional<std::vector<std::string>> env{};
    /// Where it runs; empty: where the caller does.
    std::string cwd{};
    /// Other descriptors that stay open in it, under the same number.
    std::vector<int> pass_fds{};
    /// In a session and a process group of its own: a ^C at the terminal is not for it.
    bool start_new_session = false;
};

/// What a child has written.
struct process_output {
    std::string stdout_;
    std::string stderr_;
};

/// A child. When this dies the child is killed, unless it was detached; it never stays a zombie.
class EDDY_API process {
public:
    process(process&&) noexcept;
    process& operator=(process&&) noexcept;
    ~process();

    /// Its pipes, where subprocess::pipe was asked for.
    pipe_writer stdin_;
    pipe_reader stdout_;
    pipe_reader stderr_;
    // NOLINTEND(readability-identifier-naming)

    [[nodiscard]] int pid() const noexcept;
    /// The exit status; the signal that ended it as a negative number; nothing while it runs.
    /// 255: it is not known, since somebody else has waited for it, or SIGCHLD is ignored, and
    /// Linux is older than 6.15. Whether it runs is known all the same.
    [[nodiscard]] std::optional<int> returncode() const;

    /// Waits until it has ended; gives the returncode. With pipes that nobody reads it may never
    /// end: communicate() reads them.
    [[nodiscard]] coro<int> wait();
    /// Writes `input` to its stdin and closes that, reads its stdout and stderr to their ends, and
    /// waits until it has ended. That it does not read its input is no error.
    /// Throws: std::invalid_argument for input without a pipe to it; as pipe_reader.
    /// Cancel: what was read is dropped.
    [[nodiscard]] coro<process_output> communicate(std::string input = {});

    /// False: it has ended already. Never hits another process.
    /// Throws: std::system_error (EINVAL, EPERM).
    bool send_signal(int number);
    bool terminate(); // SIGTERM
    bool kill();      // SIGKILL
    /// It goes on when this dies. It is still waited for when it ends.
    void detach() noexcept;

private:
    struct child;
    explicit process(std::unique_ptr<child> of) noexcept;
    friend coro<process> create_subprocess_exec(std::vector<std::string>, subprocess_options);

    std::unique_ptr<child> child_;
};

/// Starts the program `argv[0]`, looked for in PATH if it has no slash.
///
///     auto p = co_await eddy::create_subprocess_exec({"ls", "-l"}, {.stdout_ = subprocess::pipe});
///     const auto out = co_await p.communicate();
///
/// Throws:  std::system_error that names the program: ENOENT if there is none, EACCES, EMFILE;
///          std::invalid_argument without a program, or for a zero byte in an argument.
/// Cost:    the loop waits until the child has loaded its program: a few hundred microseconds.
/// Example: docs/examples/subprocess.cpp
[[nodiscard]] EDDY_API coro<process> create_subprocess_exec(std::vector<std::string> argv,
                                                            subprocess_options options = {});

/// Has /bin/sh run `command`. What comes from outside does not belong into a command.
[[nodiscard]] EDDY_API coro<process> create_subprocess_shell(std::string command,
                                                             subprocess_options options = {});

} // namespace eddy::inline v0
