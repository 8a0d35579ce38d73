// thread_pool.cpp — blocking calls, each awaited by a task while eddy's thread pool makes it.

#include "common.hpp"
#include <eddy/eddy.hpp>

#include <vector>

namespace eddy::compare::blocking {

namespace {

eddy::coro<> await_one(eddy::thread_pool_executor& pool, call what) {
    co_await eddy::run_in_executor(pool, [what] { what.make(); });
}

eddy::coro<> await_all(eddy::thread_pool_executor& pool, std::uint64_t count, call what) {
    std::vector<eddy::task<>> tasks;
    tasks.reserve(count);
    while (tasks.size() < count) {
        tasks.push_back(eddy::create_task(await_one(pool, what)));
    }
    for (eddy::task<>& task : tasks) {
        co_await task;
    }
}

} // namespace

metrics run_thread_pool(const request& asked) {
    record record;
    eddy::thread_pool_executor pool;
    eddy::runtime loops({.workers = asked.cores});
    return record.of(asked.size, [&](std::uint64_t count, const call& what) {
        loops.run_until_complete(await_all(pool, count, what));
    });
}

} // namespace eddy::compare::blocking
