// forget_to_await.cpp — a coro that nobody awaits is a warning where it is called.
//
// Expect:    does nothing until it is awaited

#include <eddy/core/coro.hpp>

eddy::coro<> step() {
    co_return;
}

eddy::coro<> whole() {
#ifdef EDDY_MISUSE
    step();
#else
    co_await step();
#endif
}
