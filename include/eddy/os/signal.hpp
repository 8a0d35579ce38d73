// signal.hpp — signals as something to await: signal_set, signal(number), on_signal.
//
// A signal that is awaited must be blocked in every thread of the process: one that has not blocked
// it would take it, and usually end the process. The threads of a runtime and of executors block
// all signals. That leaves the thread that calls run(), and those that the program starts itself:
// call block_signals() at the beginning of main(), and all threads begin like that. If one was
// forgotten, a signal_set says so when it is made.
//
// Threads:    any task; one waits at a signal_set at a time.
// Memory:     a descriptor a signal_set.
// Cancel:     at once; no signal is lost by it.
// Design:     docs/design/subprocess.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/task.hpp>
#include <eddy/sched/async_fd.hpp>
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/runtime.hpp>

#include <exception>
#include <functional>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// Blocks signals in the calling thread and in those that it starts later. For the beginning of
/// main(). Throws: std::invalid_argument if a number is no signal.
EDDY_API void block_signals(std::initializer_list<int> numbers);

/// A signal that came.
struct signal_info {
    int number = 0;
    int sender = 0; // the process
};

/// Receives some signals that are sent to the process (kill), one after the other; one that is sent
/// to a thread (raise, pthread_kill) is that thread's own and does not come here. Of several of the
/// same kind that come before they are received one is left, as ever with signals. Where several
/// sets have one, one of them gets it.
class EDDY_API signal_set {
public:
    /// Blocks them in this thread.
    /// Throws: std::invalid_argument if a number is no signal, or there is none;
    ///         invalid_state_error if a thread has not blocked one, naming both; std::system_error.
    explicit signal_set(std::initializer_list<int> numbers);
    explicit signal_set(const std::vector<int>& numbers);

    /// Waits for the next one. Never empty: for EDDY_FOR.
    /// Throws: std::system_error: EBUSY if another task waits; EBADF after close().
    [[nodiscard]] coro<std::optional<signal_info>> next();
    void close() noexcept { (void)fd_.close(); }

private:
    async_fd fd_;
};

/// Waits for one signal. What comes while nobody waits is received by the next one who does.
/// Throws: as signal_set.
[[nodiscard]] EDDY_API coro<signal_info> signal(int number);

/// Ends an on_signal when it dies.
class [[nodiscard("the function is called while this lives")]] signal_handler {
public:
    signal_handler() noexcept = default;
    explicit signal_handler(task<> waiting) noexcept : waiting_(std::move(waiting)) {}
    signal_handler(signal_handler&&) noexcept = default;
    signal_handler& operator=(signal_handler&& other) noexcept {
        remove();
        waiting_ = std::move(other.waiting_);
        return *this;
    }
    ~signal_handler() { remove(); }
    void remove() noexcept {
        if (waiting_.valid()) {
            (void)std::exchange(waiting_, {}).cancel();
        }
    }

private:
    task<> waiting_;
};

/// Calls `fn` in a task each time the signal comes: an ordinary function call on a loop, not a
/// signal handler. What it throws is reported. asyncio's add_signal_handler.
/// Throws: as signal_set; no_running_loop.
/// Example: docs/examples/signals.cpp
EDDY_API signal_handler on_signal(int number, std::function<void()> fn);

/// The program was interrupted by SIGINT.
class EDDY_API keyboard_interrupt : public std::exception {
public:
    ~keyboard_interrupt() override;
    [[nodiscard]] const char* what() const noexcept override { return "interrupted by SIGINT"; }
};

/// Keeps SIGINT for who awaits it, in this thread and those it starts, until this dies.
class EDDY_API interrupt_guard {
public:
    interrupt_guard();
    ~interrupt_guard();
    interrupt_guard(const interrupt_guard&) = delete;
    interrupt_guard& operator=(const interrupt_guard&) = delete;

private:
    sigset_t before_{};
};

/// Cancels `main` at the first SIGINT, and ends the process at the second one.
EDDY_API coro<> watch_interrupts(any_task main, bool& interrupted);

template <typename T>
coro<T> cancelled_by_interrupt(coro<T> main) {
    bool interrupted = false;
    task<T> body = create_task(std::move(main), {.name = "main"});
    task<> watcher = create_task(watch_interrupts(body, interrupted), {.name = "SIGINT"});
    const auto ended = co_await as_result(body);
    (void)watcher.cancel();
    (void)co_await as_result(watcher);
    if (interrupted && ended.cancelled()) {
        throw keyboard_interrupt();
    }
    co_return body.result();
}

/// As run(main), for programs with a terminal: the first ^C cancels `main`, which may clean up, and
/// makes this throw; the second one ends the process. asyncio.run does so by default.
///
/// Throws: keyboard_interrupt if a SIGINT came and `main` ended as cancelled; as run().
/// Threads: a program that starts threads of its own before has block_signals({SIGINT}) first.
template <typename T>
T run_interruptible(coro<T> main, runtime_options options = {}) {
    const interrupt_guard guard;
    return run(cancelled_by_interrupt(std::move(main)), std::move(options));
}

} // namespace eddy::inline v0
