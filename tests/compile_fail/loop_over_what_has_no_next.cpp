// loop_over_what_has_no_next.cpp — EDDY_FOR is for what has a next() to await.
//
// Expect:    async_iterable

#include <eddy/core/async_generator.hpp>
#include <eddy/core/async_iterable.hpp>
#include <eddy/core/coro.hpp>

#include <vector>

eddy::async_generator<int> values() {
    co_yield 1;
}

eddy::coro<int> sum() {
    int sum = 0;
#ifdef EDDY_MISUSE
    EDDY_FOR(const int each, std::vector<int>{1}) {
#else
    EDDY_FOR(const int each, values()) {
#endif
        sum += each;
    }
    co_return sum;
}
