// select_what_has_no_case.cpp — an awaitable that cannot be withdrawn cannot be selected.
//
// Expect: this awaitable cannot be selected

#include <eddy/eddy.hpp>

eddy::coro<> amain(eddy::channel<int>& c) {
#ifdef EDDY_MISUSE
    (void)co_await eddy::select(c.receive(), eddy::yield());
#else
    (void)co_await eddy::select(c.receive(), eddy::sleep(eddy::clock::duration::zero()));
#endif
}
