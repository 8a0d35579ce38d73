// select_model.cpp — the real claim, channel_core and queue_core under a select: exactly one case
// fires, and none of the others has lost anything.
//
// Covers:    two channels that offer at once; a channel and a queue; a case that is there while
//            another one is being armed; a cancel; two selects at one channel; a select that sends.
//            Two gates that call detached cases: nobody touches one after its disarm.
//            Planted: a claim in two steps, a case that is given something without a claim, a
//            disarm that does not wait, each order of that wait relaxed.
// Not here:  select_op itself -> tests/sync/select_test.cpp.

#include "item_model.hpp"
#include "model_test.hpp"
#include <eddy/sync/channel_core.hpp>
#include <eddy/sync/zero_gate.hpp>

#include <array>
#include <optional>

namespace eddy::model {
namespace {

template <class Sync>
using channel_of = channel_core<item*, Sync>;

template <class Waiter>
struct bound : Waiter {
    using Waiter::bind;
    void wake_alone() noexcept override { require(false, "a case was woken by itself"); }
};

// As select_op: armed in order, then disarmed but for the winner.
template <class Sync>
struct two_receives final : basic_select_claim<Sync> {
    using core = channel_of<Sync>;
    using claim_type = basic_select_claim<Sync>;

    std::array<bound<typename core::receiver>, 2> cases;
    std::array<core*, 2> from;
    unsigned armed = 0;
    event fired;

    two_receives(core& first, core& second) : from{&first, &second} {}

    void fire() noexcept override { fired.set(); }

    void run() {
        for (; armed != 2; ++armed) {
            cases[armed].bind(*this, armed);
            const attempt made = from[armed]->receive_or_wait(cases[armed]);
            if (made == attempt::done) {
                finish();
                return;
            }
            if (made != attempt::waits) {
                break;
            }
        }
        fired.wait();
        finish();
    }
    // By a canceller.
    void abort() {
        if (this->claim(claim_type::cancel)) {
            fired.set();
        }
    }

    void finish() {
        const std::uint32_t won = this->winner();
        for (unsigned k = 0; k != armed; ++k) {
            if (k != won) {
                (void)from[k]->remove_receiver(cases[k]);
                require(!cases[k].item, "a case that did not fire was given an item");
            }
        }
        if (won < 2) {
            require(cases[won].item.has_value(), "a case fired without an item");
            take(*cases[won].item);
        }
    }
};

template <class Sync>
struct two_channels {
    using core = channel_of<Sync>;

    core a{1};
    core b{1};
    std::array<item, 3> items;
    std::array<item*, 3> offered{};

    void send(core& to, unsigned k) {
        items[k].fill();
        offered[k] = &items[k];
        sleeper<typename core::sender> mine;
        mine.offered = &offered[k];
        if (to.send_or_wait(mine) == attempt::waits) {
            mine.woken.wait();
        }
    }
    void check_items(unsigned count) {
        for (core* each : {&a, &b}) {
            sleeper<typename core::receiver> mine;
            while (each->try_receive(mine) == attempt::done) {
                take(*mine.item);
            }
        }
        for (unsigned k = 0; k != count; ++k) {
            require(items[k].times_taken == 1, "an item was lost");
        }
    }
};

template <class Sync = model_sync>
struct offers_at_once : two_channels<Sync> {
    static constexpr unsigned threads = 3;

    two_receives<Sync> both{this->a, this->b};

    void thread(unsigned k) {
        if (k == 0) {
            both.run();
            require(both.winner() < 2, "no case fired");
        } else {
            this->send(k == 1 ? this->a : this->b, k - 1);
        }
    }
    void check() { this->check_items(2); }
};

struct offer_and_cancel : two_channels<model_sync> {
    static constexpr unsigned threads = 3;

    two_receives<model_sync> both{a, b};

    void thread(unsigned k) {
        if (k == 0) {
            both.run();
        } else if (k == 1) {
            send(b, 0);
        } else {
            both.abort();
        }
    }
    void check() { check_items(1); }
};

// Two selects wait at the same channels in opposite order; each gets one of two items.
struct two_selects : two_channels<model_sync> {
    static constexpr unsigned threads = 3;

    two_receives<model_sync> first{a, b};
    two_receives<model_sync> second{b, a};

    void thread(unsigned k) {
        if (k == 0) {
            first.run();
        } else if (k == 1) {
            second.run();
        } else {
            send(a, 0);
            send(b, 1);
        }
    }
    void check() {
        require(first.winner() < 2 && second.winner() < 2, "a select was forgotten");
        check_items(2);
    }
};

// A select and a receiver wait at b; the select may be decided at a: the item of b goes past it.
struct past_the_decided : two_channels<model_sync> {
    static constexpr unsigned threads = 4;

    two_receives<model_sync> both{a, b};

    void thread(unsigned k) {
        if (k == 0) {
            both.run();
        } else if (k == 1) {
            sleeper<typename core::receiver> mine;
            if (b.receive_or_wait(mine) == attempt::waits) {
                mine.woken.wait();
            }
            take(*mine.item);
        } else if (k == 2) {
            send(a, 0);
        } else {
            send(b, 1);
            send(b, 2);
        }
    }
    void check() { check_items(3); }
};

// A select that sends to either of two full channels.
struct sends : two_channels<model_sync> {
    static constexpr unsigned threads = 3;

    struct claim_type final : basic_select_claim<model_sync> {
        event fired;
        void fire() noexcept override { fired.set(); }
    } claim;
    std::array<bound<typename core::sender>, 2> cases;
    std::array<item, 2> offers;
    std::array<item*, 2> offered_by{};

    sends() {
        send(a, 0);
        send(b, 1);
    }

    void thread(unsigned k) {
        if (k != 0) {
            sleeper<typename core::receiver> mine;
            require((k == 1 ? a : b).try_receive(mine) == attempt::done, "it was full");
            take(*mine.item);
            return;
        }
        unsigned armed = 0;
        for (; armed != 2; ++armed) {
            offers[armed].fill();
            offered_by[armed] = &offers[armed];
            cases[armed].offered = &offered_by[armed];
            cases[armed].bind(claim, armed);
            const attempt made = (armed == 0 ? a : b).send_or_wait(cases[armed]);
            if (made != attempt::waits) {
                break;
            }
        }
        if (claim.winner() != armed) { // not at once
            claim.fired.wait();
        }
        const std::uint32_t won = claim.winner();
        for (unsigned i = 0; i != armed; ++i) {
            if (i != won) {
                (void)(i == 0 ? a : b).remove_sender(cases[i]);
            }
        }
        require(cases[won].offered == nullptr, "a case fired and sent nothing");
        require(won != 0 || armed == 0 || cases[1].offered != nullptr, "two cases sent");
        require(won != 1 || cases[0].offered != nullptr, "two cases sent");
    }
    void check() {
        const std::uint32_t won = claim.winner();
        check_items(2);
        require(offers[won].times_taken == 1 && offers[1 - won].times_taken == 0,
                "not the one that fired was sent");
    }
};

// Two gates take their cases off their lists and call them later, as zero_wait does it. When the
// select has gone on its frame is somebody else's: written to, here.
enum class loser : unsigned char { waits_for_its_caller, goes_on };

template <loser How, unsigned Cancels = 0>
struct two_gates {
    static constexpr unsigned threads = 3 + Cancels;

    struct node : wait_link<model_sync>, basic_detached_case<model_sync> {
        using basic_detached_case<model_sync>::arm_ready;
        using basic_detached_case<model_sync>::bind;
        using basic_detached_case<model_sync>::wait_until_left;

        model_sync::var<int> frame{0};

        void wake() {
            require(frame == 0, "a case was called that is gone");
            this->call();
        }
    };
    using gate = zero_gate<node, model_sync>;
    struct claim_type final : basic_select_claim<model_sync> {
        event fired;
        void fire() noexcept override { fired.set(); }
    };

    std::array<gate, 2> gates{gate(1), gate(1)};
    std::array<node, 2> nodes;
    claim_type claim;

    ~two_gates() { // of a path that failed
        for (node& each : nodes) {
            if (each.linked()) {
                each.unlink();
            }
        }
    }

    void thread(unsigned k) {
        if (k == 0) {
            run();
        } else if (k == 3) {
            if (claim.claim(claim_type::cancel)) {
                claim.fire();
            }
        } else {
            gates[k - 1].change([](std::uint32_t) { return std::optional(0U); });
        }
    }

    void run() {
        const unsigned armed = arm();
        const std::uint32_t won = claim.winner();
        for (unsigned i = 0; i != armed; ++i) {
            if (i != won && !gates[i].withdraw(nodes[i]) && How == loser::waits_for_its_caller) {
                nodes[i].wait_until_left();
            }
        }
        for (node& each : nodes) {
            each.frame = 1;
        }
    }
    // Gives how many are registered, once the claim is decided.
    unsigned arm() {
        unsigned armed = 0;
        for (; armed != 2; ++armed) {
            nodes[armed].bind(claim, armed);
            if (!gates[armed].wait(nodes[armed])) {
                continue;
            }
            if (nodes[armed].arm_ready() == select_arm::ready) {
                return armed;
            }
            break;
        }
        claim.fired.wait();
        return armed;
    }
};

TEST(select, of_two_channels_that_offer_at_once_one_keeps_its_item) {
    expect_correct<offers_at_once<>>("select | send | send", {.preemptions = 3});
}

TEST(select, a_cancel_or_a_case_wins) {
    expect_correct<offer_and_cancel>("select | send | cancel", {.preemptions = 3});
}

TEST(select, two_selects_share_two_items) {
    expect_correct<two_selects>("select a, b | select b, a | 2 sends", {.preemptions = 2});
}

TEST(select, an_item_goes_past_a_select_that_is_decided) {
    expect_correct<past_the_decided>("select | receive | send | 2 sends", {.preemptions = 2});
}

TEST(select, of_two_sends_one_is_sent) {
    expect_correct<sends>("select of sends | receive | receive", {.preemptions = 3});
}

using two_events = two_gates<loser::waits_for_its_caller>;

TEST(select, a_case_that_is_called_too_late_is_not_touched_after_its_disarm) {
    expect_correct<two_events>("select | set | set", {.preemptions = 2});
    expect_correct<two_gates<loser::waits_for_its_caller, 1>>(
        "select | set | set | cancel, at random", {.preemptions = 4, .random_paths = 200'000});
}

TEST(select_faults, a_disarm_that_does_not_wait_for_a_late_call_is_caught) {
    expect_caught<two_gates<loser::goes_on>>("disarm does not wait", {.preemptions = 3});
}

TEST(select_faults, a_late_call_that_leaves_relaxed_is_caught) {
    expect_caught<two_events>(
        "call relaxed",
        {.preemptions = 3, .weakened = {{"::call(", access::store, release, relaxed}}});
    expect_caught<two_events>(
        "wait_until_left relaxed",
        {.preemptions = 3, .weakened = {{"::wait_until_left(", access::load, acquire, relaxed}}});
}

TEST(select_faults, a_claim_in_two_steps_is_caught) {
    expect_caught<offers_at_once<torn_claim_sync>>("claim in two steps");
}

TEST(select_faults, a_lock_that_two_can_hold_is_caught) {
    expect_caught<offers_at_once<torn_lock_sync>>("lock in two steps");
}

} // namespace
} // namespace eddy::model
