// forget_to_await_an_aclose.cpp — closing a generator is awaited: its cleanup may wait.
//
// Expect:    does nothing until it is awaited

#include <eddy/core/async_generator.hpp>
#include <eddy/core/coro.hpp>

eddy::async_generator<int> values() {
    co_yield 1;
}

eddy::coro<> use() {
    auto some = values();
    (void)co_await some.next();
#ifdef EDDY_MISUSE
    some.aclose();
#else
    co_await some.aclose();
#endif
}
