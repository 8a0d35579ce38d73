// deadlock.cpp — looks for hope, and for words.

#include "sched/deadlock.hpp"

#include "sched/runtime_core.hpp"

#include <filesystem>
#include <string>
#include <system_error>

namespace eddy::inline v0 {
namespace {

bool something_is_armed(runtime_core& runtime) noexcept {
    for (unsigned i = 0; i != runtime.size(); ++i) {
        worker& each = runtime.at(i);
        if (each.wheel().next_deadline() != clock::time_point::max() ||
            each.descriptors().any_armed_hint()) {
            return true;
        }
    }
    return false;
}

// More threads than one cannot tell means that there may be some.
std::size_t threads_of_the_process() noexcept {
    std::error_code error;
    std::size_t count = 0;
    for (std::filesystem::directory_iterator at("/proc/self/task", error), end; !error && at != end;
         at.increment(error)) {
        ++count;
    }
    return error ? SIZE_MAX : count;
}

} // namespace

hope hope_of(runtime_core& runtime) noexcept {
    if (something_is_armed(runtime)) {
        return hope::some;
    }
    return threads_of_the_process() > runtime.threads() ? hope::from_other_threads : hope::none;
}

report deadlock_report(runtime_core& runtime) {
    const std::vector<any_task> tasks = runtime.all_tasks();
    std::string text = "deadlock: nothing can wake the " + std::to_string(tasks.size()) +
                       (tasks.size() == 1 ? " task that waits" : " tasks that wait");
    for (const any_task& each : tasks) {
        text += "\n  " + to_string(each);
    }
    return {.kind = report_kind::deadlock,
            .message = std::move(text),
            .task_name = {},
            .site = {},
            .error = nullptr};
}

} // namespace eddy::inline v0
