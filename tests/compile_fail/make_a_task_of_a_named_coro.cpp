// make_a_task_of_a_named_coro.cpp — create_task uses the coro up: it is moved in.
//
// Expect:    deleted constructor|deleted|no matching function

#include <eddy/sched/create_task.hpp>

#include <utility>

eddy::coro<int> coroutine() {
    co_return 1;
}

void start() {
    auto body = coroutine();
#ifdef EDDY_MISUSE
    eddy::create_task(body);
#else
    eddy::create_task(std::move(body));
#endif
}
