// own_branch.hpp — for a coroutine that has to know its branch: who is cancelled when it is.

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

} // namespace eddy::inline v0
