// eddy.cpp — idle waiters, one eddy::task each, waiting for one future.
//
// Threads:    the waiters run on all workers of the runtime.

#include "common.hpp"
#include <eddy/eddy.hpp>

#include <vector>

namespace eddy::compare::idle_waiters {

namespace {

struct shared_state {
    eddy::promise<void> release;
    eddy::future<void> released = release.get_future();
    eddy::atomic<std::uint64_t> started = 0;
};

eddy::coro<> waiter(shared_state& shared) {
    shared.started.fetch_add(1, relaxed); // count: of those about to wait
    co_await shared.released;
}

eddy::coro<metrics> measure(std::uint64_t waiters, record& record) {
    shared_state shared;
    std::vector<eddy::task<>> tasks;
    tasks.reserve(waiters);
    for (std::uint64_t i = 0; i < waiters; ++i) {
        tasks.push_back(eddy::create_task(waiter(shared)));
    }
    while (shared.started.load(relaxed) < waiters) { // count: nothing is read through it
        co_await eddy::yield();
    }
    record.all_waiting();
    shared.release.set_value();
    for (eddy::task<>& task : tasks) {
        co_await task;
    }
    co_return record.all_ended(waiters);
}

} // namespace

metrics run_coroutines(const request& asked) {
    record record; // before the runtime: its threads and stacks are part of the memory
    return eddy::run(measure(asked.size, record), {.workers = asked.cores});
}

} // namespace eddy::compare::idle_waiters
