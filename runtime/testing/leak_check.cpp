// leak_check.cpp — counts frames, and reads /proc for descriptors.

#include <eddy/core/frame_cache.hpp>
#include <eddy/testing/leak_check.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <system_error>

namespace eddy::inline v0 {
namespace {

// Every open descriptor and what it is; without the one that this look itself needs.
std::map<int, std::string> open_descriptors() {
    std::map<int, std::string> out;
    std::error_code error;
    for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
         at.increment(error)) {
        const std::string name = at->path().filename().string();
        const std::string target = std::filesystem::read_symlink(at->path(), error).string();
        int fd = -1;
        (void)std::from_chars(name.data(), name.data() + name.size(), fd);
        if (!error && !(target.starts_with("/proc/") && target.ends_with("/fd"))) {
            out.emplace(fd, target);
        }
        error.clear();
    }
    return out;
}

} // namespace

leak_check::leak_check() : frames_(frame_cache::live_hint()) {
    for (const auto& [fd, target] : open_descriptors()) {
        descriptors_.push_back(fd);
    }
}

std::vector<std::string> leak_check::leaks() const {
    std::vector<std::string> out;
    if (const std::int64_t more = frame_cache::live_hint() - frames_; more > 0) {
        out.push_back(more == 1 ? "1 coroutine frame or control block"
                                : std::to_string(more) + " coroutine frames or control blocks");
    }
    for (const auto& [fd, target] : open_descriptors()) {
        if (!std::ranges::binary_search(descriptors_, fd)) {
            out.push_back("descriptor " + std::to_string(fd) + ", " + target);
        }
    }
    return out;
}

std::vector<std::string> leftovers_of(const runtime& loops) {
    std::vector<std::string> out;
    for (const any_task& each : loops.all_tasks()) {
        out.push_back("task " + to_string(each));
    }
    if (const std::size_t timers = loops.live().timers; timers != 0) {
        out.push_back(timers == 1 ? "1 timer" : std::to_string(timers) + " timers");
    }
    for (const int fd : loops.watched_descriptors()) {
        out.push_back("a wait for descriptor " + std::to_string(fd));
    }
    return out;
}

} // namespace eddy::inline v0
