// inotify.cpp — reading and unpacking events.

#include <eddy/base/syscall_process.hpp>
#include <eddy/os/inotify.hpp>

#include <algorithm>
#include <cstring>
#include <system_error>

namespace eddy::inline v0 {
namespace {

constexpr std::size_t buffer_bytes = 16UL * 1024;

async_fd opened() {
    const sys::fd_result made = sys::inotify_init1();
    if (made.error) {
        throw std::system_error(made.error, "inotify_init1");
    }
    return async_fd(owned_fd(made.fd));
}

} // namespace

inotify::inotify() : fd_(opened()), buffer_(buffer_bytes) {}

void inotify::watch(const std::string& path, std::uint32_t mask) {
    const sys::watch_result made = sys::inotify_add_watch(fd_.get(), path.c_str(), mask);
    if (made.error) {
        throw std::system_error(made.error, "watch " + path);
    }
    watched_[made.watch] = path;
}

bool inotify::unwatch(const std::string& path) {
    const auto has_path = [&](const auto& each) { return each.second == path; };
    const auto at = std::ranges::find_if(watched_, has_path);
    if (at == watched_.end()) {
        return false;
    }
    (void)sys::inotify_rm_watch(fd_.get(), at->first);
    watched_.erase(at);
    return true;
}

coro<std::optional<file_event>> inotify::next() {
    constexpr const char* what = "wait for changes of files";
    while (ready_.empty()) {
        const sys::io_result got = co_await fd_.perform(
            interest::read, 0, what, [this](int fd) { return sys::read(fd, buffer_); });
        if (got.error) {
            throw std::system_error(got.error, what);
        }
        unpack(got.bytes);
    }
    file_event out = std::move(ready_.back());
    ready_.pop_back();
    co_return out;
}

// IN_IGNORED only says that a watch has ended.
void inotify::unpack(std::size_t bytes) {
    for (std::size_t at = 0; at < bytes;) {
        inotify_event header{};
        std::memcpy(&header, buffer_.data() + at, sizeof header);
        at += sizeof header;
        const auto* const name = reinterpret_cast<const char*>(buffer_.data() + at);
        at += header.len;
        const auto watch = watched_.find(header.wd);
        if ((header.mask & IN_IGNORED) != 0) {
            if (watch != watched_.end()) {
                watched_.erase(watch);
            }
            continue;
        }
        if (watch == watched_.end() && (header.mask & IN_Q_OVERFLOW) == 0) {
            continue; // from before an unwatch
        }
        ready_.push_back({.watched = watch == watched_.end() ? std::string() : watch->second,
                          .name = header.len == 0 ? std::string() : std::string(name),
                          .mask = header.mask,
                          .cookie = header.cookie});
    }
    std::ranges::reverse(ready_);
}

} // namespace eddy::inline v0
