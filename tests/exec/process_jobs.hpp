// process_jobs.hpp — functions that tests of process pools have called: good ones, and all kinds of
// bad ones.

#pragma once

#include "exec/gate.hpp"
#include <eddy/exec/process_pool_executor.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace eddy::process_jobs {

inline int twice(int x) {
    return 2 * x;
}
inline int pid() {
    return ::getpid();
}
inline std::string echo(std::string text) {
    return text;
}
inline int passed(const std::string& through, int value) {
    gate::pass(through);
    return value;
}
inline int noted(const std::string& in, int value) {
    gate::note(in);
    return value;
}

// -- bad ones --

struct registered_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct unknown_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct silent_error : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

inline void throw_one(int kind) {
    switch (kind) {
    case 0:
        throw std::out_of_range("out");
    case 1:
        throw registered_error("registered");
    case 2:
        throw unknown_error("unknown");
    case 4:
        throw silent_error();
    default:
        throw kind;
    }
}
inline void die_by(int signal) {
    std::signal(signal, SIG_DFL);
    (void)::raise(signal);
    ::pause();
}
inline void leave(int status) {
    ::_exit(status);
}
inline void never_end() {
    for (;;) {
        ::pause();
    }
}
inline void compute_for_ever() {
    for (volatile unsigned i = 0;; i = i + 1) {
    }
}
/// Dies each time but the last of `times`.
inline int die_at_first(const std::string& in, int times) {
    gate::note(in);
    if (std::filesystem::file_size(in + "/notes") < static_cast<std::uintmax_t>(times)) {
        (void)::raise(SIGKILL);
    }
    return times;
}
inline std::size_t allocate(std::size_t bytes) {
    const std::vector<char> taken(bytes, 'x');
    const volatile char last = taken.back(); // so that it is not left out
    return last == 'x' ? bytes : 0;
}
/// Writes over the memory that it shares with the pool.
inline void scribble(int with) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("memfd:eddy-worker") != std::string::npos) {
            std::size_t end = 0;
            const auto from = std::stoull(line, &end, 16);
            const auto to = std::stoull(line.substr(end + 1), nullptr, 16);
            std::memset(reinterpret_cast<void*>(from), with, to - from);
        }
    }
}

// -- what a worker process is like --

inline std::string variable(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return value != nullptr ? value : "";
}
inline int open_descriptors() {
    int count = 0;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        count += each.exists() || true ? 1 : 0;
    }
    return count - 1; // that of the folder
}
inline std::string name() {
    std::ifstream comm("/proc/self/comm");
    std::string out;
    std::getline(comm, out);
    return out;
}
inline long bytes_on_stdin() {
    char byte = 0;
    return static_cast<long>(::read(0, &byte, 1));
}
inline int on_a_loop(int x) {
    return eddy::run([](int x) -> coro<int> {
        co_await yield();
        co_return x + 1;
    }(x));
}
inline bool has_a_deadline() {
    return current_deadline() != clock::time_point::max();
}

inline int& started_with() {
    static int value = 0;
    return value;
}
inline void start_with(const std::string& in, int value) {
    gate::note(in);
    started_with() = value;
}
inline int get_started_with() {
    return started_with();
}
inline void fail_to_start(const std::string& in, int how) {
    gate::note(in);
    if (how == 0) {
        throw std::runtime_error("no licence");
    }
    ::_exit(how);
}

/// A pool in a worker, and one in a worker of that one.
inline std::string pools_below(int levels) {
    if (levels == 0) {
        return "bottom";
    }
    try {
        process_pool_executor pool(1);
        return "in " + pool.apply(pools_below, levels - 1);
    } catch (const broken_process_pool& error) {
        return error.what();
    }
}
/// A pool where descriptors of its own could get the numbers 0, 1 and 2.
inline int pool_without_streams(int x) {
    process_pool_executor pool(1);
    for (const int each : {0, 1, 2}) {
        ::close(each);
    }
    return pool.apply(twice, x);
}
/// Starts a worker of its own and leaves it alone.
inline int leave_a_worker() {
    auto* const pool = new process_pool_executor(1); // it must not end
    return pool->apply(pid);
}

EDDY_EXCEPTION(registered_error);
EDDY_FUNCTION(twice);
EDDY_FUNCTION(pid);
EDDY_FUNCTION(echo);
EDDY_FUNCTION(passed);
EDDY_FUNCTION(noted);
EDDY_FUNCTION(throw_one);
EDDY_FUNCTION(die_by);
EDDY_FUNCTION(leave);
EDDY_FUNCTION(never_end);
EDDY_FUNCTION(compute_for_ever);
EDDY_FUNCTION(die_at_first);
EDDY_FUNCTION(allocate);
EDDY_FUNCTION(scribble);
EDDY_FUNCTION(variable);
EDDY_FUNCTION(open_descriptors);
EDDY_FUNCTION(name);
EDDY_FUNCTION(bytes_on_stdin);
EDDY_FUNCTION(on_a_loop);
EDDY_FUNCTION(has_a_deadline);
EDDY_FUNCTION(start_with);
EDDY_FUNCTION(get_started_with);
EDDY_FUNCTION(fail_to_start);
EDDY_FUNCTION(pools_below);
EDDY_FUNCTION(pool_without_streams);
EDDY_FUNCTION(leave_a_worker);

} // namespace eddy::process_jobs
