// exit_that_gives_a_coroutine.cpp — an async_exit that returns its cleanup instead of awaiting it
// would never run it.
//
// Expect:    async_exit gives what has to be awaited itself

#include <eddy/core/with.hpp>

#include <exception>

eddy::coro<> clean_up() {
    co_return;
}

struct resource {
    static eddy::coro<> async_enter() { co_return; }
#ifdef EDDY_MISUSE
    static eddy::coro<eddy::coro<>> async_exit(std::exception_ptr /*error*/) {
        co_return clean_up();
    }
#else
    static eddy::coro<> async_exit(std::exception_ptr /*error*/) { co_await clean_up(); }
#endif
};

eddy::coro<> use() {
    co_await eddy::with(resource(), [](resource& /*of*/) -> eddy::coro<> { co_return; });
}
