// limits.cpp — how many threads, processes and coroutines this machine has room for.

#include "limits.hpp"

#include "compare/grouped.hpp"
#include "files.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace eddy::cli {

namespace {

// One thing that limits a count.
struct bound {
    std::string name;
    std::uint64_t value = 0;
    std::uint64_t in_use = 0;
    std::uint64_t each = 1; // how much of it one thread or process takes

    [[nodiscard]] std::uint64_t room() const noexcept {
        const std::uint64_t left = value > in_use ? value - in_use : 0;
        return (left - left / 10) / each; // others need some, too
    }
};

// Assumed where nothing can be measured beforehand: more than they take, so that there is enough.
constexpr std::uint64_t thread_bytes = 64UL * 1024;
constexpr std::uint64_t process_bytes = 512UL * 1024;
constexpr std::uint64_t coroutine_bytes = 1024;
constexpr std::uint64_t maps_per_thread = 2; // the stack and its guard page

// A limit that a control group may have, and the file that says how much of it is used.
struct group_limit {
    const char* controller; // empty: version 2
    const char* name;
    const char* file;
    const char* in_use_file;
};

constexpr group_limit group_pids{"", "the control group's pids.max", "/pids.max", "/pids.current"};
constexpr group_limit group_pids_1{"pids", group_pids.name, group_pids.file,
                                   group_pids.in_use_file};
constexpr group_limit group_memory{"", "the control group's memory.max", "/memory.max",
                                   "/memory.current"};
constexpr group_limit group_memory_1{"memory", "the control group's memory limit",
                                     "/memory.limit_in_bytes", "/memory.usage_in_bytes"};

// "1/85": the threads of the whole machine are behind the slash.
std::uint64_t threads_on_the_machine() {
    std::ifstream file("/proc/loadavg");
    std::string ignored;
    std::string running_of_all;
    file >> ignored >> ignored >> ignored >> running_of_all;
    const auto slash = running_of_all.find('/');
    return slash == std::string::npos ? 0 : std::stoull(running_of_all.substr(slash + 1));
}

std::uint64_t threads_of_this_user() {
    std::uint64_t count = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        const auto path = entry.path().string();
        const auto user = value_of(path + "/status", "Uid");
        if (user && std::stoull(*user) == ::getuid()) {
            count += std::stoull(value_of(path + "/status", "Threads").value_or("1"));
        }
    }
    return count;
}

std::uint64_t lines_of(const std::string& path) {
    std::ifstream file(path);
    std::uint64_t count = 0;
    for (std::string line; std::getline(file, line);) {
        ++count;
    }
    return count;
}

// RLIMIT_NPROC does not bind root.
void add_user_limit(std::vector<bound>& bounds) {
    rlimit limit{};
    if (::geteuid() != 0 && ::getrlimit(RLIMIT_NPROC, &limit) == 0 &&
        limit.rlim_cur != RLIM_INFINITY) {
        bounds.push_back({"RLIMIT_NPROC", limit.rlim_cur, threads_of_this_user()});
    }
}

// Threads share one address space, and each takes room for its stack there.
void add_address_space_limit(std::vector<bound>& bounds) {
    rlimit space{};
    rlimit stack{};
    if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY &&
        ::getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != RLIM_INFINITY) {
        bounds.push_back({"RLIMIT_AS in bytes", space.rlim_cur,
                          proc_bytes("/proc/self/status", "VmSize"), stack.rlim_cur});
    }
}

// Adds the limit of each control group that this process is in.
void add_group_limits(std::vector<bound>& bounds, const group_limit& limit, std::uint64_t each) {
    for (const std::string& folder : group_folders(limit.controller)) {
        if (const auto value = first_number(folder + limit.file)) {
            bounds.push_back(
                {limit.name, *value, first_number(folder + limit.in_use_file).value_or(0), each});
        }
    }
}

std::vector<bound> bounds_of_threads_and_processes() {
    std::vector<bound> bounds;
    const std::uint64_t running = threads_on_the_machine();
    for (const char* name : {"pid_max", "threads-max"}) {
        if (const auto value = first_number(std::string("/proc/sys/kernel/") + name)) {
            bounds.push_back({std::string("kernel.") + name, *value, running});
        }
    }
    add_user_limit(bounds);
    add_group_limits(bounds, group_pids, 1);
    add_group_limits(bounds, group_pids_1, 1);
    return bounds;
}

void add_memory_limits(std::vector<bound>& bounds, std::uint64_t bytes_each) {
    bounds.push_back(
        {"free memory in bytes", proc_bytes("/proc/meminfo", "MemAvailable"), 0, bytes_each});
    add_group_limits(bounds, group_memory, bytes_each);
    add_group_limits(bounds, group_memory_1, bytes_each);
}

limit tightest(const std::string& what, const std::vector<bound>& bounds) {
    const auto least =
        std::min_element(bounds.begin(), bounds.end(), [](const bound& one, const bound& other) {
            return one.room() < other.room();
        });
    return {
        .count = least->room(),
        .why = what + " limit " + compare::grouped(least->room()) + ": " + least->name + " " +
               compare::grouped(least->value) +
               (least->in_use > 0 ? ", " + compare::grouped(least->in_use) + " in use" : "") +
               (least->each > 1 ? ", " + compare::grouped(least->each) + " each" : "") +
               ", a tenth left free",
    };
}

} // namespace

limits limits::read() {
    auto processes = bounds_of_threads_and_processes();
    auto threads = processes;
    std::vector<bound> coroutines;
    if (const auto maps = first_number("/proc/sys/vm/max_map_count")) {
        threads.push_back(
            {"vm.max_map_count", *maps, lines_of("/proc/self/maps"), maps_per_thread});
    }
    add_address_space_limit(threads);
    add_memory_limits(threads, thread_bytes);
    add_memory_limits(processes, process_bytes);
    add_memory_limits(coroutines, coroutine_bytes);
    limits found;
    found.threads_ = tightest("thread", threads);
    found.processes_ = tightest("process", processes);
    found.coroutines_ = tightest("coroutine", coroutines);
    return found;
}

const limit& limits::of(compare::model which) const noexcept {
    switch (which) {
    case compare::model::threads:
        return threads_;
    case compare::model::processes:
        return processes_;
    default:
        return coroutines_;
    }
}

} // namespace eddy::cli
