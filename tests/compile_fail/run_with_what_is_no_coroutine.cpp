// run_with_what_is_no_coroutine.cpp — the body of with() is a coroutine.
//
// Expect:    the body of with\(\) must be a coroutine

#include <eddy/core/with.hpp>

#include <exception>

struct resource {
    static eddy::coro<> async_enter() { co_return; }
    static eddy::coro<> async_exit(std::exception_ptr /*error*/) { co_return; }
};

eddy::coro<> use() {
#ifdef EDDY_MISUSE
    co_await eddy::with(resource(), [](resource& /*of*/) {});
#else
    co_await eddy::with(resource(), [](resource& /*of*/) -> eddy::coro<> { co_return; });
#endif
}
