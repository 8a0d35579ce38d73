// forget_to_await_a_gather.cpp — a gather that nobody awaits is a warning where it is called.
//
// Expect:    unused|nodiscard|ignoring return value

#include <eddy/core/gather.hpp>

eddy::coro<> step() {
    co_return;
}

eddy::coro<> both() {
#ifdef EDDY_MISUSE
    eddy::gather(step(), step());
    co_return;
#else
    co_await eddy::gather(step(), step());
#endif
}
