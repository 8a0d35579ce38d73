// strand.cpp — one branch of a strand after the other.
//
// Pairs:      P1  references_: drop -> the last drop      the destroyer sees every use before

#include "sched/worker.hpp"
#include <eddy/base/spin_lock.hpp>
#include <eddy/sched/strand.hpp>

#include <cstdint>
#include <mutex>
#include <utility>

namespace eddy::inline v0 {

class strand::core final : public placement, public job {
public:
    void keep() noexcept { references_.fetch_add(1, relaxed); } // count: the caller holds one
    void drop() noexcept override {
        if (references_.fetch_sub(1, acq_rel) == 1) { // P1, both ends
            delete this;
        }
    }
    void schedule(branch& ready) noexcept override;

private:
    void run() noexcept override;
    void discard() noexcept override;
    [[nodiscard]] branch* first() noexcept;

    spin_lock lock_;
    runnable* oldest_ = nullptr;
    runnable* newest_ = nullptr;
    bool active_ = false; // queued or running; then it holds a reference to itself
    atomic<std::uint32_t> references_{1};
};

strand::strand() : core_(new core) {}

strand::~strand() {
    core_->drop();
}

placement* strand::place() const noexcept {
    core_->keep();
    return core_;
}

void strand::core::schedule(branch& ready) noexcept {
    ready.inbox_next = nullptr;
    scheduler& home = *ready.task().home();
    {
        const std::lock_guard hold(lock_);
        (newest_ == nullptr ? oldest_ : newest_->inbox_next) = &ready;
        newest_ = &ready;
        if (std::exchange(active_, true)) {
            return;
        }
    }
    keep();
    scheduler* const here = scheduler::current();
    if (here != nullptr && here->runtime_id() == home.runtime_id()) {
        here->make_ready(*this);
    } else {
        home.post(*this);
    }
}

branch* strand::core::first() noexcept {
    const std::lock_guard hold(lock_);
    auto* const next = static_cast<branch*>(oldest_);
    if (next == nullptr) {
        active_ = false;
        return nullptr;
    }
    oldest_ = next->inbox_next;
    if (oldest_ == nullptr) {
        newest_ = nullptr;
    }
    return next;
}

// One branch a turn: the strand queues behind what else is ready.
void strand::core::run() noexcept {
    scheduler& here = *scheduler::current();
    branch* const next = first();
    if (next == nullptr) {
        drop();
        // GONE: that may have been the last reference.
        return;
    }
    here.run_step(*next);
    here.make_ready(*this);
}

// All its tasks have ended; another runtime may use it.
void strand::core::discard() noexcept {
    EDDY_ASSERT(oldest_ == nullptr);
    active_ = false;
    drop();
}

} // namespace eddy::inline v0
