// race_nobody.cpp — a race that nobody can win would never end.
//
// Expect:    no matching function for call to 'race'

#include <eddy/core/race.hpp>

eddy::coro<> run_fast() {
    co_return;
}

eddy::coro<> start() {
#ifdef EDDY_MISUSE
    (void)co_await eddy::race();
#else
    (void)co_await eddy::race(run_fast());
#endif
}
