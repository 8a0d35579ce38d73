// t12_pending_at_exit.cpp — main ends while tasks are pending: they are cancelled, and awaited.
//
// Nothing is cut off in the middle: a task gets the time to clean up, at most the grace period. One
// that refuses to end is reported by its name.
//
// Output:
//     main ends
//     writer: cancelled, writes the rest
//     writer: done
//     report: stubborn refuses to end
//     run() has returned

#include <eddy/eddy.hpp>

#include <cstdio>

using namespace std::chrono_literals;

eddy::coro<> writer() {
    try {
        co_await eddy::sleep(1h);
    } catch (const eddy::cancelled_error&) {
        std::puts("writer: cancelled, writes the rest");
    }
    co_await eddy::sleep(200ms);
    std::puts("writer: done");
}

// Swallows every cancel, which no task should.
eddy::coro<> stubborn() {
    for (;;) {
        (void)co_await eddy::as_result(eddy::sleep(1h));
    }
}

eddy::coro<> amain() {
    eddy::create_task(writer(), {.name = "writer"});
    eddy::create_task(stubborn(), {.name = "stubborn"});
    co_await eddy::sleep(100ms);
    std::puts("main ends");
}

int main() {
    (void)eddy::on_unhandled([](const eddy::report& what) {
        if (what.kind == eddy::report_kind::refuses_to_end) {
            std::printf("report: %s refuses to end\n", what.task_name.c_str());
        }
    });
    eddy::run(amain(), {.grace = 1s});
    std::puts("run() has returned");
}
