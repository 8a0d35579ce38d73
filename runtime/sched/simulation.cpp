// simulation.cpp — the words for a step.

#include <eddy/sched/simulation.hpp>

#include <array>
#include <cstdio>

namespace eddy::inline v0 {
namespace {

std::string words_for(const simulated_step& step) {
    using kind = simulated_step::kind;
    switch (step.what) {
    case kind::resume:
        return " resumes " + step.task.name();
    case kind::fork:
        return " starts a child of " + step.task.name();
    case kind::callback:
        return " calls a callback";
    case kind::job:
        return " runs a job";
    case kind::timers:
        return " fires timers";
    case kind::descriptors:
        return " delivers descriptors";
    case kind::time:
        return "time passes";
    }
    __builtin_unreachable();
}

} // namespace

std::string to_string(const simulated_step& step) {
    const std::chrono::duration<double> since = step.now - virtual_clock_source().now();
    std::array<char, 32> time{};
    (void)std::snprintf(time.data(), time.size(), "%+.9gs ", since.count());
    std::string out = time.data();
    if (step.what != simulated_step::kind::time) {
        out += "worker " + std::to_string(step.worker);
    }
    out += words_for(step);
    if (step.task.valid()) {
        out += std::string(" at ") + step.site.file_name() + ":" + std::to_string(step.site.line());
    }
    if (step.from != step.worker) {
        out += ", of worker " + std::to_string(step.from);
    }
    return out;
}

} // namespace eddy::inline v0
