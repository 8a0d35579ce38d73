// on_loop.cpp — blocking calls, each made by a task of eddy as if it were nothing: its worker
// blocks.

#include "common.hpp"
#include <eddy/eddy.hpp>

#include <vector>

namespace eddy::compare::blocking {

namespace {

eddy::coro<> make(call what) {
    what.make();
    co_return;
}

eddy::coro<> make_all(std::uint64_t count, call what) {
    std::vector<eddy::task<>> tasks;
    tasks.reserve(count);
    while (tasks.size() < count) {
        tasks.push_back(eddy::create_task(make(what)));
    }
    for (eddy::task<>& task : tasks) {
        co_await task;
    }
}

} // namespace

metrics run_on_loop(const request& asked) {
    record record;
    eddy::runtime loops({.workers = asked.cores});
    return record.of(asked.size, [&](std::uint64_t count, const call& what) {
        loops.run_until_complete(make_all(count, what));
    });
}

} // namespace eddy::compare::blocking
