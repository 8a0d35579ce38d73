// serve_on_loops.hpp — the requests as tasks of eddy, on all cores.

#pragma once

#include "common.hpp"
#include <eddy/eddy.hpp>

#include <thread>
#include <utility>
#include <vector>

namespace eddy::compare::mixed_server {

/// Makes a task of `answer(all, index)` for each request, and waits for all of them.
template <typename Answer>
void serve_on_loops(requests& all, unsigned workers, Answer answer) {
    std::vector<eddy::task<>> tasks;
    tasks.reserve(all.count());
    eddy::runtime loops({.workers = workers});
    eddy::promise<void> end;
    const std::jthread client([&] {
        all.put([&](std::size_t i) { tasks.push_back(loops.create_task(answer(all, i))); });
        end.set_value();
    });
    loops.run_until_complete([](auto& tasks, auto put) -> eddy::coro<> {
        co_await put;
        for (eddy::task<>& task : tasks) {
            co_await task;
        }
    }(tasks, end.get_future()));
}

} // namespace eddy::compare::mixed_server
