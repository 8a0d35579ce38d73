// t13_cancelled_handle.cpp — waiting for a task that was cancelled throws; as_result never does.
//
// A cancel is a request. What comes out of the handle is how the task ended: cancelled_error only
// if it ended by that, its result if it chose to finish.
//
// Output:
//     a gives way: cancelled
//     b finished all the same: 7
//     a again, as a result: cancelled, and the reason was: no longer needed
//     main goes on

#include <eddy/eddy.hpp>

#include <cstdio>

using namespace std::chrono_literals;

eddy::coro<int> gives_way() {
    co_await eddy::sleep(1h);
    co_return 1;
}

eddy::coro<int> finishes() {
    (void)co_await eddy::as_result(eddy::sleep(1h)); // cancelled or not
    co_return 7;
}

eddy::coro<> amain() {
    auto a = eddy::create_task(gives_way());
    auto b = eddy::create_task(finishes());
    co_await eddy::sleep(1ms);
    a.cancel("no longer needed");
    b.cancel();
    try {
        std::printf("never printed: %d\n", co_await a);
    } catch (const eddy::cancelled_error&) { // no std::runtime_error: a catch of those lets it pass
        std::puts("a gives way: cancelled");
    }
    std::printf("b finished all the same: %d\n", co_await b);

    const auto end = co_await eddy::as_result(a);
    if (end.cancelled()) {
        std::printf("a again, as a result: cancelled, and the reason was: %s\n",
                    eddy::describe(end.error()).c_str());
    }
    std::puts("main goes on");
}

int main() {
    eddy::run(amain());
}
