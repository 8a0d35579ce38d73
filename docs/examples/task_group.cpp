// task_group.cpp — tasks that end before the scope that made them, and fail together.
//
// Shows:     with_task_group, exception_group, group.cancel(), with_supervisor_group, masked.
// Output:
//   pages: 3, characters: 12
//   the download of b was cancelled; its part file is gone
//   unhandled errors in a task group (1 exception): [a is not there]
//   2 of 3 answered, that is enough
//   restarted after: lost the connection
//   restarted after: lost the connection
//   the watcher has run 3 times

#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

eddy::coro<std::string> fetch(std::string name, std::chrono::milliseconds takes) {
    co_await eddy::sleep(takes);
    if (name == "a") {
        throw std::runtime_error("a is not there");
    }
    co_return name + name + name + name;
}

// All of them or none: the group gives its children's results once every child has one.
eddy::coro<> all() {
    eddy::task<std::string> x;
    eddy::task<std::string> y;
    eddy::task<std::string> z;
    co_await eddy::with_task_group([&](eddy::task_group& group) -> eddy::coro<> {
        x = group.create_task(fetch("x", 30ms));
        y = group.create_task(fetch("y", 10ms));
        z = group.create_task(fetch("z", 20ms));
        co_return;
    });
    std::printf("pages: 3, characters: %zu\n",
                x.result().size() + y.result().size() + z.result().size());
}

eddy::coro<> download(std::string name) {
    const auto result = co_await eddy::as_result(fetch(name, 1h));
    // Awaits, although this task is being cancelled; nothing can cut it short.
    co_await eddy::masked([] { return eddy::wait_for(eddy::sleep(5ms), 1s); });
    std::printf("the download of %s was cancelled; its part file is gone\n", name.c_str());
    std::rethrow_exception(result.error());
}

// One fails: the other one is cancelled and awaited, then the errors come out as one.
eddy::coro<> one_fails() {
    try {
        co_await eddy::with_task_group([](eddy::task_group& group) -> eddy::coro<> {
            (void)group.create_task(download("b"));
            (void)group.create_task(fetch("a", 10ms));
            co_return;
        });
    } catch (const eddy::exception_group& errors) {
        std::printf("%s\n", errors.what());
    }
}

// cancel() ends a group that has what it needs, and is no error.
eddy::coro<> enough() {
    std::atomic<int> answers{0};
    co_await eddy::with_task_group([&](eddy::task_group& group) -> eddy::coro<> {
        for (const auto takes : {10ms, 20ms, 500ms}) {
            (void)group.create_task([&answers, &group, takes]() -> eddy::coro<> {
                co_await eddy::sleep(takes);
                if (answers.fetch_add(1) + 1 == 2) {
                    group.cancel();
                }
            });
        }
        co_return;
    });
    std::printf("%d of 3 answered, that is enough\n", answers.load());
}

// Under a supervisor each child fails for itself, and may be started again.
eddy::coro<> supervised() {
    int runs = 0;
    eddy::supervisor_group* supervisor = nullptr;
    auto watcher = [&runs]() -> eddy::coro<> {
        co_await eddy::sleep(10ms);
        if (++runs < 3) {
            throw std::runtime_error("lost the connection");
        }
    };
    co_await eddy::with_supervisor_group(
        [&](eddy::supervisor_group& group) -> eddy::coro<> {
            supervisor = &group;
            (void)group.create_task(watcher);
            co_return;
        },
        [&](const eddy::any_task& /*child*/, const std::exception_ptr& error) {
            std::printf("restarted after: %s\n", eddy::describe(error).c_str());
            (void)supervisor->create_task(watcher);
        });
    std::printf("the watcher has run %d times\n", runs);
}

eddy::coro<> amain() {
    co_await all();
    co_await one_fails();
    co_await enough();
    co_await supervised();
}

int main() {
    eddy::run(amain());
}
