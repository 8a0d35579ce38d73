// machine.cpp — what a reader of the numbers must know: the machine and the versions.

#include "machine.hpp"

#include "compare/meter.hpp"
#include "files.hpp"
#include <eddy/base/cpu_count.hpp>
#include <eddy/base/syscall.hpp>
#include <eddy/base/version.hpp>

#include <gnu/libc-version.h>
#include <nlohmann/json.hpp>
#include <oneapi/tbb/version.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <fstream>
#include <thread>

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

struct ticks {
    double all = 0;
    double idle = 0;

    // "cpu  user nice system idle iowait irq softirq steal guest ...", of all processors since the
    // boot. What guests take is in user and nice already.
    [[nodiscard]] static ticks now() {
        constexpr int fields = 8;
        std::ifstream file("/proc/stat");
        std::string name;
        file >> name;
        ticks found;
        double value = 0;
        for (int field = 0; field < fields && file >> value; ++field) {
            found.all += value;
            found.idle += field == 3 || field == 4 ? value : 0;
        }
        return found;
    }
};

// Not the load average: that remembers an earlier run.
double busy_cores() {
    const foreign_load load;
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return load.cores();
}

std::string mimalloc_version() {
    const int version = mi_version(); // 209 is 2.0.9
    return std::to_string(version / 100) + "." + std::to_string(version / 10 % 10) + "." +
           std::to_string(version % 10);
}

} // namespace

foreign_load::foreign_load() : used_before_(used()), own_before_(compare::usage::now().cpu) {}

std::chrono::nanoseconds foreign_load::used() {
    const ticks since_boot = ticks::now();
    const double seconds =
        (since_boot.all - since_boot.idle) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(seconds));
}

double foreign_load::cores() const {
    const auto own = compare::usage::now().cpu - own_before_;
    const auto wall = clock::now() - start_;
    const double found =
        compare::nanoseconds(used() - used_before_ - own) / compare::nanoseconds(wall);
    return std::clamp(found, 0.0, static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

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
        {"busy_cores_before", busy_cores()},
    };
}

bool is_busy(const nlohmann::json& machine) {
    return machine.at("busy_cores_before").get<double>() > busy_cores_max;
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
