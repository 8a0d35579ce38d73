// await_what_is_no_awaitable.cpp — the message names the problem, not a missing member function.
//
// Expect:    cannot be awaited|awaitable

#include <eddy/core/coro.hpp>

eddy::coro<int> one() {
    co_return 1;
}

eddy::coro<int> two() {
#ifdef EDDY_MISUSE
    co_return co_await 1;
#else
    co_return co_await one();
#endif
}
