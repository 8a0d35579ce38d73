// take_from_a_named_generator.cpp — an adaptor owns its source, or is told that it does not.
//
// Expect:    std::move it there, or refer to it by std::ref

#include <eddy/core/lazy.hpp>

#include <functional>

eddy::async_generator<int> count() {
    co_yield 1;
}

eddy::coro<> use() {
    auto numbers = count();
#ifdef EDDY_MISUSE
    auto first = eddy::lazy::take(numbers, 1);
#else
    auto first = eddy::lazy::take(std::ref(numbers), 1);
#endif
    EDDY_FOR(const int each, first) {
        (void)each;
    }
}
