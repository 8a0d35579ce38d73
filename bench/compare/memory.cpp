// memory.cpp — how much memory a model's waiters take, in user space and in the kernel.

#include "memory.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace eddy::compare {

namespace {

constexpr std::size_t sampled_children_max = 200;
constexpr double bytes_per_kilobyte = 1024;

// The sum of the "Name:  123 kB" lines of `path` whose name is in `names`.
template <std::size_t Count>
double sum_of_lines(const std::string& path, const std::array<std::string_view, Count>& names) {
    std::ifstream file(path);
    std::string name;
    double kilobytes = 0;
    double sum = 0;
    std::size_t found = 0;
    while (file >> name) {
        if (std::find(names.begin(), names.end(), name) != names.end() && file >> kilobytes) {
            sum += kilobytes * bytes_per_kilobyte;
            ++found;
        }
        file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    if (found != Count) {
        throw std::runtime_error("cannot read memory use from " + path);
    }
    return sum;
}

double user_bytes_of(const std::string& process) {
    static constexpr std::array<std::string_view, 1> names{"Pss:"};
    return sum_of_lines("/proc/" + process + "/smaps_rollup", names);
}

double user_bytes_of(const std::vector<pid_t>& children) {
    if (children.empty()) {
        return 0;
    }
    const std::size_t step = std::max<std::size_t>(1, children.size() / sampled_children_max);
    double sum = 0;
    std::size_t sampled = 0;
    for (std::size_t i = 0; i < children.size(); i += step) {
        sum += user_bytes_of(std::to_string(children[i]));
        ++sampled;
    }
    return sum / static_cast<double>(sampled) * static_cast<double>(children.size());
}

// Adds the children of all threads of `process`, and theirs.
void add_descendants(std::vector<pid_t>& found, const std::string& process) {
    std::error_code gone;
    const std::filesystem::path threads = "/proc/" + process + "/task";
    for (const auto& thread : std::filesystem::directory_iterator(threads, gone)) {
        std::ifstream children(thread.path() / "children");
        for (pid_t pid = 0; children >> pid;) {
            found.push_back(pid);
            add_descendants(found, std::to_string(pid));
        }
    }
}

} // namespace

std::vector<pid_t> descendants() {
    std::vector<pid_t> found;
    add_descendants(found, "self");
    return found;
}

memory memory::now(const std::vector<pid_t>& children) {
    static constexpr std::array<std::string_view, 3> kernel_names{
        "KernelStack:", "PageTables:", "SUnreclaim:"};
    return {
        .user_bytes = user_bytes_of("self") + user_bytes_of(children),
        .kernel_bytes = sum_of_lines("/proc/meminfo", kernel_names),
    };
}

void add_memory(metrics& found, const memory& before, const memory& after, std::uint64_t waiters) {
    const auto count = static_cast<double>(waiters);
    const double user = std::max(0.0, after.user_bytes - before.user_bytes) / count;
    const double kernel = std::max(0.0, after.kernel_bytes - before.kernel_bytes) / count;
    found["user_bytes"] = user;
    found["kernel_bytes"] = kernel;
    found["memory_bytes"] = user + kernel;
}

} // namespace eddy::compare
