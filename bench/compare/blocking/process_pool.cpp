// process_pool.cpp — blocking calls, each awaited by a task while eddy's process pool makes it.

#include "common.hpp"
#include <eddy/eddy.hpp>
#include <eddy/exec/process_pool_executor.hpp>
#include <eddy/io/fd.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace eddy::compare::blocking {

namespace {

void await_release(const std::string& path) {
    const owned_fd release(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char byte = 0;
    if (::read(release.get(), &byte, 1) != 1) {
        throw std::system_error(errno, std::generic_category(), "read " + path);
    }
}

void make_in_process(kind which, const std::string& release) {
    if (which == kind::release) {
        await_release(release);
    } else {
        make_by_itself(which);
    }
}
EDDY_FUNCTION(make_in_process);

eddy::coro<> await_one(eddy::process_pool_executor& pool, call what) {
    co_await eddy::run_in_executor(pool, make_in_process, what.which(), what.release().path());
}

eddy::coro<> await_all(eddy::process_pool_executor& pool, std::uint64_t count, call what) {
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

metrics run_process_pool(const request& asked) {
    record record;
    eddy::process_pool_executor pool(asked.cores);
    eddy::runtime loops({.workers = asked.cores});
    return record.of(asked.size, [&](std::uint64_t count, const call& what) {
        loops.run_until_complete(await_all(pool, count, what));
    });
}

} // namespace eddy::compare::blocking
