// cpu_count.cpp — affinity, control groups, and the environment's last word.

#include <eddy/base/cpu_count.hpp>
#include <eddy/base/syscall.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace eddy::inline v0 {

namespace {

using processors = std::optional<std::size_t>; // nothing: no limit

processors smaller(processors a, processors b) {
    if (!a || !b) {
        return a ? a : b;
    }
    return std::min(*a, *b);
}

/// `quota` microseconds of processor time in each `period`. "max" and -1 mean no limit.
processors processors_of(const std::string& quota, const std::string& period) {
    const auto number = [](const std::string& text) {
        std::int64_t value = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        return error == std::errc() && stop == end ? value : -1;
    };
    const std::int64_t share = number(quota);
    const std::int64_t whole = number(period);
    if (share <= 0 || whole <= 0) {
        return std::nullopt;
    }
    return static_cast<std::size_t>((share - 1) / whole + 1);
}

processors quota_v2(const std::string& group) {
    std::ifstream file(group + "/cpu.max");
    std::string quota;
    std::string period;
    file >> quota >> period;
    return processors_of(quota, period);
}

processors quota_v1(const std::string& group) {
    std::ifstream quota_file(group + "/cpu.cfs_quota_us");
    std::ifstream period_file(group + "/cpu.cfs_period_us");
    std::string quota;
    std::string period;
    quota_file >> quota;
    period_file >> period;
    return processors_of(quota, period);
}

/// The tightest quota of `path` and all its ancestors up to the mount point. Groups that cannot be
/// seen from inside a container have no files there and set no limit.
processors tightest(const std::string& mount, std::string path,
                    processors (*quota_of)(const std::string& group)) {
    if (path.find("/..") != std::string::npos) {
        path.clear(); // outside this control group namespace
    }
    processors result = quota_of(mount);
    while (!path.empty() && path != "/") {
        result = smaller(result, quota_of(mount + path));
        path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
    return result;
}

bool names_cpu(std::string_view controllers) {
    while (!controllers.empty()) {
        const std::size_t comma = std::min(controllers.find(','), controllers.size());
        if (controllers.substr(0, comma) == "cpu") {
            return true;
        }
        controllers.remove_prefix(std::min(comma + 1, controllers.size()));
    }
    return false;
}

/// `line` is "hierarchy:controllers:path"; version 2 has hierarchy 0 and no controllers.
processors quota_of_line(const std::string& mounts, const std::string& line) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
        return std::nullopt;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
        return smaller(tightest(mounts, path, quota_v2),
                       tightest(mounts + "/unified", path, quota_v2));
    }
    if (names_cpu(controllers)) {
        return smaller(tightest(mounts + "/" + controllers, path, quota_v1),
                       tightest(mounts + "/cpu", path, quota_v1));
    }
    return std::nullopt;
}

} // namespace

std::size_t cpu_count() {
    if (const char* text = std::getenv("EDDY_WORKERS")) {
        return parse_worker_count(text);
    }
    const processors usable = smaller(sys::sched_getaffinity_count(), cgroup_cpu_quota());
    return std::clamp<std::size_t>(usable.value_or(1), 1, workers_max);
}

std::size_t parse_worker_count(const char* text) {
    const char* end = text + std::strlen(text);
    std::size_t workers = 0;
    const auto [stop, error] = std::from_chars(text, end, workers);
    if (error != std::errc() || stop != end || workers < 1 || workers > workers_max) {
        throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                                "EDDY_WORKERS=" + std::string(text) +
                                    " is not a number from 1 to " + std::to_string(workers_max));
    }
    return workers;
}

std::optional<std::size_t> cgroup_cpu_quota(const std::string& root) {
    std::ifstream groups(root + "/proc/self/cgroup");
    processors result;
    for (std::string line; std::getline(groups, line);) {
        result = smaller(result, quota_of_line(root + "/sys/fs/cgroup", line));
    }
    return result;
}

} // namespace eddy::inline v0
