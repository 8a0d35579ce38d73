// meter.cpp — wall time, CPU time and context switches of a stretch of work.

#include "meter.hpp"

#include <ctime>

#include <sys/resource.h>

namespace eddy::compare {

namespace {

std::chrono::nanoseconds duration(const timeval& value) noexcept {
    return std::chrono::seconds(value.tv_sec) + std::chrono::microseconds(value.tv_usec);
}

usage usage_of(int who) noexcept {
    rusage raw{};
    ::getrusage(who, &raw);
    return {
        .cpu = duration(raw.ru_utime) + duration(raw.ru_stime),
        .switches = raw.ru_nvcsw + raw.ru_nivcsw,
    };
}

} // namespace

usage usage::now() {
    const usage self = usage_of(RUSAGE_SELF);
    const usage children = usage_of(RUSAGE_CHILDREN);
    return {.cpu = self.cpu + children.cpu, .switches = self.switches + children.switches};
}

std::chrono::nanoseconds cpu_of(const std::vector<pid_t>& processes) {
    std::chrono::nanoseconds sum{};
    for (const pid_t each : processes) {
        clockid_t its{};
        timespec used{};
        if (::clock_getcpuclockid(each, &its) == 0 && ::clock_gettime(its, &used) == 0) {
            sum += std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
        }
    }
    return sum;
}

usage meter::used() const {
    const usage after = usage::now();
    return {.cpu = after.cpu - before_.cpu, .switches = after.switches - before_.switches};
}

} // namespace eddy::compare
