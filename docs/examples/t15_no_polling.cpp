// t15_no_polling.cpp — a result that is not polled for: awaited, announced by a callback, or, on a
// thread that runs no loop, waited for by that thread.
//
// In a library of threads and processes the caller asks again and again whether the result is
// there. done() can be asked here as well, and costs one load; but a loop around it keeps a core
// busy, and on one worker it is worse: the task that it waits for cannot run.
//
// Output:
//     awaited: 42
//     called back: 42
//     first of two: 7
//     by a thread: 42

#include <eddy/eddy.hpp>

#include <cstdio>
#include <thread>
#include <variant>

using namespace std::chrono_literals;

eddy::coro<int> compute(int result, std::chrono::milliseconds time) {
    co_await eddy::sleep(time);
    co_return result;
}

eddy::coro<> amain() {
    // Whoever needs the result waits for it, and the loop does something else meanwhile.
    auto one = eddy::create_task(compute(42, 20ms));
    std::printf("awaited: %d\n", co_await one);

    // Whoever has other things to do is called.
    eddy::event called;
    auto two = eddy::create_task(compute(42, 20ms));
    two.add_done_callback([&](const eddy::any_task&) {
        std::printf("called back: %d\n", two.result()); // done: does not wait
        called.set();
    });
    co_await called.wait();

    // Whoever waits for one of several does not ask them in turn.
    auto slow = eddy::create_task(compute(42, 20ms));
    const auto first = co_await eddy::select(slow, eddy::create_task(compute(7, 10ms)));
    std::printf("first of two: %d\n", std::get<1>(first));
    co_await slow;

    // A thread that runs no loop sleeps until the result is there.
    eddy::event joined;
    std::thread outside([&, &loop = eddy::get_running_loop()] {
        auto three = eddy::run_coroutine_threadsafe(compute(42, 20ms), loop);
        std::printf("by a thread: %d\n", three.result());
        joined.set();
    });
    co_await joined.wait();
    outside.join();
}

int main() {
    eddy::run(amain());
}
