// forget_to_await_a_sleep.cpp — a sleep that nobody awaits is a warning where it is called.
//
// Expect:    unused|nodiscard|ignoring return value

#include <eddy/core/coro.hpp>
#include <eddy/sched/sleep.hpp>

eddy::coro<> nap() {
#ifdef EDDY_MISUSE
    eddy::sleep(std::chrono::seconds(1));
    co_return;
#else
    co_await eddy::sleep(std::chrono::seconds(1));
#endif
}
