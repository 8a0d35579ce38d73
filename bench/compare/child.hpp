// child.hpp — a forked process that never outlives the one that forked it.
//
// Threads:    any; the child lives as long as the *thread* that forked it.
// Invariants: I1  a child is reaped exactly once: by join(), or killed and reaped by the
//                 destructor.

#pragma once

#include <concepts>
#include <exception>
#include <utility>

#include <sys/types.h>

namespace eddy::compare {

class child {
public:
    /// Runs `body` in a child process, which then exits.
    ///
    /// Throws: `std::system_error` if the system has no room for another process.
    template <std::invocable F>
    explicit child(F body) : pid_(fork_with_parent()) {
        if (pid_ == 0) {
            try {
                body();
                leave(0);
            } catch (const std::exception&) {
                leave(1);
            }
        }
    }

    child(child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
    child& operator=(child&&) = delete;
    ~child();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Waits for the end of the child.
    ///
    /// Throws: `std::runtime_error` if it did not exit with 0.
    void join();

private:
    static pid_t fork_with_parent();          // 0 in the child
    [[noreturn]] static void leave(int code); // skips what only the parent may do at exit

    pid_t pid_;
};

} // namespace eddy::compare
