// blocking.cpp — who may block.

#include <eddy/core/scheduler.hpp>
#include <eddy/sync/blocking.hpp>

#include <string>

namespace eddy::inline v0::blocking {

void check_may_block(const char* instead) {
    if (scheduler::current() != nullptr) {
        throw already_running(
            std::string("a blocking wait would stop the event loop of this thread: ") + instead);
    }
}

} // namespace eddy::inline v0::blocking
