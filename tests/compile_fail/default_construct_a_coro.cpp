// default_construct_a_coro.cpp — there is no coroutine object without a coroutine.
//
// Expect:    no matching constructor|no default constructor|no matching function

#include <eddy/core/coro.hpp>

eddy::coro<> body() {
    co_return;
}

eddy::coro<> give() {
#ifdef EDDY_MISUSE
    return eddy::coro<>();
#else
    return body();
#endif
}
