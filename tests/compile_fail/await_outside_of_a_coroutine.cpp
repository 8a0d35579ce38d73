// await_outside_of_a_coroutine.cpp — a function that awaits has to return a coro.
//
// Expect:    this function cannot be a coroutine

#include <eddy/core/coro.hpp>

eddy::coro<int> one() {
    co_return 1;
}

#ifdef EDDY_MISUSE
int two() {
    co_return co_await one();
}
#else
eddy::coro<int> two() {
    co_return co_await one();
}
#endif
