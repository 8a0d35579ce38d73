// select_a_coro.cpp — half of a coroutine cannot be withdrawn: only tasks can lose a select.
//
// Expect: a coro cannot be selected

#include <eddy/eddy.hpp>

eddy::coro<int> work() {
    co_return 1;
}

eddy::coro<> amain(eddy::channel<int>& c) {
#ifdef EDDY_MISUSE
    (void)co_await eddy::select(c.receive(), work());
#else
    (void)co_await eddy::select(c.receive(), eddy::create_task(work()));
#endif
}
