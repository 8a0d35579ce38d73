// set_a_promise_of_nothing_to_a_value.cpp — promise<> is set without a value.
//
// Expect:    no matching member function

#include <eddy/core/future.hpp>

void finish(eddy::promise<>& source) {
#ifdef EDDY_MISUSE
    source.set_value(1);
#else
    source.set_value();
#endif
}
