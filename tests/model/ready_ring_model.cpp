// ready_ring_model.cpp — the real ready_ring: every item is taken exactly once, and seen whole.
//
// Covers:    last item, one and two thieves that take half, slot reuse after a lap, a full ring.
//            Planted: relaxed publish, relaxed count of a thief, slots read after the CAS instead
//            of before.
// Not here:  order and capacity, real threads -> tests/lockfree/ready_ring_test.cpp.

#include "model_test.hpp"
#include <eddy/lockfree/ready_ring.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace eddy::model {
namespace {

template <std::size_t Capacity>
using real_ring = ready_ring<item, Capacity, model_sync>;

// The classic mistake: once head_ has moved the owner may refill the slots, and only then they are
// read.
template <std::size_t Capacity>
class late_reading_ring {
public:
    bool push(item* added) {
        const std::uint64_t tail = tail_.load(relaxed);
        if (tail - head_.load(acquire) == Capacity) {
            return false;
        }
        slots_[tail % Capacity].store(added, relaxed);
        tail_.store(tail + 1, release);
        return true;
    }
    item* pop() {
        item* popped = nullptr;
        return steal_half(&popped, 1) == 1 ? popped : nullptr;
    }
    std::size_t steal_half(item** out, std::size_t max) {
        std::uint64_t head = head_.load(acquire);
        const std::uint64_t size = tail_.load(acquire) - head;
        const std::size_t count = std::min<std::size_t>((size + 1) / 2, max);
        if (size == 0 || size > Capacity ||
            !head_.compare_exchange_strong(head, head + count, acq_rel, relaxed)) {
            return 0;
        }
        for (std::size_t i = 0; i != count; ++i) {
            out[i] = slots_[(head + i) % Capacity].load(relaxed);
        }
        return count;
    }

private:
    model_sync::atomic<std::uint64_t> head_{0};
    model_sync::atomic<std::uint64_t> tail_{0};
    std::array<model_sync::atomic<item*>, Capacity> slots_;
};

// Owner: '+' push the next item, or take half out when the ring is full; '-' pop.
template <class Ring, moves Owner, unsigned Thieves, unsigned Steals>
struct ring_program {
    static constexpr unsigned threads = 1 + Thieves;
    static constexpr auto item_count =
        static_cast<std::size_t>(std::ranges::count(Owner.text(), '+'));
    static constexpr std::size_t batch_max = 4;

    Ring ready;
    std::array<item, item_count> items;

    void thread(unsigned k) { k == 0 ? own() : steal(); }

    void check() {
        while (item* left = ready.pop()) {
            take(left);
        }
        require_all_taken(items);
    }

private:
    void own() {
        std::size_t next = 0;
        for (const char move : Owner.text()) {
            if (move == '+') {
                items[next].fill();
                push(items[next++]);
            } else if (item* popped = ready.pop()) {
                take(popped);
            }
        }
    }

    void push(item& added) {
        while (!ready.push(&added)) {
            if (item* popped = ready.pop()) {
                take(popped);
            }
        }
    }

    void steal() {
        for (unsigned i = 0; i != Steals; ++i) {
            std::array<item*, batch_max> stolen{};
            take_batch(stolen, ready.steal_half(stolen.data(), batch_max));
        }
    }

    static void take_batch(const std::array<item*, batch_max>& taken, std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) {
            take(taken[i]);
        }
    }
};

using last_item = ring_program<real_ring<4>, "+-", 2, 1>;
using push_pop_steal = ring_program<real_ring<4>, "+++--", 1, 2>;
using two_thieves = ring_program<real_ring<4>, "+++-", 2, 1>;
using laps = ring_program<real_ring<2>, "++-+-+", 1, 2>;
using full = ring_program<real_ring<2>, "+++++", 1, 2>;
using full_two_thieves = ring_program<real_ring<2>, "+++", 2, 1>;
using laps_read_late = ring_program<late_reading_ring<2>, "++-+-+", 1, 2>;

TEST(ready_ring, the_last_item_goes_to_one) {
    expect_correct<last_item>("push pop | steal | steal", {.preemptions = 4});
}

TEST(ready_ring, owner_and_thieves_share_the_items) {
    expect_correct<push_pop_steal>("3 pushes 2 pops | 2 steals", {.preemptions = 4});
    expect_correct<two_thieves>("3 pushes pop | steal | steal", {.preemptions = 3});
}

TEST(ready_ring, a_slot_is_reused_only_after_it_was_read) {
    expect_correct<laps>("capacity 2: 4 pushes 2 pops | 2 steals", {.preemptions = 4});
}

TEST(ready_ring, making_room_and_stealing_do_not_take_the_same_items) {
    expect_correct<full>("capacity 2: 5 pushes, pops when full | 2 steals", {.preemptions = 3});
    expect_correct<full_two_thieves>("capacity 2: 3 pushes, pops when full | steal | steal",
                                     {.preemptions = 3});
}

TEST(ready_ring_faults, a_relaxed_publish_is_caught) {
    expect_caught<push_pop_steal>("tail_ published relaxed",
                                  {.weakened = {{"::push(", access::store, release, relaxed}}});
}

TEST(ready_ring_faults, a_thief_that_counts_relaxed_is_caught) {
    expect_caught<push_pop_steal>(
        "tail_ read relaxed by the thief",
        {.weakened = {{"::steal_half(", access::load, acquire, relaxed}}});
}

TEST(ready_ring_faults, slots_read_after_the_cas_are_caught) {
    expect_caught<laps_read_late>("slots read after the CAS");
}

} // namespace
} // namespace eddy::model
