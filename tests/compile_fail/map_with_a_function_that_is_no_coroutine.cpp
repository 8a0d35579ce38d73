// map_with_a_function_that_is_no_coroutine.cpp — what is mapped concurrently has to await.
//
// Expect:    no matching function for call to 'map_concurrent'

#include <eddy/core/map_concurrent.hpp>

#include <vector>

eddy::coro<> doubled(std::vector<int> numbers) {
#ifdef EDDY_MISUSE
    (void)co_await eddy::map_concurrent(numbers, 2, [](int each) { return 2 * each; });
#else
    (void)co_await eddy::map_concurrent(numbers, 2,
                                        [](int each) -> eddy::coro<int> { co_return 2 * each; });
#endif
}
