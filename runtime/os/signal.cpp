// signal.cpp — a signalfd, and a look whether every thread has left the signals to it.

#include <eddy/base/syscall_process.hpp>
#include <eddy/core/report.hpp>
#include <eddy/os/signal.hpp>

#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace eddy::inline v0 {
namespace {

std::string name_of(int signal) {
    const char* const name = ::sigabbrev_np(signal);
    return name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(signal);
}

template <typename Numbers>
sigset_t set_of(const Numbers& numbers) {
    sigset_t out;
    ::sigemptyset(&out);
    for (const int each : numbers) {
        if (::sigaddset(&out, each) != 0 || each == SIGKILL || each == SIGSTOP) {
            throw std::invalid_argument(std::to_string(each) + " is no signal that can be awaited");
        }
    }
    return out;
}

// What a thread has blocked, as its bits: signal 1 is the lowest. All if it has ended.
std::uint64_t blocked_in(const std::filesystem::path& thread) {
    constexpr const char* label = "SigBlk:\t";
    std::ifstream status(thread / "status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(label)) {
            std::uint64_t bits = 0;
            const char* const first = line.data() + std::strlen(label);
            (void)std::from_chars(first, line.data() + line.size(), bits, 16);
            return bits;
        }
    }
    return UINT64_MAX;
}

void check_blocked_everywhere(const sigset_t& set) {
    std::error_code error;
    for (std::filesystem::directory_iterator at("/proc/self/task", error), end; !error && at != end;
         at.increment(error)) {
        const std::uint64_t blocked = blocked_in(at->path());
        for (int signal = 1; signal != 64; ++signal) {
            if (::sigismember(&set, signal) == 1 && (blocked >> (signal - 1) & 1U) == 0) {
                throw invalid_state_error("thread " + at->path().filename().string() +
                                          " has not blocked " + name_of(signal) +
                                          ", and would get it: call block_signals() for it at the "
                                          "beginning of main()");
            }
        }
    }
}

async_fd opened(const sigset_t& set) {
    sys::block_signals(set);
    check_blocked_everywhere(set);
    const sys::fd_result made = sys::signalfd(set);
    if (made.error) {
        throw std::system_error(made.error, "signalfd");
    }
    return async_fd(owned_fd(made.fd));
}

template <typename Numbers>
async_fd opened_for(const Numbers& numbers) {
    if (numbers.size() == 0) {
        throw std::invalid_argument("a signal_set was made without a signal");
    }
    return opened(set_of(numbers));
}

coro<> call_at_each(signal_set signals, std::function<void()> fn) {
    for (;;) {
        (void)co_await signals.next();
        try {
            fn();
        } catch (...) {
            emit_callback_failure("on_signal", std::current_exception());
        }
    }
}

} // namespace

void block_signals(std::initializer_list<int> numbers) {
    sys::block_signals(set_of(numbers));
}

signal_set::signal_set(std::initializer_list<int> numbers) : fd_(opened_for(numbers)) {}
signal_set::signal_set(const std::vector<int>& numbers) : fd_(opened_for(numbers)) {}

coro<std::optional<signal_info>> signal_set::next() {
    constexpr const char* what = "wait for a signal";
    const sys::signal_result got =
        co_await fd_.perform(interest::read, 0, what, [](int fd) { return sys::read_signal(fd); });
    if (got.error) {
        throw std::system_error(got.error, what);
    }
    co_return signal_info{.number = got.signal, .sender = got.pid};
}

coro<signal_info> signal(int number) {
    signal_set only{number};
    co_return *co_await only.next();
}

signal_handler on_signal(int number, std::function<void()> fn) {
    return signal_handler(create_task(call_at_each(signal_set{number}, std::move(fn)),
                                      {.name = "on_signal " + name_of(number)}));
}

// -- SIGINT --

keyboard_interrupt::~keyboard_interrupt() = default;

interrupt_guard::interrupt_guard() : before_(sys::blocked_signals_of_thread()) {
    block_signals({SIGINT});
}
interrupt_guard::~interrupt_guard() {
    sys::set_blocked_signals(before_);
}

coro<> watch_interrupts(any_task main, bool& interrupted) {
    signal_set interrupts{SIGINT};
    (void)co_await interrupts.next();
    interrupted = true;
    (void)main.cancel("SIGINT");
    (void)co_await interrupts.next();
    sys::die_by(SIGINT);
}

} // namespace eddy::inline v0
