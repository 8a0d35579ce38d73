// thread_state.cpp — by the thread's processor clock, and by /proc.

#include "base/thread_state.hpp"

#include <eddy/base/syscall.hpp>
#include <eddy/base/syscall_process.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

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

    /// True also if there was nothing to read: it is gone.
    [[nodiscard]] bool ends() const noexcept {
        constexpr std::size_t flags_at = 6;  // the state is at 0
        constexpr std::uint32_t exiting = 4; // the kernel's PF_EXITING
        std::string_view from = rest_;
        for (std::size_t i = 0; i != flags_at; ++i) {
            const std::size_t space = from.find(' ');
            from = space != std::string_view::npos ? from.substr(space + 1) : std::string_view();
        }
        std::uint32_t flags = exiting;
        (void)std::from_chars(from.data(), from.data() + from.size(), flags);
        return (flags & exiting) != 0;
    }

private:
    std::array<std::byte, 128> text_{}; // the flags end before the hundredth
    std::string_view rest_;
};

// Calls `fn` with the folder of each thread. False: the system does not say.
template <typename Fn>
bool for_each_thread(Fn fn) {
    std::error_code error;
    for (std::filesystem::directory_iterator at("/proc/self/task", error), end; !error && at != end;
         at.increment(error)) {
        fn(at->path());
    }
    return !error;
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

std::size_t living_threads(std::size_t expected) noexcept {
    std::size_t listed = 0;
    if (!for_each_thread([&](const auto&) { ++listed; })) {
        return SIZE_MAX;
    }
    if (listed <= expected) {
        return listed;
    }
    std::size_t living = 0;
    const bool known = for_each_thread([&](const std::filesystem::path& thread) {
        living += stat_line((thread / "stat").c_str()).ends() ? 0 : 1;
    });
    return known ? living : SIZE_MAX;
}

} // namespace eddy::inline v0
