// await_a_coro_twice.cpp — an await uses a coro up, so it takes an rvalue.
//
// Expect:    deleted (copy )?constructor of 'coro

#include <eddy/core/coro.hpp>

#include <utility>

eddy::coro<int> one() {
    co_return 1;
}

eddy::coro<int> two() {
    auto body = one();
#ifdef EDDY_MISUSE
    const int first = co_await body;
    co_return first + co_await body;
#else
    co_return co_await std::move(body);
#endif
}
