// checked_run.cpp — runs, and looks.

#include <eddy/base/atomic.hpp>
#include <eddy/sched/sleep.hpp>
#include <eddy/testing/checked_run.hpp>
#include <eddy/testing/leak_check.hpp>
#include <eddy/testing/report_log.hpp>

#include <chrono>
#include <utility>

namespace eddy::inline v0 {
namespace {

constinit atomic<bool> leftovers_allowed{false};

std::exception_ptr run_on(runtime& loops, const std::function<coro<>()>& program,
                          std::source_location site) {
    try {
        loops.run_until_complete(program(), {}, site);
        return nullptr;
    } catch (...) {
        return std::current_exception();
    }
}

// Lets what could end already do so: a task that is about to end is not left behind.
coro<> settle() {
    co_await sleep(std::chrono::nanoseconds(1));
}

} // namespace

void allow_leftovers() noexcept {
    leftovers_allowed.store(true, relaxed); // count: read when the workers have stopped
}

checked_result run_checked(const std::function<coro<>()>& program, runtime_options options,
                           const run_checks& checks, std::source_location site) {
    const leak_check before;
    const report_log reports;
    checked_result out;
    leftovers_allowed.store(false, relaxed); // init: nothing runs yet
    {
        runtime loops(std::move(options));
        out.error = run_on(loops, program, site);
        const bool fine = checks.left_behind == run_checks::leftovers::fine ||
                          leftovers_allowed.load(relaxed); // count: see above
        if (out.error == nullptr && !fine) {
            loops.run_until_complete(settle());
            for (const std::string& each : leftovers_of(loops)) {
                out.problems.push_back("left behind: " + each);
            }
        }
    }
    for (const std::string& each : before.leaks()) {
        out.problems.push_back("leaked: " + each);
    }
    for (const report& each : reports.all()) {
        if (!checks.is_wrong || checks.is_wrong(each)) {
            out.problems.push_back("reported: " + each.message);
        }
    }
    return out;
}

} // namespace eddy::inline v0
