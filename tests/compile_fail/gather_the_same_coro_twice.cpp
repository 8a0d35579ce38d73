// gather_the_same_coro_twice.cpp — gather uses its coros up, so it takes rvalues.
//
// Expect:    deleted (copy )?constructor of 'coro

#include <eddy/core/gather.hpp>

#include <utility>

eddy::coro<> step() {
    co_return;
}

eddy::coro<> both() {
    auto first = step();
#ifdef EDDY_MISUSE
    co_await eddy::gather(first, first);
#else
    co_await eddy::gather(std::move(first), step());
#endif
}
