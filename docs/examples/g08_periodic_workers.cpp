// g08_periodic_workers.cpp — main and three workers, each prints once a second, for ever.
//
// One worker thread, so that each round is printed in the order in which the tasks were created.
// "For ever" is 2.5 seconds here; then the workers are cancelled as run() ends.
//
// Output:
//     main msg
//     worker-1 msg
//     worker-2 msg
//     worker-3 msg
//     main msg
//     worker-1 msg
//     worker-2 msg
//     worker-3 msg
//     main msg
//     worker-1 msg
//     worker-2 msg
//     worker-3 msg

#include <eddy/eddy.hpp>

#include <cstdio>

using namespace std::chrono_literals;

eddy::coro<> worker(int idx) {
    for (;;) {
        std::printf("worker-%d msg\n", idx);
        co_await eddy::sleep(1s);
    }
}

eddy::coro<> amain() {
    for (int i = 0; i < 3; ++i) {
        eddy::create_task(worker(i + 1));
    }
    for (;;) {
        std::puts("main msg");
        co_await eddy::sleep(1s);
    }
}

int main() {
    try {
        eddy::run(eddy::wait_for(amain(), 2500ms), {.workers = 1});
    } catch (const eddy::timeout_error&) {
        return 0;
    }
}
