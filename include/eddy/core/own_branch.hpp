// own_branch.hpp — for a coroutine that has to know its branch: who is cancelled when it is, and
// whether a cancel is pending.

#pragma once

#include <eddy/core/branch.hpp>
#include <eddy/core/promise.hpp>

namespace eddy::inline v0 {

/// Gives the branch of the coroutine that awaits it; never suspends.
class own_branch_op {
public:
    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise) noexcept {
        found_ = &promise.own_branch();
        return false;
    }
    branch& await_resume() const noexcept { return *found_; }

private:
    branch* found_ = nullptr;
};

/// Makes a request that was taken pending again, as if it had come only now; it is counted already.
inline void keep_cancel(branch& mine) noexcept {
    (void)mine.cancel();
    (void)mine.uncancel();
}

/// Keeps a cancel that is pending away from the awaits in the time of this object; then it is
/// pending again. One that comes meanwhile is not kept away.
class held_cancel {
public:
    explicit held_cancel(branch& mine) noexcept : mine_(mine), held_(mine.take_cancel()) {}
    held_cancel(const held_cancel&) = delete;
    held_cancel& operator=(const held_cancel&) = delete;
    ~held_cancel() {
        if (held_) [[unlikely]] {
            keep_cancel(mine_);
        }
    }

private:
    branch& mine_;
    bool held_;
};

} // namespace eddy::inline v0
