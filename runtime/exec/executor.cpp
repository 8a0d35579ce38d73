// executor.cpp — what blocks is refused where a loop runs.

#include <eddy/core/scheduler.hpp>
#include <eddy/exec/executor.hpp>

#include <string>

namespace eddy::inline v0 {

executor_shut_down::~executor_shut_down() = default;
executor_queue_full::~executor_queue_full() = default;

void refuse_to_block_a_loop(const char* instead) {
    if (scheduler::current() != nullptr) {
        throw already_running(
            std::string("a blocking wait would stop the event loop of this thread: ") + instead);
    }
}

} // namespace eddy::inline v0
