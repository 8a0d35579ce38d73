// forget_to_await_a_select.cpp — a select waits for nothing until it is awaited.
//
// Expect: ignoring return value|nodiscard

#include <eddy/eddy.hpp>

eddy::coro<> amain(eddy::channel<int>& c) {
#ifdef EDDY_MISUSE
    eddy::select(c.receive());
#else
    (void)co_await eddy::select(c.receive());
#endif
    co_return;
}
