// probed_tasks.hpp — many tasks of eddy at once, and one more that serves the probe meanwhile.

#pragma once

#include "lateness.hpp"
#include <eddy/eddy.hpp>

#include <cstdint>
#include <vector>

namespace eddy::compare {

inline eddy::coro<> serve_for_ever(lateness& probe) {
    while (true) {
        const auto due = probe.next_due();
        co_await eddy::sleep_until(due);
        probe.serve(due);
    }
}

/// Makes `count` tasks of `make()`, which gives a coroutine, and waits until all have ended.
template <typename Make>
eddy::coro<probed> await_probed(std::uint64_t count, Make make) {
    probed found;
    eddy::task<> probe = eddy::create_task(serve_for_ever(found.late));
    const meter time;
    std::vector<eddy::task<>> tasks;
    tasks.reserve(count);
    while (tasks.size() < count) {
        tasks.push_back(eddy::create_task(make()));
    }
    for (eddy::task<>& task : tasks) {
        co_await task;
    }
    found.wall = time.wall();
    found.cpu = time.used().cpu;
    probe.cancel();
    if (!(co_await eddy::as_result(probe)).cancelled()) {
        throw wrong_result("the probe ended before the tasks");
    }
    found.late.serve_missed();
    co_return found;
}

} // namespace eddy::compare
