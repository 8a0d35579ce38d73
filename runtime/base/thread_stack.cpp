// thread_stack.cpp — the handler, the asker, and names for addresses.

#include "base/thread_stack.hpp"

#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/syscall.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace eddy::inline v0 {
namespace {

constexpr int signal_number = SIGURG;
// A thread that blocks answers at once; one that waits for a core of a busy machine, later.
constexpr clock::duration answer_limit = std::chrono::milliseconds(200);
constexpr int frames_max = 64;
constexpr int frames_of_the_handler = 2; // itself, and what the kernel returns to

enum class stage : std::uint8_t { idle, asked, answering, answered };

struct request {
    atomic<stage> state{stage::idle};
    atomic<int> thread{0};
    std::array<void*, frames_max> frames{};
    int count = 0;
};

constinit request asked{};
constinit std::mutex one_asker;

void answer(int /*signal*/) {
    const int error = errno;
    stage expected = stage::asked;
    if (asked.state.load(acquire) == stage::asked &&   // P1
        asked.thread.load(relaxed) == sys::gettid() && // hint: P1 carries it
        asked.state.compare_exchange_strong(expected, stage::answering, acq_rel,
                                            relaxed)) { // P1; fail: unused
        asked.count = ::backtrace(asked.frames.data(), frames_max);
        asked.state.store(stage::answered, release); // P2
    }
    errno = error;
}

// False: it did not come. A thread that is too late finds that nobody asks any more.
bool wait_for_answer() noexcept {
    const clock::time_point end = clock::now() + answer_limit;
    for (;;) {
        if (asked.state.load(acquire) == stage::answered) { // P2
            return true;
        }
        stage expected = stage::asked;
        if (clock::now() > end &&
            asked.state.compare_exchange_strong(expected, stage::idle, relaxed,
                                                relaxed)) { // count: both
            return false;
        }
        sys::sched_yield();
    }
}

struct free_memory {
    void operator()(char* text) const noexcept { std::free(text); } // NOLINT: malloc's
};

std::string name_of(void* address) {
    Dl_info found{};
    // The address is where the call returns to, perhaps the next function's first one.
    void* const inside = static_cast<char*>(address) - 1;
    if (::dladdr(inside, &found) == 0) {
        return "?";
    }
    if (found.dli_sname != nullptr) {
        int status = 0;
        const std::unique_ptr<char, free_memory> plain(
            abi::__cxa_demangle(found.dli_sname, nullptr, nullptr, &status));
        return plain != nullptr ? plain.get() : found.dli_sname;
    }
    std::array<char, 24> offset{};
    (void)std::snprintf(
        offset.data(), offset.size(), "+0x%zx",
        static_cast<std::size_t>(static_cast<char*>(inside) - static_cast<char*>(found.dli_fbase)));
    const std::string file = found.dli_fname;
    return file.substr(file.rfind('/') + 1) + offset.data();
}

} // namespace

bool enable_thread_stacks() noexcept {
    struct sigaction present{};
    if (::sigaction(signal_number, nullptr, &present) != 0 ||
        (present.sa_handler != SIG_DFL && present.sa_handler != SIG_IGN)) {
        return present.sa_handler == &answer;
    }
    std::array<void*, 1> first{};
    (void)::backtrace(first.data(), 1); // the first call allocates: not in the handler
    struct sigaction wanted{};
    wanted.sa_handler = &answer;
    wanted.sa_flags = SA_RESTART | SA_ONSTACK;
    return ::sigaction(signal_number, &wanted, nullptr) == 0;
}

void allow_own_stack() noexcept {
    sigset_t only{};
    ::sigemptyset(&only);
    ::sigaddset(&only, signal_number);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

std::string stack_of(int thread) {
    const std::lock_guard hold(one_asker);
    asked.thread.store(thread, relaxed);      // hint: P1 carries it
    asked.state.store(stage::asked, release); // P1
    if (::syscall(SYS_tgkill, ::getpid(), thread, signal_number) != 0) {
        asked.state.store(stage::idle, relaxed); // locked:
        return {};
    }
    if (!wait_for_answer()) {
        return {};
    }
    std::string text;
    for (int i = frames_of_the_handler; i < asked.count; ++i) {
        text += "\n    in " + name_of(asked.frames[static_cast<std::size_t>(i)]);
    }
    asked.state.store(stage::idle, relaxed); // locked:
    return text;
}

} // namespace eddy::inline v0
