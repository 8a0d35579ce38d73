// inbox_test.cpp — many posters, and whoever comes takes all.
//
// Covers:    the queue suite; who is told that the inbox was empty; many producers at once.
// Not here:  interleavings -> tests/model/inbox_model.cpp; waking the owner -> tests/sched.

#include "queue_suite.hpp"
#include <eddy/lockfree/inbox.hpp>

#include <array>

namespace eddy::test {
namespace {

struct inbox_adapter {
    static constexpr auto own_order = taken_first::oldest;
    static constexpr std::size_t capacity = 0;

    bool put(item& added) {
        box.post(added);
        return true;
    }
    bool take_own(const sink& give) { return take_other(give); }
    bool take_other(const sink& give) {
        item* next = box.take_all();
        const bool any = next != nullptr;
        while (next != nullptr) {
            item& taken = *next;
            next = taken.inbox_next;
            give(taken);
        }
        return any;
    }

private:
    inbox<item> box;
};

INSTANTIATE_TYPED_TEST_SUITE_P(inbox, queue_suite, inbox_adapter);

TEST(inbox, the_first_post_into_an_empty_inbox_says_so) {
    inbox<item> box;
    item first;
    item second;
    EXPECT_TRUE(box.empty_hint());
    EXPECT_TRUE(box.post(first));
    EXPECT_FALSE(box.post(second));
    EXPECT_FALSE(box.empty_hint());
    EXPECT_EQ(box.take_all(), &first);
    EXPECT_EQ(first.inbox_next, &second);
    EXPECT_EQ(second.inbox_next, nullptr);
    EXPECT_TRUE(box.post(first));
}

TEST(inbox, many_producers_lose_nothing_and_each_keeps_its_order) {
    constexpr unsigned producers = 6;
    constexpr int posts = 5'000;
    inbox<item> box;
    const auto items = numbered_items(producers * posts);
    std::atomic<int> next_producer{0};
    std::array<int, producers> last{};
    last.fill(-1);
    int taken = 0;
    int disorders = 0;
    const auto produce = [&] {
        const int first = posts * next_producer.fetch_add(1);
        for (int i = first; i != first + posts; ++i) {
            box.post(items[static_cast<std::size_t>(i)]);
        }
    };
    run_together(producers, produce, [&] {
        while (taken != static_cast<int>(producers) * posts) {
            for (item* each = box.take_all(); each != nullptr; each = each->inbox_next) {
                int& before = last[static_cast<std::size_t>(each->number / posts)];
                disorders += before < each->number ? 0 : 1;
                before = each->number;
                ++taken;
            }
        }
    });
    EXPECT_EQ(disorders, 0);
}

} // namespace
} // namespace eddy::test
