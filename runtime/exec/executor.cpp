// executor.cpp — what blocks is refused where a loop runs, or the thread of a process pool.

#include "exec/process_pool.hpp"
#include <eddy/core/scheduler.hpp>
#include <eddy/exec/executor.hpp>

#include <string>

namespace eddy::inline v0 {

executor_shut_down::~executor_shut_down() = default;
executor_queue_full::~executor_queue_full() = default;

void refuse_to_block_a_loop(const char* instead) {
    if (process_pool::is_served_here()) {
        throw already_running("a blocking wait in a callback would stop the process pool, whose "
                              "thread this is");
    }
    if (scheduler::current() != nullptr) {
        throw already_running(
            std::string("a blocking wait would stop the event loop of this thread: ") + instead);
    }
}

} // namespace eddy::inline v0
