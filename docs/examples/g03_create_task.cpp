// g03_create_task.cpp — a task runs in the background; its result is there once it has ended.
//
// Output: in any order on several workers
//     not ready yet
//     Hi from coroutine
//     RESULT
// Forced:
//     not ready yet < RESULT
//     Hi from coroutine < RESULT

#include <eddy/eddy.hpp>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;

eddy::coro<std::string> custom() {
    std::puts("Hi from coroutine");
    co_await eddy::sleep(1s);
    co_return "RESULT";
}

eddy::coro<> amain() {
    auto t = eddy::create_task(custom()); // created and scheduled; the caller goes on
    try {
        (void)t.result();
    } catch (const eddy::invalid_state_error&) {
        std::puts("not ready yet");
    }
    co_await t;
    std::puts(t.result().c_str());
}

int main() {
    eddy::run(amain());
}
