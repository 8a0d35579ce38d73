// eddy.cpp — mixed, an eddy::task for every job; the probe is a task that sleeps until its tick.

#include "common.hpp"
#include <eddy/eddy.hpp>

#include <vector>

namespace eddy::compare::mixed {

namespace {

eddy::coro<> awaiting_job() {
    burn(burn_time / 2);
    co_await eddy::sleep(block_time);
    burn(burn_time / 2);
}

eddy::coro<> serve(lateness& late) {
    while (true) {
        const auto due = late.next_due();
        co_await eddy::sleep_until(due);
        late.serve(due);
    }
}

eddy::coro<metrics> measure(std::uint64_t jobs) {
    metrics found;
    lateness late;
    eddy::task<> probe = eddy::create_task(serve(late));
    const meter time;
    std::vector<eddy::task<>> tasks;
    tasks.reserve(jobs);
    while (tasks.size() < jobs) {
        tasks.push_back(eddy::create_task(awaiting_job()));
    }
    for (eddy::task<>& task : tasks) {
        co_await task;
    }
    found["total_ns"] = nanoseconds(time.wall());
    found["cpu_ns"] = nanoseconds(time.used().cpu);
    probe.cancel();
    if (!(co_await eddy::as_result(probe)).cancelled()) {
        throw wrong_result("the probe ended before the jobs");
    }
    late.add_to(found);
    co_return found;
}

} // namespace

metrics run_coroutines(const request& asked) {
    return eddy::run(measure(asked.size), {.workers = asked.cores});
}

} // namespace eddy::compare::mixed
