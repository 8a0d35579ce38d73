// g04_current_task.cpp — who am I: the name of the running task and of its coroutine.
//
// Output:
//     main coroutine started
//     Task-1 eddy::coro<> amain()

#include <eddy/eddy.hpp>

#include <cstdio>

eddy::coro<> amain() {
    std::puts("main coroutine started");
    const eddy::any_task me = eddy::current_task();
    std::printf("%s %s\n", me.name().c_str(), me.coroutine_name());
    co_return;
}

int main() {
    eddy::run(amain());
}
