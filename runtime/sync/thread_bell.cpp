// thread_bell.cpp — ringing, and sleeping until then.

#include <eddy/sync/thread_bell.hpp>

namespace eddy::inline v0 {

void thread_bell::ring() noexcept {
    const std::lock_guard hold(lock_);
    rung_ = true;
    changed_.notify_one(); // under the lock: who waits destroys this when it has seen rung_
}

bool thread_bell::wait(clock::time_point deadline) {
    std::unique_lock hold(lock_);
    const auto rung = [this] { return rung_; };
    if (deadline == clock::time_point::max()) {
        changed_.wait(hold, rung);
        return true;
    }
    return changed_.wait_for(hold, time_until(deadline, clock::now()), rung);
}

} // namespace eddy::inline v0
