// forks_deque_test.cpp — one owner, many thieves, and what of the deque they see.
//
// Covers:    the queue suite; what is public when; pop_if; growth.
// Not here:  interleavings -> tests/model/forks_deque_model.cpp.

#include "queue_suite.hpp"
#include <eddy/lockfree/forks_deque.hpp>

namespace eddy::test {
namespace {

struct forks_adapter {
    static constexpr auto own_order = taken_first::newest;
    static constexpr std::size_t capacity = 0;

    bool put(item& added) {
        forks.push(&added);
        return true;
    }
    bool take_own(const sink& give) { return deliver(forks.pop(), give); }
    bool take_other(const sink& give) { return deliver(forks.steal().value, give); }

private:
    static bool deliver(item* taken, const sink& give) {
        if (taken == nullptr) {
            return false;
        }
        give(*taken);
        return true;
    }

    forks_deque<item> forks{4};
};

INSTANTIATE_TYPED_TEST_SUITE_P(forks_deque, queue_suite, forks_adapter);

TEST(forks_deque, a_lone_item_is_published_at_once) {
    forks_deque<item> forks;
    item only;
    EXPECT_FALSE(forks.has_public_hint());
    EXPECT_TRUE(forks.push(&only));
    EXPECT_TRUE(forks.has_public_hint());
    EXPECT_EQ(forks.steal().value, &only);
    EXPECT_TRUE(forks.empty());
}

TEST(forks_deque, a_push_publishes_only_while_nothing_is_public) {
    forks_deque<item> forks;
    item items[5];
    EXPECT_TRUE(forks.push(&items[0]));
    EXPECT_FALSE(forks.push(&items[1]));
    EXPECT_FALSE(forks.push(&items[2]));
    EXPECT_EQ(forks.steal().value, &items[0]);
    EXPECT_EQ(forks.steal().miss, steal_miss::empty); // 1 and 2 are private
    EXPECT_TRUE(forks.push(&items[3]));               // of three the older two become public
    EXPECT_EQ(forks.steal().value, &items[1]);
    EXPECT_EQ(forks.steal().value, &items[2]);
    EXPECT_EQ(forks.steal().miss, steal_miss::empty);
}

TEST(forks_deque, a_pop_publishes_half_of_what_is_left_when_nothing_is_public) {
    forks_deque<item> forks;
    item items[6];
    for (item& each : items) {
        forks.push(&each);
    }
    EXPECT_EQ(forks.steal().value, &items[0]);
    EXPECT_FALSE(forks.has_public_hint());
    EXPECT_EQ(forks.pop(), &items[5]);
    EXPECT_EQ(forks.steal().value, &items[1]);
    EXPECT_EQ(forks.steal().value, &items[2]);
    EXPECT_EQ(forks.steal().miss, steal_miss::empty);
}

TEST(forks_deque, pop_if_takes_the_bottom_item_and_no_other) {
    forks_deque<item> forks;
    item older;
    item newer;
    forks.push(&older);
    forks.push(&newer);
    EXPECT_FALSE(forks.pop_if(&older));
    EXPECT_TRUE(forks.pop_if(&newer));
    EXPECT_TRUE(forks.pop_if(&older));
    EXPECT_FALSE(forks.pop_if(&older));
    EXPECT_TRUE(forks.empty());
}

TEST(forks_deque, pop_if_says_that_an_item_was_stolen) {
    forks_deque<item> forks;
    item only;
    forks.push(&only);
    EXPECT_EQ(forks.steal().value, &only);
    EXPECT_FALSE(forks.pop_if(&only));
    forks.push(&only); // the same slot content as before at the next index
    EXPECT_TRUE(forks.pop_if(&only));
}

TEST(forks_deque, an_empty_deque_pops_nothing_at_any_index) {
    forks_deque<item> forks{2};
    item only;
    EXPECT_FALSE(forks.pop_if(&only));
    for (int i = 0; i != 10; ++i) {
        EXPECT_EQ(forks.pop(), nullptr);
        EXPECT_EQ(forks.steal().miss, steal_miss::empty);
        forks.push(&only);
        EXPECT_EQ(forks.pop(), &only);
    }
}

TEST(forks_deque, the_age_changes_when_the_oldest_item_goes) {
    forks_deque<item> forks;
    item items[2];
    forks.push(&items[0]);
    const auto before = forks.age_hint();
    forks.push(&items[1]);
    EXPECT_EQ(forks.age_hint(), before);
    EXPECT_TRUE(forks.pop_if(&items[1]));
    EXPECT_EQ(forks.age_hint(), before);
    EXPECT_EQ(forks.steal().value, &items[0]);
    EXPECT_NE(forks.age_hint(), before);
}

TEST(forks_deque, growth_keeps_what_is_public_and_what_is_private) {
    forks_deque<item> forks{2};
    const auto items = numbered_items(100);
    for (std::size_t i = 0; i != 100; ++i) {
        forks.push(&items[i]);
        if (i % 3 == 0) {
            forks.steal();
        }
    }
    int before = 100;
    while (item* each = forks.pop()) {
        EXPECT_EQ(each->number, --before);
    }
    EXPECT_EQ(before, 34);
}

} // namespace
} // namespace eddy::test
