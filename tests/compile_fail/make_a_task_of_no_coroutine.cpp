// make_a_task_of_no_coroutine.cpp — a task runs a coroutine: neither a value nor an ordinary
// function is one.
//
// Expect:    coroutine_function

#include <eddy/sched/create_task.hpp>

int ordinary() {
    return 1;
}
eddy::coro<int> coroutine() {
    co_return 1;
}

void start() {
#ifdef EDDY_MISUSE
    eddy::create_task(ordinary);
#else
    eddy::create_task(coroutine);
#endif
}
