// exit_that_gives_a_bool.cpp — what drops an exception says so by its type.
//
// Expect:    to swallow the exception it must say so

#include <eddy/core/with.hpp>

#include <exception>

struct resource {
    static eddy::coro<> async_enter() { co_return; }
#ifdef EDDY_MISUSE
    static eddy::coro<bool> async_exit(std::exception_ptr /*error*/) { co_return true; }
#else
    static eddy::coro<eddy::suppress> async_exit(std::exception_ptr /*error*/) {
        co_return eddy::suppress::yes;
    }
#endif
};

eddy::coro<> use() {
    co_await eddy::with(resource(), [](resource& /*of*/) -> eddy::coro<> { co_return; });
}
