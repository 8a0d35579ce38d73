// call_soon_with_arguments_that_do_not_fit.cpp — the message is at the call, not inside of the
// loop.
//
// Expect:    no matching member function for call to 'call_soon'

#include <eddy/sched/event_loop.hpp>

void callback(int) {}

void queue(eddy::event_loop& loop) {
#ifdef EDDY_MISUSE
    loop.call_soon(callback, "text");
#else
    loop.call_soon(callback, 1);
#endif
}
