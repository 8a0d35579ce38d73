// channel_model.cpp — the real channel_core: every item is received once, and nobody sleeps on what
// is there for him.
//
// Covers:    two senders and a receiver, one and two receivers; a cancel that races with the
//            hand-over at each end; an item that is given back; close. Planted: relaxed tail_ and
//            head_, a lock that two can hold, an item that is kept by who was cancelled.
// Not here:  claims of selects -> select_model.cpp; the ops -> tests/sync/channel_test.cpp.

#include "item_model.hpp"
#include "model_test.hpp"
#include <eddy/sync/channel_core.hpp>

#include <array>

namespace eddy::model {
namespace {

template <unsigned Items, class Sync>
struct channel_base {
    using core = channel_core<item*, Sync>;

    explicit channel_base(std::size_t capacity) : channel(capacity) {}

    core channel;
    std::array<item, Items> items;
    std::array<item*, Items> offered{};
    std::array<bool, Items> unsent{};

    // Sends item `k`, waiting if need be.
    void send(unsigned k) {
        items[k].fill();
        offered[k] = &items[k];
        sleeper<typename core::sender> mine;
        mine.offered = &offered[k];
        if (channel.send_or_wait(mine) == attempt::waits) {
            mine.woken.wait();
        }
        unsent[k] = mine.offered != nullptr;
    }

    // False: the channel is closed.
    bool receive() {
        sleeper<typename core::receiver> mine;
        if (channel.receive_or_wait(mine) == attempt::waits) {
            mine.woken.wait();
        }
        if (!mine.item) {
            return false;
        }
        take(*mine.item);
        return true;
    }

    void take_the_rest() {
        sleeper<typename core::receiver> mine;
        while (channel.try_receive(mine) == attempt::done) {
            take(*mine.item);
        }
    }
    void check_items() const {
        for (unsigned k = 0; k != Items; ++k) {
            require(items[k].times_taken == (unsent[k] ? 0 : 1), "an item was lost");
        }
    }
};

// Two senders of `Each` items, and receivers that share them.
template <unsigned Each, unsigned Receivers, std::size_t Capacity, class Sync = model_sync>
struct exchange_program : channel_base<2 * Each, Sync> {
    static constexpr unsigned threads = 2 + Receivers;

    exchange_program() : channel_base<2 * Each, Sync>(Capacity) {}

    void thread(unsigned k) {
        for (unsigned i = 0; k < 2 && i != Each; ++i) {
            this->send(Each * k + i);
        }
        for (unsigned i = 0; k >= 2 && i != 2 * Each / Receivers; ++i) {
            (void)this->receive();
        }
    }
    void check() const { this->check_items(); }
};

// A receiver is cancelled while an item may be on its way.
enum class when_cancelled : unsigned char { gives_back, keeps };
template <when_cancelled How = when_cancelled::gives_back>
struct cancelled_receiver : channel_base<1, model_sync> {
    static constexpr unsigned threads = 3;

    sleeper<typename core::receiver> first;
    bool withdrawn = false;

    cancelled_receiver() : channel_base(1) {}

    void thread(unsigned k) {
        if (k == 0) {
            if (channel.receive_or_wait(first) == attempt::waits) {
                first.woken.wait();
            }
            if (first.item && How == when_cancelled::gives_back) {
                require(channel.put_back(first), "no room to give it back");
            }
        } else if (k == 1) {
            send(0);
        } else if (channel.remove_receiver(first)) {
            withdrawn = true;
            first.woken.set();
        }
    }
    void check() {
        require(!withdrawn || !first.item, "it was withdrawn and got an item");
        take_the_rest();
        check_items();
    }
};

// As above, with somebody who waits behind: it gets the item, whoever was first.
struct item_given_back : channel_base<1, model_sync> {
    static constexpr unsigned threads = 3;

    item_given_back() : channel_base(1) {}

    void thread(unsigned k) {
        if (k == 0) {
            sleeper<typename core::receiver> mine;
            if (channel.receive_or_wait(mine) == attempt::waits) {
                mine.woken.wait();
            }
            require(channel.put_back(mine), "no room to give it back");
            (void)receive();
        } else if (k == 1) {
            send(0);
        } else {
            sleeper<typename core::receiver> mine;
            if (channel.try_receive(mine) == attempt::done) {
                require(channel.put_back(mine), "no room to give it back");
            }
        }
    }
    void check() const { check_items(); }
};

// The channel is full; a sender that waits is cancelled while room is made.
struct cancelled_sender : channel_base<2, model_sync> {
    static constexpr unsigned threads = 3;

    sleeper<typename core::sender> second;
    bool withdrawn = false;

    cancelled_sender() : channel_base(1) { send(0); }

    void thread(unsigned k) {
        if (k == 0) {
            items[1].fill();
            offered[1] = &items[1];
            second.offered = &offered[1];
            if (channel.send_or_wait(second) == attempt::waits) {
                second.woken.wait();
            }
            unsent[1] = second.offered != nullptr;
        } else if (k == 1) {
            (void)receive();
        } else if (channel.remove_sender(second)) {
            withdrawn = true;
            second.woken.set();
        }
    }
    void check() {
        require(withdrawn == unsent[1], "it was withdrawn and sent");
        take_the_rest();
        check_items();
    }
};

struct closed_while_used : channel_base<2, model_sync> {
    static constexpr unsigned threads = 3;

    closed_while_used() : channel_base(1) {}

    void thread(unsigned k) {
        if (k == 0) {
            send(0);
            send(1);
        } else if (k == 1) {
            while (receive()) {
            }
        } else {
            channel.close();
        }
    }
    void check() const { check_items(); }
};

using one_receiver = exchange_program<2, 1, 1>;
using two_receivers = exchange_program<1, 2, 1>;
using ring_of_two = exchange_program<2, 1, 2>;

TEST(channel, two_senders_and_a_receiver) {
    expect_correct<one_receiver>("send | send | 2 receives, room for 1", {.preemptions = 2});
    expect_correct<ring_of_two>("send | send | 2 receives, room for 2", {.preemptions = 2});
}

TEST(channel, two_senders_and_two_receivers) {
    expect_correct<two_receivers>("send | send | receive | receive", {.preemptions = 2});
}

TEST(channel, a_cancelled_receiver_takes_nothing) {
    expect_correct<cancelled_receiver<>>("receive | send | cancel", {.preemptions = 2});
}

TEST(channel, an_item_that_is_given_back_is_received_by_others) {
    expect_correct<item_given_back>("receive, put_back, receive | send | receive, put_back",
                                    {.preemptions = 2});
}

TEST(channel, a_cancelled_sender_has_sent_nothing) {
    expect_correct<cancelled_sender>("send | receive | cancel", {.preemptions = 2});
}

TEST(channel, who_waits_learns_of_a_close) {
    expect_correct<closed_while_used>("2 sends | receives | close", {.preemptions = 2});
}

limits planted(std::vector<weakening> faults) {
    return {.preemptions = 2, .weakened = std::move(faults)};
}

TEST(channel_faults, a_relaxed_tail_is_caught) {
    expect_caught<two_receivers>("append relaxed",
                                 planted({{"::append(", access::store, release, relaxed}}));
    expect_caught<two_receivers>(
        "receive relaxed", planted({{"::receive_at_front(", access::load, acquire, relaxed}}));
}

TEST(channel_faults, a_lock_that_two_can_hold_is_caught) {
    expect_caught<exchange_program<2, 1, 1, torn_lock_sync>>("lock in two steps");
}

TEST(channel_faults, an_item_kept_by_who_was_cancelled_is_missed) {
    expect_caught<cancelled_receiver<when_cancelled::keeps>>("no put_back");
}

} // namespace
} // namespace eddy::model
