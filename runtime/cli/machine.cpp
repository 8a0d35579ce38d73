// machine.cpp — what a reader of the numbers must know: the machine and the versions.
#include "machine.hpp"

#include "files.hpp"
#include <eddy/base/cpu_count.hpp>
#include <eddy/base/syscall.hpp>
#include <eddy/base/version.hpp>

#include <gnu/libc-version.h>
#include <nlohmann/json.hpp>
#include <oneapi/tbb/version.h>

#include <array>
#include <ctime>

#include <mimalloc.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace eddy::cli {

namespace {

std::string kernel() {
    utsname name{};
    ::uname(&name);
    return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

nlohmann::json quota() {
    const auto found = cgroup_cpu_quota();
    return found ? nlohmann::json(*found) : nlohmann::json();
}

double load() {
    std::array<double, 1> last_minute{};
    return ::getloadavg(last_minute.data(), 1) == 1 ? last_minute[0] : 0;
}

std::string mimalloc_version() {
    const int version = mi_version(); // 209 is 2.0.9
    return std::to_string(version / 100) + "." + std::to_string(version / 10 % 10) + "." +
           std::to_string(version % 10);
}

} // namespace

unsigned cores() {
    return static_cast<unsigned>(cpu_count());
}

nlohmann::json machine() {
    return {
        {"cpu", value_of("/proc/cpuinfo", "model name").value_or("unknown")},
        {"cores", cores()},
        {"cores_online", ::sysconf(_SC_NPROCESSORS_ONLN)},
        {"cores_in_affinity_mask", sys::sched_getaffinity_count()},
        {"cgroup_cpu_quota", quota()},
        {"memory_bytes", proc_bytes("/proc/meminfo", "MemTotal")},
        {"memory_available_bytes", proc_bytes("/proc/meminfo", "MemAvailable")},
        {"kernel", kernel()},
        {"load_before", load()},
    };
}

nlohmann::json versions() {
    return {
        {"eddy", library_version()},
        {"compiler", __VERSION__},
#ifdef NDEBUG
        {"build", "release"},
#else
        {"build", "debug"},
#endif
        {"tbb", TBB_runtime_version()},
        {"mimalloc", mimalloc_version()},
        {"glibc", ::gnu_get_libc_version()},
    };
}

std::string summary_of(const nlohmann::json& machine) {
    constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;
    const auto count = machine.at("cores").get<unsigned>();
    return machine.at("cpu").get<std::string>() + ", " + std::to_string(count) +
           (count == 1 ? " core, " : " cores, ") +
           std::to_string((machine.at("memory_bytes").get<std::uint64_t>() + gibibyte / 2) /
                          gibibyte) +
           " GiB, " + machine.at("kernel").get<std::string>();
}

std::string date_now() {
    const time_t now = ::time(nullptr);
    tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return {text.data(), length};
}

} // namespace eddy::cli
