// thread_state.cpp — by the thread's processor clock, and by /proc.

#include "base/thread_state.hpp"

#include <eddy/base/syscall.hpp>
#include <eddy/base/syscall_process.hpp>

#include <algorithm>
#include <array>
#include <charconv>
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

// Of proc_pid_stat(5) what follows the name, which is in brackets and may contain some.
class stat_line {
public:
    explicit stat_line(const char* file) noexcept {
        const sys::fd_result opened = sys::open(file, O_RDONLY, 0);
        if (opened.error) {
            return;
        }
        const sys::io_result got = sys::read(opened.fd, text_);
        (void)sys::close(opened.fd);
        if (got.error) {
            return;
        }
        const std::string_view all(reinterpret_cast<const char*>(text_.data()), got.bytes);
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
        std::string_view from = rest_;
        for (std::size_t i = 0; i != flags_at; ++i) {
            const std::size_t space = from.find(' ');
            from = space != std::string_view::npos ? from.substr(space + 1) : std::string_view();
        }
        std::uint32_t flags = 0;
        (void)std::from_chars(from.data(), from.data() + from.size(), flags);
        return (flags & exiting) != 0;
    }

private:
    std::array<std::byte, 128> text_{}; // the flags end before the hundredth
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
    std::array<char, 64> path{};
    (void)std::snprintf(path.data(), path.size(), "/proc/self/task/%d/stat", thread);
    return stat_line(path.data()).state();
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
