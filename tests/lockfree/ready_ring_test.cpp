// ready_ring_test.cpp — a bounded FIFO, and thieves that take half.
//
// Covers:    the queue suite; halves, their rounding and limit; many laps; the overflow of the
//            owner.
// Not here:  interleavings -> tests/model/ready_ring_model.cpp.

#include "queue_suite.hpp"
#include <eddy/lockfree/ready_ring.hpp>

#include <algorithm>
#include <array>

namespace eddy::test {
namespace {

struct ready_adapter {
    static constexpr auto own_order = taken_first::oldest;
    static constexpr std::size_t capacity = 256;

    bool put(item& added) { return ready.push(&added); }
    bool take_own(const sink& give) {
        item* taken = ready.pop();
        if (taken == nullptr) {
            return false;
        }
        give(*taken);
        return true;
    }
    bool take_other(const sink& give) {
        std::array<item*, capacity> taken{};
        const std::size_t count = ready.steal_half(taken.data(), taken.size());
        std::for_each_n(taken.begin(), count, [&](item* each) { give(*each); });
        return count != 0;
    }

private:
    ready_ring<item, capacity> ready;
};

INSTANTIATE_TYPED_TEST_SUITE_P(ready_ring, queue_suite, ready_adapter);

class ready_ring_halves : public testing::Test {
protected:
    void fill(std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) {
            ASSERT_TRUE(ready.push(&items[i]));
        }
    }

    ready_ring<item, 8> ready;
    std::array<item, 8> items;
    std::array<item*, 8> out{};
};

TEST_F(ready_ring_halves, a_thief_takes_the_oldest_half_rounded_up) {
    fill(5);
    EXPECT_EQ(ready.steal_half(out.data(), out.size()), 3u);
    EXPECT_EQ(out[0], &items[0]);
    EXPECT_EQ(out[2], &items[2]);
    EXPECT_EQ(ready.size_hint(), 2u);
    EXPECT_EQ(ready.pop(), &items[3]);
}

TEST_F(ready_ring_halves, a_thief_takes_no_more_than_it_has_room_for) {
    fill(8);
    EXPECT_EQ(ready.steal_half(out.data(), 2), 2u);
    EXPECT_EQ(ready.size_hint(), 6u);
}

TEST_F(ready_ring_halves, a_thief_takes_the_last_item) {
    fill(1);
    EXPECT_EQ(ready.steal_half(out.data(), out.size()), 1u);
    EXPECT_EQ(ready.steal_half(out.data(), out.size()), 0u);
    EXPECT_EQ(ready.pop(), nullptr);
}

TEST_F(ready_ring_halves, a_full_ring_has_room_again_after_a_theft) {
    fill(8);
    item one_more;
    EXPECT_FALSE(ready.push(&one_more));
    EXPECT_EQ(ready.steal_half(out.data(), out.size()), 4u);
    EXPECT_EQ(out[3], &items[3]);
    EXPECT_TRUE(ready.push(&one_more));
    EXPECT_EQ(ready.pop(), &items[4]);
}

TEST_F(ready_ring_halves, many_laps_keep_the_order) {
    for (int lap = 0; lap != 100; ++lap) {
        fill(7);
        for (std::size_t i = 0; i != 7; ++i) {
            EXPECT_EQ(ready.pop(), &items[i]);
        }
        EXPECT_EQ(ready.size_hint(), 0u);
    }
}

} // namespace
} // namespace eddy::test
