// loop_object.cpp — what the loop itself is needed for: watching tasks, results that something else
// brings, and calls that need no task.
//
// Output: in any order on several workers
//     running: main
//     running: slow
//     the answer is 42
//     called by the loop
//     slow has ended
// Forced:
//     running: main < the answer is 42 < slow has ended
//     running: slow < the answer is 42 < called by the loop

#include <eddy/eddy.hpp>

#include <cstdio>

using namespace std::chrono_literals;

eddy::coro<> slow() {
    co_await eddy::sleep(5s);
    std::puts("slow has ended");
}

eddy::coro<> amain() {
    eddy::event_loop& loop = eddy::get_running_loop();

    auto background = eddy::create_task(slow(), {.name = "slow"});
    for (const eddy::any_task& each : eddy::all_tasks()) {
        std::printf("running: %s\n", each.name().c_str());
    }

    auto answer = loop.create_future<int>(); // set by whoever knows it, on any thread
    loop.call_later(1s, [&answer] { answer.set_value(42); });
    std::printf("the answer is %d\n", co_await answer.get_future());

    loop.call_soon(std::puts, "called by the loop");
    co_await background;
}

int main() {
    eddy::runtime runtime;
    runtime.run_until_complete(amain(), {.name = "main"});
}
