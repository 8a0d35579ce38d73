// scheduler.cpp — the thread's own scheduler, and its deque, which takes compilers long to make.

#include <eddy/core/scheduler.hpp>

namespace eddy::inline v0 {

constinit thread_local scheduler* scheduler::current_ = nullptr;

scheduler::scheduler(const void* runtime_id) : runtime_id_(runtime_id) {}
scheduler::~scheduler() = default;

} // namespace eddy::inline v0
