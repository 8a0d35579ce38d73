// parking_model.cpp — the real idle_set, park_token, inbox: no item waits while a worker sleeps.
//
// Covers:    announce, look again, sleep; two producers; last searcher hands over; direct posts to
//            one worker.
//            Planted: no second look, no hand-over, no new search after the second look, each
//            side of the handshake below seq_cst.
// Not here:  eventfd and epoll -> tests/sched; the queues of a worker but its inbox -> their own
//            models.

#include "model_test.hpp"
#include "sched/parking.hpp"
#include <eddy/lockfree/inbox.hpp>

#include <array>

namespace eddy::model {
namespace {

enum class mistake : unsigned char {
    none,
    no_second_look,
    no_hand_over,
    no_new_search, // after the second look has found something
    busy_searcher  // counts as searching while it runs what it found
};

// Threads 0 and 1 are workers, the others producers: producer p posts to the inbox of worker p % 2.
// Whoever takes item 0 is stuck until somebody else has run item 1: so it is not enough that one
// worker is awake.
template <unsigned Producers, mistake Mistake = mistake::none>
struct pool_program {
    static constexpr unsigned workers = 2;
    static constexpr unsigned threads = workers + Producers;
    static constexpr unsigned items_each = 2 / Producers;

    struct worker {
        park_token<model_sync> token;
        inbox<item, model_sync> box;
        event bell;
        int parks = 0;
        int rings = 0;
    };

    idle_set<model_sync> idle{workers};
    std::array<worker, workers> pool;
    std::array<item, 2> items;
    event second_done;

    void thread(unsigned k) { k < workers ? work(k) : produce(k - workers); }

    bool may_sleep() const { return items[0].times_taken == 1 && items[1].times_taken == 1; }

private:
    void produce(unsigned p) {
        for (unsigned i = 0; i != items_each; ++i) {
            const unsigned which = p * items_each + i;
            items[which].fill();
            pool[which % workers].box.post(items[which]);
            wake_one();
        }
    }

    void wake_one() {
        if (const int claimed = idle.claim_wake(); claimed >= 0) {
            worker& sleeper = pool[static_cast<unsigned>(claimed)];
            if (sleeper.token.notify()) {
                require(++sleeper.rings <= sleeper.parks, "an eventfd was written twice");
                sleeper.bell.set();
            }
        }
    }

    void work(unsigned k) {
        bool searching = false;
        for (;;) {
            if (item* found = look(k)) {
                if (searching && Mistake != mistake::busy_searcher) {
                    hand_over();
                    searching = false;
                }
                run(found);
            } else if (!searching && idle.start_search()) {
                searching = true;
            } else {
                searching = park(k, searching);
            }
        }
    }

    void hand_over() {
        if (idle.stop_search() && Mistake != mistake::no_hand_over) {
            wake_one();
        }
    }

    // Gives whether the worker searches when it is up again.
    bool park(unsigned k, bool searching) {
        worker& self = pool[k];
        ++self.parks;
        self.token.prepare();
        idle.announce(k);
        if (searching) {
            (void)idle.stop_search();
        }
        if (Mistake != mistake::no_second_look && anything()) {
            const bool claimed = !idle.retract(k);
            self.token.finish();
            return claimed || (Mistake != mistake::no_new_search && idle.start_search());
        }
        self.bell.wait();
        self.token.finish();
        return !idle.retract(k);
    }

    bool anything() const { return !pool[0].box.empty_hint() || !pool[1].box.empty_hint(); }

    item* look(unsigned k) {
        item* own = pool[k].box.take_all();
        return own != nullptr ? own : pool[1 - k].box.take_all();
    }

    void run(item* found) {
        take(found);
        if (found == &items[0]) {
            second_done.wait();
        } else {
            second_done.set();
        }
    }
};

// One worker; two producers post to it directly, as they do to run a pinned task.
struct direct_program {
    static constexpr unsigned threads = 3;

    park_token<model_sync> token;
    inbox<item, model_sync> box;
    event bell;
    std::array<item, 2> items;
    int parks = 0;
    int rings = 0;

    void thread(unsigned k) {
        if (k == 0) {
            work();
        }
        items[k - 1].fill();
        box.post(items[k - 1]);
        if (token.notify()) {
            require(++rings <= parks, "an eventfd was written twice");
            bell.set();
        }
    }

    bool may_sleep() const { return items[0].times_taken == 1 && items[1].times_taken == 1; }

private:
    [[noreturn]] void work() {
        for (;;) {
            for (item* next = box.take_all(); next != nullptr;) {
                item* const found = next;
                next = found->inbox_next;
                take(found);
            }
            ++parks;
            token.prepare();
            if (box.empty_hint()) {
                bell.wait();
            }
            token.finish();
        }
    }
};

using two_producers = pool_program<2>;
using one_producer = pool_program<1>;

TEST(parking, a_worker_that_sleeps_is_woken_by_a_direct_post) {
    expect_correct<direct_program>("worker | post | post", {.preemptions = 4});
}

TEST(parking, two_workers_run_what_one_producer_posts) {
    expect_correct<one_producer>("worker | worker | 2 posts", {.preemptions = 2});
}

TEST(parking, two_workers_run_what_two_producers_post) {
    expect_correct<two_producers>("worker | worker | post | post", {.preemptions = 2});
}

TEST(parking_faults, a_worker_that_does_not_look_again_is_caught) {
    expect_caught<pool_program<2, mistake::no_second_look>>("no second look");
}

TEST(parking_faults, a_last_searcher_that_does_not_hand_over_is_caught) {
    expect_caught<pool_program<2, mistake::no_hand_over>>("no hand-over");
}

TEST(parking_faults,
     a_worker_that_finds_work_in_the_second_look_and_does_not_search_again_is_caught) {
    expect_caught<pool_program<2, mistake::no_new_search>>("no new search");
}

TEST(parking_faults, a_worker_that_counts_as_searching_while_it_runs_something_is_caught) {
    expect_caught<pool_program<2, mistake::busy_searcher>>("busy searcher");
}

limits planted(std::vector<weakening> faults) {
    return {.weakened = std::move(faults)};
}

TEST(parking_faults, a_relaxed_announcement_is_caught) {
    expect_caught<two_producers>(
        "announce relaxed",
        planted({{"::announce(", access::read_modify_write, seq_cst, relaxed}}));
}

TEST(parking_faults, a_producer_that_looks_with_acquire_is_caught) {
    expect_caught<two_producers>("any_parked acquire",
                                 planted({{"::any_parked(", access::load, seq_cst, acquire}}));
    expect_caught<two_producers>("claim_wake acquire",
                                 planted({{"::claim_wake(", access::load, seq_cst, acquire}}));
}

TEST(parking_faults, a_post_below_seq_cst_is_caught) {
    expect_caught<two_producers>(
        "post acq_rel", planted({{"::post(", access::read_modify_write, seq_cst, acq_rel}}));
}

TEST(parking_faults, a_second_look_below_seq_cst_is_caught) {
    expect_caught<two_producers>("empty_hint acquire",
                                 planted({{"::empty_hint(", access::load, seq_cst, acquire}}));
}

TEST(parking_faults, a_token_below_seq_cst_is_caught) {
    expect_caught<direct_program>("prepare release",
                                  planted({{"::prepare(", access::store, seq_cst, release}}));
    expect_caught<direct_program>("notify acquire",
                                  planted({{"::notify(", access::load, seq_cst, acquire}}));
}

} // namespace
} // namespace eddy::model
