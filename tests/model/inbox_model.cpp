// inbox_model.cpp — the real inbox: nothing is lost or doubled, and a producer's order is kept.
//
// Covers:    two producers, take_all by the owner and a thief, who is told that the inbox was
//            empty.  Planted: relaxed post, relaxed take_all.
// Not here:  waking the owner -> parking_model.cpp.

#include "model_test.hpp"
#include <eddy/lockfree/inbox.hpp>

#include <array>

namespace eddy::model {
namespace {

template <unsigned Takers, unsigned Takes>
struct inbox_program {
    static constexpr unsigned producers = 2;
    static constexpr unsigned posts = 2;
    static constexpr unsigned threads = producers + Takers;

    inbox<item, model_sync> box;
    std::array<item, producers * posts> items;
    int found_empty = 0;
    int taken_lists = 0;

    void thread(unsigned k) {
        if (k < producers) {
            post(items[posts * k]);
            post(items[posts * k + 1]);
            return;
        }
        for (unsigned i = 0; i != Takes; ++i) {
            take_list();
        }
    }

    void check() {
        take_list();
        require(box.empty_hint(), "take_all left something");
        require_all_taken(items);
        require(found_empty == taken_lists, "not exactly one post into each empty inbox said so");
    }

private:
    void post(item& added) {
        added.fill();
        found_empty += box.post(added) ? 1 : 0;
    }

    void take_list() {
        item* next = box.take_all();
        taken_lists += next != nullptr ? 1 : 0;
        const item* before = nullptr;
        while (next != nullptr) {
            item& taken = *next;
            next = taken.inbox_next;
            model::take(&taken);
            require(!same_producer(before, taken) || before < &taken, "an order was turned round");
            before = &taken;
        }
    }

    bool same_producer(const item* before, const item& now) const {
        return before != nullptr &&
               (before - items.data()) / posts == (&now - items.data()) / posts;
    }
};

using one_taker = inbox_program<1, 2>;
using owner_and_thief = inbox_program<2, 1>;

TEST(inbox, two_producers_and_the_owner) {
    expect_correct<one_taker>("2 posts | 2 posts | 2 x take_all", {.preemptions = 4});
}

TEST(inbox, two_producers_the_owner_and_a_thief) {
    expect_correct<owner_and_thief>("2 posts | 2 posts | take_all | take_all", {.preemptions = 3});
}

TEST(inbox_faults, a_relaxed_post_is_caught) {
    expect_caught<one_taker>(
        "post relaxed", {.weakened = {{"::post(", access::read_modify_write, seq_cst, relaxed}}});
}

TEST(inbox_faults, a_relaxed_take_all_is_caught) {
    expect_caught<one_taker>(
        "take_all relaxed",
        {.weakened = {{"::take_all(", access::read_modify_write, seq_cst, relaxed},
                      {"::empty_hint(", access::load, seq_cst, relaxed}}});
}

} // namespace
} // namespace eddy::model
