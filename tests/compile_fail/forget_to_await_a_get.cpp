// forget_to_await_a_get.cpp — get() takes nothing until it is awaited.
//
// Expect: ignoring return value|nodiscard

#include <eddy/eddy.hpp>

eddy::coro<> amain(eddy::queue<int>& q) {
#ifdef EDDY_MISUSE
    q.get();
#else
    (void)co_await q.get();
#endif
    co_return;
}
