// g20_awaitables.cpp — the three kinds of things that can be awaited: coroutine, task, future.
//
// Output:
//     coroutine 5 s
//     task 10 s
//     future 1

#include <eddy/eddy.hpp>

#include <cstdio>

using namespace std::chrono_literals;

eddy::coro<> coro() {
    co_await eddy::sleep(5s);
}

eddy::coro<> amain() {
    const auto start = eddy::now();
    const auto passed = [start] { return static_cast<int>((eddy::now() - start) / 1s); };

    co_await coro();
    std::printf("coroutine %d s\n", passed());

    auto t = eddy::create_task(coro());
    co_await t;
    std::printf("task %d s\n", passed());

    eddy::promise<int> p;
    auto f = p.get_future();
    p.set_value(1);
    std::printf("future %d\n", co_await f);
}

int main() {
    eddy::run(amain());
}
