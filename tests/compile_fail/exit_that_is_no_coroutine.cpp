// exit_that_is_no_coroutine.cpp — async_exit is awaited.
//
// Expect:    async_exit must be a coroutine

#include <eddy/core/with.hpp>

#include <exception>

struct resource {
    static eddy::coro<> async_enter() { co_return; }
#ifdef EDDY_MISUSE
    static void async_exit(std::exception_ptr /*error*/) {}
#else
    static eddy::coro<> async_exit(std::exception_ptr /*error*/) { co_return; }
#endif
};

eddy::coro<> use() {
    co_await eddy::with(resource(), [](resource& /*of*/) -> eddy::coro<> { co_return; });
}
