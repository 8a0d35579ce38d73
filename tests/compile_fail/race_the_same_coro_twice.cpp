// race_the_same_coro_twice.cpp — race uses its coros up, so it takes rvalues.
//
// Expect:    a coro is used up by race

#include <eddy/core/race.hpp>

#include <utility>

eddy::coro<> run_fast() {
    co_return;
}

eddy::coro<> start() {
    auto named = run_fast();
#ifdef EDDY_MISUSE
    (void)co_await eddy::race(named, named);
#else
    (void)co_await eddy::race(std::move(named), run_fast());
#endif
}
