// run_a_coroutine_in_a_thread.cpp — a thread of an executor makes plain calls: a coroutine runs on
// the loops.
//
// Expect:    a coroutine runs on the loops: await it, or make it a task

#include <eddy/exec/to_thread.hpp>

int ordinary() {
    return 1;
}
eddy::coro<int> coroutine() {
    co_return 1;
}

eddy::coro<> start() {
#ifdef EDDY_MISUSE
    co_await eddy::to_thread(coroutine);
#else
    co_await eddy::to_thread(ordinary);
#endif
}
