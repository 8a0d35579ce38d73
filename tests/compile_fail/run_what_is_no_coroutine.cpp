// run_what_is_no_coroutine.cpp — run needs a coroutine, and says so.
//
// Expect:    coroutine_function

#include <eddy/sched/runtime.hpp>

int ordinary() {
    return 1;
}
eddy::coro<int> coroutine() {
    co_return 1;
}

int use() {
#ifdef EDDY_MISUSE
    return eddy::run(ordinary);
#else
    return eddy::run(coroutine());
#endif
}
