// g05_all_tasks.cpp — ten tasks and main, listed while they run. One second in all, not ten.
//
// Output: in any order on several workers
//     main coroutine started
//     task 0 is running
//     task 1 is running
//     task 2 is running
//     task 3 is running
//     task 4 is running
//     task 5 is running
//     task 6 is running
//     task 7 is running
//     task 8 is running
//     task 9 is running
//     > Task-1, eddy::coro<> amain()
//     > Task-2, eddy::coro<> child(int)
//     > Task-3, eddy::coro<> child(int)
//     > Task-4, eddy::coro<> child(int)
//     > Task-5, eddy::coro<> child(int)
//     > Task-6, eddy::coro<> child(int)
//     > Task-7, eddy::coro<> child(int)
//     > Task-8, eddy::coro<> child(int)
//     > Task-9, eddy::coro<> child(int)
//     > Task-10, eddy::coro<> child(int)
//     > Task-11, eddy::coro<> child(int)
//     1.0 s
// Forced:
//     main coroutine started < task 9 is running < > Task-1, eddy::coro<> amain() < 1.0 s

#include <eddy/eddy.hpp>

#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

eddy::coro<> child(int v) {
    std::printf("task %d is running\n", v);
    co_await eddy::sleep(1s);
}

eddy::coro<> amain() {
    std::puts("main coroutine started");
    const auto start = eddy::now();
    std::vector<eddy::task<>> started;
    started.reserve(10);
    for (int i = 0; i < 10; ++i) {
        started.push_back(eddy::create_task(child(i)));
    }
    co_await eddy::sleep(100ms);
    for (const auto& t : eddy::all_tasks()) {
        std::printf("> %s, %s\n", t.name().c_str(), t.coroutine_name());
    }
    for (auto& t : started) {
        co_await t;
    }
    std::printf("%.1f s\n", std::chrono::duration<double>(eddy::now() - start).count());
}

int main() {
    eddy::run(amain());
}
