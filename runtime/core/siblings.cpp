// siblings.cpp — one child stops the others.

#include <eddy/core/siblings.hpp>

#include <mutex>

namespace eddy::inline v0 {

bool siblings::enter(std::size_t index, branch& mine) noexcept {
    const std::lock_guard hold(lock_);
    if (stopped_by_ != nobody) {
        return false;
    }
    branches_[index] = &mine;
    return true;
}

std::size_t siblings::stopped_by() const noexcept {
    const std::lock_guard hold(lock_);
    return stopped_by_;
}

bool siblings::stop(std::size_t index, const branch& mine) noexcept {
    {
        const std::lock_guard hold(lock_);
        if (stopped_by_ != nobody) {
            return false;
        }
        stopped_by_ = index;
    }
    if (mine.cancelling() != 0) {
        return true;
    }
    for (std::size_t i = 0; i != branches_.size(); ++i) { // I1
        if (i != index && branches_[i] != nullptr) {
            (void)branches_[i]->cancel();
        }
    }
    return true;
}

} // namespace eddy::inline v0
