// map_a_range_by_a_coroutine.cpp — a range cannot wait for its elements.
//
// Expect:    a range cannot wait for a coroutine: lazy::map\(lazy::async\(range\), fn\)

#include <eddy/core/lazy.hpp>

#include <vector>

eddy::coro<int> square(int n) {
    co_return n* n;
}

eddy::coro<> use() {
    const std::vector<int> numbers{1, 2, 3};
#ifdef EDDY_MISUSE
    auto squares = eddy::lazy::map(numbers, square);
#else
    auto squares = eddy::lazy::map(eddy::lazy::async(numbers), square);
#endif
    EDDY_FOR(const int each, squares) {
        (void)each;
    }
}
