// scheduler.cpp — the thread's own scheduler.

#include <eddy/core/scheduler.hpp>

namespace eddy::inline v0 {

constinit thread_local scheduler* scheduler::current_ = nullptr;

} // namespace eddy::inline v0
