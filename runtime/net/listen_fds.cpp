// listen_fds.cpp — the protocol of sd_listen_fds(3).

#include <eddy/net/listen_fds.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace eddy::inline v0 {

namespace {

std::string variable(const char* name) {
    const char* const text = std::getenv(name); // NOLINT(concurrency-mt-unsafe): see the header
    return text == nullptr ? "" : text;
}

int number(std::string_view text) noexcept {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

/// Takes what comes before the next ':' off `list`.
std::string next_name(std::string_view& list) {
    const std::string_view name = list.substr(0, list.find(':'));
    list.remove_prefix(std::min(name.size() + 1, list.size()));
    return name.empty() ? "unknown" : std::string(name);
}

} // namespace

inherited_sockets listen_fds(int first_fd) {
    const bool for_us = number(variable("LISTEN_PID")) == ::getpid();
    const int count = for_us ? number(variable("LISTEN_FDS")) : 0;
    const std::string names = variable("LISTEN_FDNAMES");
    for (const char* each : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) {
        ::unsetenv(each); // NOLINT(concurrency-mt-unsafe)
    }
    std::vector<owned_fd> fds;
    fds.reserve(static_cast<std::size_t>(std::max(count, 0)));
    std::error_code failure;
    for (int fd = first_fd; fd < first_fd + count; ++fd) {
        const std::error_code closed = sys::make_nonblocking(fd);
        if (closed) {
            failure = closed;
        } else {
            fds.emplace_back(fd);
        }
    }
    if (failure) {
        throw std::system_error(failure, "LISTEN_FDS");
    }
    inherited_sockets out;
    std::string_view left = names;
    for (owned_fd& each : fds) {
        out.sockets.push_back(socket::adopt(std::move(each)));
        out.names.push_back(next_name(left));
    }
    return out;
}

} // namespace eddy::inline v0
