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
    [[nodiscard]] branch& first() noexcept;
    [[nodiscard]] scheduler* next_home() noexcept;
    void queue_at(scheduler& home) noexcept;

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
    queue_at(home);
}

// The turn is taken where the task lives: a strand may have tasks of several runtimes.
void strand::core::queue_at(scheduler& home) noexcept {
    scheduler* const here = scheduler::current();
    if (here != nullptr && here->runtime_id() == home.runtime_id()) {
        here->make_ready(*this);
    } else {
        home.post(*this);
    }
}

branch& strand::core::first() noexcept {
    const std::lock_guard hold(lock_);
    auto& next = static_cast<branch&>(*oldest_);
    oldest_ = next.inbox_next;
    if (oldest_ == nullptr) {
        newest_ = nullptr;
    }
    return next;
}

// Where the oldest branch's turn is taken; nullptr if there is none, then the strand is idle.
scheduler* strand::core::next_home() noexcept {
    const std::lock_guard hold(lock_);
    if (oldest_ == nullptr) {
        active_ = false;
        return nullptr;
    }
    return static_cast<branch*>(oldest_)->task().home();
}

// One branch a turn: the strand queues behind what else is ready.
void strand::core::run() noexcept {
    scheduler::current()->run_step(first());
    if (scheduler* const home = next_home()) {
        queue_at(*home);
    } else {
        drop();
        // GONE: that may have been the last reference.
    }
}

// A turn is queued only while a branch is ready, and then its task and its runtime are there.
void strand::core::discard() noexcept {
    EDDY_ASSERT(false);
}

} // namespace eddy::inline v0
