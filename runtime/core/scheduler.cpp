// scheduler.cpp — the thread's own scheduler, its deque, which takes compilers long to make, and
// the entrance for callbacks from elsewhere.

#include "core/callback_entrance.hpp"
#include <eddy/core/scheduler.hpp>

namespace eddy::inline v0 {

constinit thread_local scheduler* scheduler::current_ = nullptr;

scheduler::scheduler(const void* runtime_id)
    : runtime_id_(runtime_id), entrance_(std::make_shared<callback_entrance>(*this)) {}
scheduler::~scheduler() = default;

bool callback_entrance::post(callback& item) noexcept {
    const std::lock_guard hold(lock_);
    if (to_ == nullptr) {
        return false;
    }
    to_->post_callback(item);
    // GONE: the callback may have been run.
    return true;
}

void callback_entrance::close() noexcept {
    const std::lock_guard hold(lock_);
    to_ = nullptr;
}

} // namespace eddy::inline v0
