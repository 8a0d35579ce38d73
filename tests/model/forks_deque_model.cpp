// forks_deque_model.cpp — the real forks_deque: every item is taken exactly once.
//
// Covers:    last item, one and two thieves, taking back, full ring and growth, reuse of slots,
//            pop_if. Planted: relaxed publish, each side of taking back below seq_cst, relaxed
//            ring.
// Not here:  wrap-around of the indices; real threads -> tests/lockfree/forks_deque_test.cpp.

#include "model_test.hpp"
#include <eddy/lockfree/forks_deque.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace eddy::model {
namespace {

// Owner: '+' push the next item, '-' pop, '?' pop_if the newest item that the owner has not popped.
template <moves Owner, unsigned Thieves, unsigned Steals, std::size_t Capacity = 8>
struct deque_program {
    static constexpr unsigned threads = 1 + Thieves;
    static constexpr auto item_count =
        static_cast<std::size_t>(std::ranges::count(Owner.text(), '+'));

    forks_deque<item, model_sync> forks{Capacity};
    std::array<item, item_count> items;

    void thread(unsigned k) { k == 0 ? own() : steal(); }

    void check() {
        while (item* left = forks.pop()) {
            take(left);
        }
        require(forks.empty(), "pop found nothing, and yet the deque is not empty");
        require_all_taken(items);
    }

private:
    void own() {
        std::vector<item*> pushed;
        pushed.reserve(item_count);
        std::size_t next = 0;
        for (const char move : Owner.text()) {
            if (move == '+') {
                items[next].fill();
                forks.push(&items[next]);
                pushed.push_back(&items[next++]);
            } else if (move == '-') {
                if (item* popped = forks.pop()) {
                    take(popped);
                }
            } else {
                if (forks.pop_if(pushed.back())) {
                    take(pushed.back());
                }
                pushed.pop_back();
            }
        }
    }

    void steal() {
        for (unsigned i = 0; i != Steals; ++i) {
            if (const auto [stolen, miss] = forks.steal(); stolen != nullptr) {
                take(stolen);
            }
        }
    }
};

using last_item_one_thief = deque_program<"+?", 1, 2>;
using last_item_two_thieves = deque_program<"+?+?", 2, 1>;
using lone_items_again_and_again = deque_program<"+?+?+?+?", 1, 3>;
using push_pop_steal = deque_program<"++-+--", 1, 3>;
using five_items_three_steals = deque_program<"+++++-----", 1, 3>;
using four_items_two_thieves = deque_program<"++++----", 2, 2>;
using nested_forks = deque_program<"+++??+?+??", 1, 3>;
using full_ring = deque_program<"++--++--", 1, 3, 2>;
using growing_ring = deque_program<"+++++---", 1, 3, 2>;
using growing_ring_two_thieves = deque_program<"++++--", 2, 2, 2>;

TEST(forks_deque, the_last_item_goes_to_one) {
    expect_correct<last_item_one_thief>("push pop_if | 2 steals", {.preemptions = 4});
    expect_correct<last_item_two_thieves>("2x(push pop_if) | steal | steal", {.preemptions = 3});
    expect_correct<lone_items_again_and_again>("4x(push pop_if) | 3 steals", {.preemptions = 3});
}

TEST(forks_deque, owner_and_one_thief_share_the_items) {
    expect_correct<push_pop_steal>("push push pop push pop pop | 3 steals", {.preemptions = 4});
    expect_correct<nested_forks>("nested pushes and pop_ifs | 3 steals", {.preemptions = 3});
    expect_correct<five_items_three_steals>("5 pushes 5 pops | 3 steals", {.preemptions = 4});
}

TEST(forks_deque, owner_and_two_thieves_share_the_items) {
    expect_correct<four_items_two_thieves>("4 pushes 4 pops | 2 steals | 2 steals",
                                           {.preemptions = 3});
}

TEST(forks_deque, a_full_ring_is_reused_or_grows) {
    expect_correct<full_ring>("capacity 2: 2x(push push pop pop) | 3 steals", {.preemptions = 3});
    expect_correct<growing_ring>("capacity 2: 5 pushes 3 pops | 3 steals", {.preemptions = 3});
    expect_correct<growing_ring_two_thieves>("capacity 2: 4 pushes 2 pops | 2 steals | 2 steals",
                                             {.preemptions = 3});
}

limits planted(std::vector<weakening> faults) {
    return {.preemptions = 3, .weakened = std::move(faults)};
}

TEST(forks_deque_faults, a_relaxed_publish_is_caught) {
    expect_caught<push_pop_steal>("split_ published relaxed",
                                  planted({{"::publish(", access::store, release, relaxed}}));
}

TEST(forks_deque_faults, taking_back_with_release_and_acquire_is_caught) {
    expect_caught<five_items_three_steals>(
        "take_back: split_ release, top_ acquire",
        planted({{"::take_back(", access::store, seq_cst, release},
                 {"::take_back(", access::load, seq_cst, acquire}}));
}

TEST(forks_deque_faults, either_half_of_taking_back_below_seq_cst_is_caught) {
    expect_caught<five_items_three_steals>(
        "take_back: split_ release", planted({{"::take_back(", access::store, seq_cst, release}}));
    expect_caught<five_items_three_steals>(
        "take_back: top_ acquire", planted({{"::take_back(", access::load, seq_cst, acquire}}));
}

TEST(forks_deque_faults, a_thief_below_seq_cst_is_caught) {
    expect_caught<five_items_three_steals>("steal: loads acquire",
                                           planted({{"::steal(", access::load, seq_cst, acquire}}));
    expect_caught<five_items_three_steals>(
        "steal: CAS acq_rel", planted({{"::steal(", access::read_modify_write, seq_cst, acq_rel}}));
}

TEST(forks_deque_faults, a_relaxed_ring_is_caught) {
    expect_caught<growing_ring>("grow: ring_ relaxed",
                                planted({{"::use(", access::store, release, relaxed}}));
}

} // namespace
} // namespace eddy::model
