// async_generator.cpp — what a generator says to a mistake.

#include <eddy/core/async_generator.hpp>

namespace eddy::inline v0 {

void throw_generator_busy() {
    throw invalid_state_error("the asynchronous generator is running: one consumer at a time");
}

void throw_exit_ignored() {
    throw invalid_state_error(
        "the asynchronous generator ignored generator_exit: it yielded while it was being closed");
}

} // namespace eddy::inline v0
