// branch_word_model.cpp — the real branch_word: a completion and a cancel of one wait, decided
// once.
//
// Covers:    cancel and wake-up between arming and suspending, while suspended, and after; the
//            request that loses stays pending and is delivered once; two cancels; an op that
//            forwards; the frame outlives abort() and a look; a look changes nothing. Planted:
//            relaxed suspend, relaxed wake, relaxed unlock, relaxed looks; a cancel that takes a
//            look for a cancel.
// Not here:  op and branch themselves, which add the scheduling -> tests/core.

#include "model_test.hpp"
#include <eddy/core/branch_word.hpp>

#include <array>

namespace eddy::model {
namespace {

enum class when_cancelled : unsigned char { withdraws, forwards };

struct alignas(8) wait_op {
    enum class state : unsigned char { idle, armed, completed, withdrawn, forwarded };

    model_sync::atomic<state> now{state::idle};
    model_sync::var<int> frame{0}; // any byte of the awaiting frame
    model_sync::var<int> value{0}; // what the completion delivers
    model_sync::var<int> aborted{0};
    event armed;
    event resumed;
    int resumes = 0;
    int deliveries = 0;

    abort_result abort(when_cancelled how) {
        require(frame == 1, "abort() found the frame gone");
        state seen = state::armed;
        const bool withdraws = how == when_cancelled::withdraws;
        if (!now.compare_exchange_strong(seen, withdraws ? state::withdrawn : state::forwarded,
                                         acq_rel, acquire)) {
            return abort_result::completed;
        }
        aborted = 1;
        return withdraws ? abort_result::aborted : abort_result::forwarded;
    }
};

// A cancel that meets a look: waits until it is over, or goes away as if it had met a cancel.
enum class meeting_a_look : unsigned char { waits, goes_away };

// Thread 0 is the branch: it waits in one op after the other, whatever happens, and ends. Thread 1
// completes the ops. The next ones cancel the branch once each, the last ones look at it.
template <unsigned Ops, unsigned Cancels, when_cancelled How = when_cancelled::withdraws,
          unsigned Looks = 0, meeting_a_look Meeting = meeting_a_look::waits>
struct branch_program {
    static constexpr unsigned threads = 2 + Cancels + Looks;

    branch_word<wait_op, model_sync> word;
    std::array<wait_op, Ops> ops;
    int requests = 0;
    int left_pending = 0;

    void thread(unsigned k) {
        if (k == 0) {
            run();
        } else if (k == 1) {
            complete_all();
        } else if (k < 2 + Cancels) {
            cancel();
        } else {
            look();
        }
    }

    void check() const {
        int delivered = left_pending;
        for (const wait_op& each : ops) {
            delivered += each.deliveries;
        }
        require(delivered <= requests, "a cancel was delivered twice");
        require(requests == 0 || delivered != 0, "a cancel was lost");
    }

private:
    void run() {
        for (wait_op& each : ops) {
            each.frame = 1;
            if (wait(each)) {
                ++each.deliveries;
            }
            each.frame = 2; // the frame is used for something else
        }
        left_pending = word.finish() ? 1 : 0;
    }

    // True: the wait was cancelled. As op::park does it.
    bool wait(wait_op& op) {
        arm(op, wait_op::state::armed);
        if (settle(op)) {
            op.resumed.wait();
        }
        if (op.aborted == 0) {
            require(op.value == 1, "resumed before the completion was there");
        }
        return op.aborted != 0;
    }

    static void arm(wait_op& op, wait_op::state as) {
        op.now.store(as, release);
        op.armed.set();
    }

    // True: suspended; whoever wakes the branch resumes it.
    bool settle(wait_op& op) {
        for (bool may_pass_on = true;; may_pass_on = false) {
            switch (word.suspend(op)) {
            case suspend_result::suspended:
                return true;
            case suspend_result::fired:
                return false;
            case suspend_result::cancelled:
                break;
            }
            word.take_cancel();
            const abort_result result = op.abort(may_pass_on ? How : when_cancelled::withdraws);
            if (result == abort_result::aborted) {
                return false;
            }
            if (result == abort_result::completed) {
                (void)word.begin_cancel(); // the request stays pending
                return word.resuspend(op) == suspend_result::suspended;
            }
        }
    }

    void complete_all() {
        for (wait_op& each : ops) {
            each.armed.wait();
            if (claim(each)) {
                each.value = 1;
                if (word.wake()) {
                    resume(each);
                }
            }
        }
    }

    static bool claim(wait_op& op) {
        wait_op::state seen = wait_op::state::armed;
        while (!op.now.compare_exchange_weak(seen, wait_op::state::completed, acq_rel, acquire)) {
            if (seen == wait_op::state::withdrawn) {
                return false;
            }
        }
        return true;
    }

    // As an await_look does it.
    void look() {
        const look_start<wait_op> start = word.begin_look();
        if (start.state == look_state::looked) {
            require(start.waited->frame == 1, "a look found the frame gone");
            word.end_look();
        }
    }

    // True: the fault that the program is written with; the request is dropped.
    bool takes_a_look_for_a_cancel() {
        if constexpr (Meeting == meeting_a_look::goes_away) {
            const look_state found = word.begin_look().state;
            if (found == look_state::looked) {
                word.end_look();
            }
            return found == look_state::busy;
        }
        return false;
    }

    void cancel() {
        if (takes_a_look_for_a_cancel()) {
            ++requests;
            return;
        }
        const cancel_start<wait_op> start = word.begin_cancel();
        requests += start.state == cancel_state::finished ? 0 : 1;
        if (start.state == cancel_state::locked &&
            word.end_cancel(*start.waited, start.waited->abort(How))) {
            resume(*start.waited);
        }
    }

    static void resume(wait_op& op) {
        require(++op.resumes == 1, "a branch was resumed twice");
        op.resumed.set();
    }
};

using wake_only = branch_program<2, 0>;
using wake_and_cancel = branch_program<1, 1>;
using two_waits_and_cancel = branch_program<2, 1>;
using two_cancels = branch_program<1, 2>;
using forwarding = branch_program<2, 1, when_cancelled::forwards>;

using look_only = branch_program<2, 0, when_cancelled::withdraws, 1>;
using look_and_cancel = branch_program<1, 1, when_cancelled::withdraws, 1>;
using look_and_forward = branch_program<1, 1, when_cancelled::forwards, 1>;
using two_looks = branch_program<1, 0, when_cancelled::withdraws, 2>;
using hasty_cancel = branch_program<1, 1, when_cancelled::withdraws, 1, meeting_a_look::goes_away>;

TEST(branch_word, a_wake_up_may_come_before_or_after_the_branch_has_suspended) {
    expect_correct<wake_only>("two waits | two completions", {.preemptions = 4});
}

TEST(branch_word, completion_or_cancel_wins_and_a_cancel_is_delivered_once) {
    expect_correct<wake_and_cancel>("wait | completion | cancel", {.preemptions = 4});
    expect_correct<two_waits_and_cancel>("two waits | completions | cancel", {.preemptions = 3});
}

TEST(branch_word, two_cancels_are_at_most_two_errors_and_at_least_one) {
    expect_correct<two_cancels>("wait | completion | cancel | cancel", {.preemptions = 2});
}

TEST(branch_word, an_op_that_forwards_uses_the_request_up) {
    expect_correct<forwarding>("two waits | completions | cancel, forwarded", {.preemptions = 3});
}

TEST(branch_word, a_look_finds_the_frame_and_changes_nothing) {
    expect_correct<look_only>("two waits | two completions | look", {.preemptions = 3});
    expect_correct<two_looks>("wait | completion | look | look", {.preemptions = 2});
    expect_correct<look_and_cancel>("wait | completion | cancel | look", {.preemptions = 2});
    expect_correct<look_and_forward>("wait | completion | cancel, forwarded | look",
                                     {.preemptions = 2});
}

limits planted(std::vector<weakening> faults) {
    return {.preemptions = 3, .weakened = std::move(faults)};
}

TEST(branch_word_faults, a_relaxed_suspend_is_caught) {
    expect_caught<wake_and_cancel>(
        "suspend relaxed", planted({{"::suspend(", access::read_modify_write, acq_rel, relaxed}}));
}

TEST(branch_word_faults, a_relaxed_wake_is_caught) {
    expect_caught<wake_only>(
        "wake relaxed", planted({{"::try_wake(", access::read_modify_write, acq_rel, relaxed}}));
}

TEST(branch_word_faults, a_relaxed_unlock_is_caught) {
    expect_caught<wake_and_cancel>("end_cancel relaxed",
                                   planted({{"::end_cancel(", access::store, release, relaxed}}));
}

TEST(branch_word_faults, a_look_that_begins_relaxed_is_caught) {
    expect_caught<look_only>(
        "begin_look relaxed",
        planted({{"::begin_look(", access::read_modify_write, acq_rel, relaxed}}));
}

TEST(branch_word_faults, a_look_that_ends_relaxed_is_caught) {
    expect_caught<look_only>("end_look relaxed",
                             planted({{"::end_look(", access::store, release, relaxed}}));
}

TEST(branch_word_faults, a_cancel_that_takes_a_look_for_a_cancel_is_caught) {
    expect_caught<hasty_cancel>("cancel goes away when it meets a look", {.preemptions = 3});
}

} // namespace
} // namespace eddy::model
