// thread_state.cpp — by the thread's processor clock, and by /proc.

#include "base/thread_state.hpp"

#include <eddy/base/syscall.hpp>
#include <eddy/base/syscall_process.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>

namespace eddy::inline v0 {
namespace {

// The first bytes of a file of /proc; none if it cannot be read.
class head_of {
public:
    explicit head_of(const char* file) noexcept {
        const sys::fd_result opened = sys::open(file, O_RDONLY, 0);
        if (opened.error) {
            return;
        }
        const sys::io_result got = sys::read(opened.fd, bytes_);
        (void)sys::close(opened.fd);
        size_ = got.error ? 0 : got.bytes;
    }
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(bytes_.data()), size_};
    }

private:
    std::array<std::byte, 128> bytes_{}; // of a stat the flags end before the hundredth
    std::size_t size_ = 0;
};

// The file `name` of `thread`.
class thread_file {
public:
    thread_file(int thread, const char* name) noexcept {
        (void)std::snprintf(path_.data(), path_.size(), "/proc/self/task/%d/%s", thread, name);
    }
    [[nodiscard]] const char* path() const noexcept { return path_.data(); }

private:
    std::array<char, 64> path_{};
};

std::string_view without_first(std::string_view line, std::size_t fields) noexcept {
    for (; fields != 0; --fields) {
        const std::size_t space = line.find(' ');
        line = space != std::string_view::npos ? line.substr(space + 1) : std::string_view();
    }
    return line;
}

template <typename Number>
Number number_at(std::string_view text) noexcept {
    Number out = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

// Of proc_pid_stat(5) what follows the name, which is in brackets and may contain some.
class stat_line {
public:
    explicit stat_line(const char* file) noexcept : head_(file) {
        const std::string_view all = head_.text();
        if (const std::size_t name_end = all.rfind(") "); name_end != std::string_view::npos) {
            rest_ = all.substr(name_end + 2);
        }
    }

    [[nodiscard]] thread_state state() const noexcept {
        switch (rest_.empty() ? '?' : rest_.front()) {
        case 'R':
            return thread_state::waits; // or runs: that was looked at before
        case 'S':
        case 'D':
            return thread_state::blocked;
        default:
            return thread_state::unknown;
        }
    }

    [[nodiscard]] bool is_there() const noexcept { return !rest_.empty(); }

    [[nodiscard]] bool ends() const noexcept {
        constexpr std::size_t flags_at = 6;  // the state is at 0
        constexpr std::uint32_t exiting = 4; // the kernel's PF_EXITING
        return (number_at<std::uint32_t>(without_first(rest_, flags_at)) & exiting) != 0;
    }

private:
    head_of head_;
    std::string_view rest_;
};

constexpr const char* threads_folder = "/proc/self/task";

// Those that are ending included. 0: the system does not say. Not counted one by one: a listing
// ends early when a thread ends just then.
std::size_t threads_there() noexcept {
    constexpr std::uintmax_t own_links = 2;
    std::error_code error;
    const std::uintmax_t links = std::filesystem::hard_link_count(threads_folder, error);
    return error || links <= own_links ? 0 : static_cast<std::size_t>(links - own_links);
}

// Files of threads that are ending; some that there are may be missing.
std::vector<std::filesystem::path> ending_threads() {
    std::vector<std::filesystem::path> out;
    std::error_code error;
    for (std::filesystem::directory_iterator at(threads_folder, error), end; !error && at != end;
         at.increment(error)) {
        std::filesystem::path file = at->path() / "stat";
        if (stat_line(file.c_str()).ends()) {
            out.push_back(std::move(file));
        }
    }
    return out;
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
    return stat_line(thread_file(thread, "stat").path()).state();
}

clock::duration time_without_processor(int thread) noexcept {
    const head_of file(thread_file(thread, "schedstat").path()); // time on one, without one, slices
    return std::chrono::nanoseconds(number_at<std::int64_t>(without_first(file.text(), 1)));
}

// Those that were ending before the count, and are there after it, are in the count.
std::size_t living_threads(std::size_t expected) noexcept {
    constexpr int attempts = 100; // each that fails has seen a thread go
    for (int i = 0; i != attempts; ++i) {
        const std::size_t at_first = threads_there();
        if (at_first == 0) {
            break;
        }
        if (at_first <= expected) {
            return at_first;
        }
        const auto ending = ending_threads();
        const std::size_t all = threads_there();
        if (std::ranges::all_of(
                ending, [](const auto& file) { return stat_line(file.c_str()).is_there(); })) {
            return all - ending.size();
        }
    }
    return SIZE_MAX;
}

} // namespace eddy::inline v0
