// thread_bell.cpp — ringing, and sleeping until then.

#include <eddy/sync/thread_bell.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>

namespace eddy::inline v0 {

struct thread_bell::state {
    std::mutex lock;
    std::condition_variable changed;
    bool rung = false;
};

thread_bell::thread_bell() {
    static_assert(sizeof(state) <= state_bytes && alignof(state) <= alignof(std::max_align_t));
    ::new (static_cast<void*>(state_)) state;
}

thread_bell::~thread_bell() {
    std::destroy_at(&mine());
}

thread_bell::state& thread_bell::mine() noexcept {
    return *std::launder(reinterpret_cast<state*>(state_));
}

void thread_bell::ring() noexcept {
    state& of = mine();
    const std::lock_guard hold(of.lock);
    of.rung = true;
    of.changed.notify_one(); // under the lock: who waits destroys this when it has seen rung
}

bool thread_bell::wait(clock::time_point deadline) {
    state& of = mine();
    std::unique_lock hold(of.lock);
    const auto rung = [&of] { return of.rung; };
    if (deadline == clock::time_point::max()) {
        of.changed.wait(hold, rung);
        return true;
    }
    return of.changed.wait_for(hold, time_until(deadline, clock::now()), rung);
}

} // namespace eddy::inline v0
