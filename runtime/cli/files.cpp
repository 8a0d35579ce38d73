// files.cpp — small files of /proc and /sys, read whole.

#include "files.hpp"

#include <algorithm>
#include <fstream>

namespace eddy::cli {

namespace {

std::optional<std::uint64_t> number_in(const std::optional<std::string>& text) {
    if (!text) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    std::size_t digits = 0;
    while (digits < text->size() && (*text)[digits] >= '0' && (*text)[digits] <= '9') {
        number = number * 10 + static_cast<std::uint64_t>((*text)[digits++] - '0');
    }
    return digits == 0 ? std::nullopt : std::optional(number);
}

} // namespace

std::optional<std::string> first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    return std::getline(file, line) ? std::optional(line) : std::nullopt;
}

std::optional<std::uint64_t> first_number(const std::string& path) {
    return number_in(first_line(path));
}

std::optional<std::string> value_of(const std::string& path, const std::string& key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos || line.compare(0, key.size(), key) != 0 ||
            line.find_first_not_of(" \t", key.size()) != colon) {
            continue;
        }
        const auto value = line.find_first_not_of(" \t", colon + 1);
        return value == std::string::npos ? "" : line.substr(value);
    }
    return std::nullopt;
}

std::uint64_t proc_bytes(const std::string& path, const std::string& key) {
    constexpr std::uint64_t bytes_per_kilobyte = 1024;
    return number_in(value_of(path, key)).value_or(0) * bytes_per_kilobyte;
}

std::vector<std::string> group_folders(const std::string& controller) {
    const std::string root = controller.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
    const std::string mark = ":" + controller + ":"; // "8:pids:/a/b", and of version 2 "0::/a/b"
    std::vector<std::string> folders;
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        const auto found = line.find(mark);
        if (found == std::string::npos || found != line.find(':')) {
            continue;
        }
        std::string group = line.substr(found + mark.size());
        while (!group.empty()) {
            folders.push_back(root + group);
            group.resize(group.size() > 1 ? std::max<std::size_t>(group.rfind('/'), 1) : 0);
        }
    }
    return folders;
}

} // namespace eddy::cli
