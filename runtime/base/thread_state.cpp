// thread_state.cpp — by the thread's processor clock, and by /proc.

#include "base/thread_state.hpp"

#include <eddy/base/syscall.hpp>
#include <eddy/base/syscall_process.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include <fcntl.h>

namespace eddy::inline v0 {
namespace {

// The letter of proc_pid_stat(5): it follows the name, which is in brackets and may contain some.
thread_state state_in(std::string_view line) noexcept {
    const std::size_t name_end = line.rfind(") ");
    if (name_end == std::string_view::npos || name_end + 2 >= line.size()) {
        return thread_state::unknown;
    }
    switch (line[name_end + 2]) {
    case 'R':
        return thread_state::waits; // or runs: that was looked at before
    case 'S':
    case 'D':
        return thread_state::blocked;
    default:
        return thread_state::unknown;
    }
}

} // namespace

thread_state state_of_thread(int thread) noexcept {
    const std::int64_t before = sys::thread_cpu_ns(thread);
    if (before < 0) {
        return thread_state::unknown;
    }
    // The kernel counts up to this moment for a thread that is on a processor.
    if (sys::thread_cpu_ns(thread) != before) {
        return thread_state::runs;
    }
    std::array<char, 64> path{};
    (void)std::snprintf(path.data(), path.size(), "/proc/self/task/%d/stat", thread);
    const sys::fd_result file = sys::open(path.data(), O_RDONLY, 0);
    if (file.error) {
        return thread_state::unknown;
    }
    std::array<std::byte, 96> line{}; // the letter comes third
    const sys::io_result got = sys::read(file.fd, line);
    (void)sys::close(file.fd);
    return got.error ? thread_state::unknown
                     : state_in({reinterpret_cast<const char*>(line.data()), got.bytes});
}

} // namespace eddy::inline v0
