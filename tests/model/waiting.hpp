// waiting.hpp — a branch that waits in one op, with the real branch_word: what op::park and a
// cancel do, for programs about things that are waited for.

#pragma once

#include "model_sync.hpp"
#include <eddy/core/branch_word.hpp>

namespace eddy::model {

/// Base of a waiter `Self`, which waits once.
template <typename Self>
struct alignas(8) waiting {
    branch_word<Self, model_sync> word;
    model_sync::var<int> aborted{0};
    event resumed;
    int resumes = 0;

    // -- the branch --

    /// `arm()` gives true if there is nothing to wait for; `withdraw()`, whether the wake-up will
    /// not come any more. False: the wait was cancelled.
    template <typename Arm, typename Withdraw>
    bool wait(Arm arm, Withdraw withdraw) {
        if (arm()) {
            wake();
        }
        if (suspends(withdraw)) {
            resumed.wait();
        }
        return aborted == 0;
    }

    // -- whoever completes it --

    void wake() {
        if (word.wake()) {
            resume();
        }
    }

    // -- whoever cancels it --

    template <typename Withdraw>
    void cancel(Withdraw withdraw) {
        const cancel_start<Self> start = word.begin_cancel();
        if (start.state != cancel_state::locked) {
            return;
        }
        const bool withdrawn = withdraw();
        if (withdrawn) {
            aborted = 1;
        }
        if (word.end_cancel(*start.waited,
                            withdrawn ? abort_result::aborted : abort_result::completed)) {
            resume();
        }
    }

private:
    void resume() {
        require(++resumes == 1, "a branch was resumed twice");
        resumed.set();
    }

    // True: suspended; whoever wakes the branch resumes it.
    template <typename Withdraw>
    bool suspends(Withdraw withdraw) {
        Self& op = static_cast<Self&>(*this);
        switch (word.suspend(op)) {
        case suspend_result::suspended:
            return true;
        case suspend_result::fired:
            return false;
        case suspend_result::cancelled:
            break;
        }
        word.take_cancel();
        if (withdraw()) {
            aborted = 1;
            return false;
        }
        (void)word.begin_cancel(); // the request stays pending
        return word.resuspend(op) == suspend_result::suspended;
    }
};

} // namespace eddy::model
