// queue_model.cpp — the real queue_core: nobody sleeps while there is what he waits for.
//
// Covers:    getters and putters that are woken and try again; one that comes in between; one that
//            was woken and is cancelled; join; shutdown. Planted: a cancelled one that does not
//            pass on what it was woken for, a lock that two can hold.
// Not here:  the ops -> tests/sync/queue_test.cpp; cases of selects -> select_model.cpp.

#include "item_model.hpp"
#include "model_test.hpp"
#include <eddy/sync/item_store.hpp>
#include <eddy/sync/queue_core.hpp>

#include <array>

namespace eddy::model {
namespace {

// A store of few items that allocates nothing, so that a path is quick.
class small_store {
public:
    using value_type = item*;
    using item = model::item*;

    explicit small_store(std::size_t) {}
    [[nodiscard]] std::size_t size() const noexcept { return last_ - first_; }
    void swap(small_store& other) noexcept { std::swap(*this, other); }
    void put(item&& added) { items_[last_++ % items_.size()] = added; }
    [[nodiscard]] item take() noexcept { return items_[first_++ % items_.size()]; }
    void put_back(item&& taken) { items_[--first_ % items_.size()] = taken; }

private:
    std::array<item, 8> items_{};
    std::size_t first_ = 8;
    std::size_t last_ = 8;
};

template <unsigned Items, class Sync>
struct queue_base {
    using core = queue_core<small_store, Sync>;

    explicit queue_base(std::size_t maxsize) : queue(maxsize) {}

    core queue;
    std::array<item, Items> items;

    // As queue_put_op: false if the queue was shut down.
    bool put(unsigned k) {
        items[k].fill();
        item* mine = &items[k];
        for (;;) {
            const attempt made = queue.try_put(mine);
            if (made != attempt::waits) {
                return made == attempt::done;
            }
            sleeper<typename core::waiter> turn;
            if (queue.wait_for_room(turn)) {
                turn.woken.wait();
            }
        }
    }
    // As queue_get_op.
    bool get() {
        for (;;) {
            std::optional<item*> got;
            const attempt made = queue.try_get(got);
            if (made == attempt::done) {
                take(*got);
                return true;
            }
            if (made == attempt::closed) {
                return false;
            }
            sleeper<typename core::getter> turn;
            if (queue.wait_for_item(turn)) {
                turn.woken.wait();
            }
        }
    }
};

template <unsigned Producers, unsigned Consumers, unsigned Each, std::size_t Maxsize,
          class Sync = model_sync>
struct exchange_program : queue_base<Producers * Each, Sync> {
    static constexpr unsigned threads = Producers + Consumers;

    exchange_program() : queue_base<Producers * Each, Sync>(Maxsize) {}

    void thread(unsigned k) {
        if (k < Producers) {
            for (unsigned i = 0; i != Each; ++i) {
                (void)this->put(Each * k + i);
            }
            return;
        }
        for (unsigned i = 0; i != Producers * Each / Consumers; ++i) {
            (void)this->get();
        }
    }
    void check() const { require_all_taken(this->items); }
};

// Two getters wait; an item is put; the first one is cancelled, whatever it has been told.
enum class when_cancelled : unsigned char { passes_on, forgets };
template <when_cancelled How>
struct cancelled_getter : queue_base<1, model_sync> {
    static constexpr unsigned threads = 4;

    sleeper<typename core::getter> first;
    event armed;
    bool withdrawn = false;

    cancelled_getter() : queue_base(0) {}

    void thread(unsigned k) {
        if (k == 0) {
            const bool waits = queue.wait_for_item(first);
            armed.set();
            if (waits) {
                first.woken.wait();
            }
            if (!withdrawn && How == when_cancelled::passes_on) {
                queue.pass_on_item();
            }
        } else if (k == 1) {
            (void)get();
        } else if (k == 2) {
            (void)put(0);
        } else {
            armed.wait();
            withdrawn = queue.remove_getter(first);
            if (withdrawn) {
                first.woken.set();
            }
        }
    }
    void check() const { require_all_taken(items); }
};

// The same for room: two putters wait, an item is got.
template <when_cancelled How>
struct cancelled_putter : queue_base<2, model_sync> {
    static constexpr unsigned threads = 4;

    sleeper<typename core::waiter> first;
    event armed;
    bool withdrawn = false;

    cancelled_putter() : queue_base(1) { (void)put(0); }

    void thread(unsigned k) {
        if (k == 0) {
            const bool waits = queue.wait_for_room(first);
            armed.set();
            if (waits) {
                first.woken.wait();
            }
            if (!withdrawn && How == when_cancelled::passes_on) {
                queue.pass_on_room();
            }
        } else if (k == 1) {
            (void)put(1);
        } else if (k == 2) {
            (void)get();
        } else {
            armed.wait();
            withdrawn = queue.remove_putter(first);
            if (withdrawn) {
                first.woken.set();
            }
        }
    }
    void check() {
        (void)get();
        require_all_taken(items);
    }
};

struct joined : queue_base<2, model_sync> {
    static constexpr unsigned threads = 3;

    model_sync::var<int> done{0};

    joined() : queue_base(0) {
        (void)put(0);
        (void)put(1);
    }

    void thread(unsigned k) {
        if (k == 0) {
            (void)get();
            (void)get();
            require(queue.task_done(), "called too often");
            done = 1;
            require(queue.task_done(), "called too often");
        } else {
            sleeper<typename core::waiter> turn;
            if (queue.wait_until_done(turn)) {
                turn.woken.wait();
            }
            require(done == 1, "join returned early");
        }
    }
};

template <queue_shutdown How>
struct shut_while_used : queue_base<2, model_sync> {
    static constexpr unsigned threads = 3;

    unsigned put_count = 0;
    unsigned got_count = 0;

    shut_while_used() : queue_base(1) {}

    void thread(unsigned k) {
        if (k == 0) {
            put_count += put(0) ? 1 : 0;
            put_count += put(1) ? 1 : 0;
        } else if (k == 1) {
            while (get()) {
                ++got_count;
            }
        } else {
            queue.shut_down(How);
        }
    }
    void check() const {
        require(got_count <= put_count, "more came out than went in");
        require(How == queue_shutdown::immediate || got_count == put_count, "an item was lost");
        require(queue.size() == 0, "something is left");
    }
};

using bounded = exchange_program<2, 1, 2, 1>;
using two_consumers = exchange_program<2, 2, 1, 0>;
using two_bounded = exchange_program<2, 2, 1, 1>;

TEST(queue, producers_and_a_consumer) {
    expect_correct<bounded>("2 puts | 2 puts | 4 gets, maxsize 1", {.preemptions = 2});
}

TEST(queue, producers_and_consumers) {
    expect_correct<two_consumers>("put | put | get | get", {.preemptions = 3});
    expect_correct<two_bounded>("put | put | get | get, maxsize 1", {.preemptions = 2});
}

TEST(queue, a_cancelled_getter_keeps_no_wake_up) {
    expect_correct<cancelled_getter<when_cancelled::passes_on>>("wait | get | put | cancel",
                                                                {.preemptions = 2});
}

TEST(queue, a_cancelled_putter_keeps_no_wake_up) {
    expect_correct<cancelled_putter<when_cancelled::passes_on>>("wait | put | get | cancel",
                                                                {.preemptions = 2});
}

TEST(queue, join_sees_what_was_done) {
    expect_correct<joined>("2 gets, 2 task_dones | join | join", {.preemptions = 3});
}

TEST(queue, who_waits_learns_of_a_shutdown) {
    expect_correct<shut_while_used<queue_shutdown::when_empty>>("2 puts | gets | shutdown",
                                                                {.preemptions = 2});
    expect_correct<shut_while_used<queue_shutdown::immediate>>("2 puts | gets | immediate shutdown",
                                                               {.preemptions = 2});
}

TEST(queue_faults, a_cancelled_one_that_does_not_pass_its_wake_up_on_is_caught) {
    expect_caught<cancelled_getter<when_cancelled::forgets>>("getter forgets");
    expect_caught<cancelled_putter<when_cancelled::forgets>>("putter forgets");
}

TEST(queue_faults, a_lock_that_two_can_hold_is_caught) {
    expect_caught<exchange_program<2, 1, 2, 1, torn_lock_sync>>("lock in two steps");
}

} // namespace
} // namespace eddy::model
