// t08_cleanup_that_awaits.cpp — cleanup after a cancel that has to await, though C++ has no
// co_await in a catch. Three ways; each saves when the work is cancelled.
//
// Output:
//     as_result: working
//     as_result: saving
//     as_result: saved
//     as_result: cancelled
//     with_defers: working
//     with_defers: saving
//     with_defers: saved
//     with_defers: cancelled
//     with: working
//     with: saving
//     with: saved
//     with: cancelled

#include <eddy/eddy.hpp>

#include <cstdio>
#include <exception>
#include <utility>

using namespace std::chrono_literals;

eddy::coro<> work(const char* who) {
    std::printf("%s: working\n", who);
    co_await eddy::sleep(1h);
}

eddy::coro<> save(const char* who) {
    std::printf("%s: saving\n", who);
    co_await eddy::sleep(1s);
    std::printf("%s: saved\n", who);
}

// What `except CancelledError: await save()` is in Python: the exception as a value.
eddy::coro<> by_as_result() {
    const auto result = co_await eddy::as_result(work("as_result"));
    if (result.cancelled()) {
        co_await save("as_result");
    }
    result.value(); // throws what the work threw
}

// What `finally: await save()` is.
eddy::coro<> by_with_defers() {
    return eddy::with_defers([](eddy::defer_scope& scope) -> eddy::coro<> {
        scope.defer(save("with_defers"));
        co_await work("with_defers");
    });
}

// What `async with` is.
struct saved {
    eddy::coro<> async_enter() { co_return; }
    eddy::coro<> async_exit(std::exception_ptr /*error*/) { co_await save("with"); }
};
eddy::coro<> by_with() {
    return eddy::with(saved(), [](saved&) { return work("with"); });
}

eddy::coro<> cancel_after_a_second(const char* who, eddy::coro<> body) {
    const auto task = eddy::create_task(std::move(body));
    co_await eddy::sleep(1s);
    task.cancel();
    const auto result = co_await eddy::as_result(task);
    std::printf("%s: %s\n", who, result.cancelled() ? "cancelled" : "not cancelled");
}

eddy::coro<> amain() {
    co_await cancel_after_a_second("as_result", by_as_result());
    co_await cancel_after_a_second("with_defers", by_with_defers());
    co_await cancel_after_a_second("with", by_with());
}

int main() {
    eddy::run(amain());
}
