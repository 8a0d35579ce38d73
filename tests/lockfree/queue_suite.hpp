// queue_suite.hpp — what every queue of lockfree/ must do, as one typed suite.
//
// A queue comes with an adapter:
//     bool put(item&)          the owner adds; false: full
//     bool take_own(sink)      the owner takes one item or all, each goes to sink; false: none
//     bool take_other(sink)    the same from any other thread
//     own_order                whether take_own gives the oldest or the newest first
//     capacity                 how many items fit; 0: any number

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace eddy::test {

struct item {
    int number = 0;
    item* inbox_next = nullptr;
    std::atomic<int> times_taken{0};
};

using sink = std::function<void(item&)>;

enum class taken_first : unsigned char { oldest, newest };

inline std::unique_ptr<item[]> numbered_items(std::size_t count) {
    auto items = std::make_unique<item[]>(count);
    for (std::size_t i = 0; i != count; ++i) {
        items[i].number = static_cast<int>(i);
    }
    return items;
}

inline void take_once(item& taken) {
    taken.times_taken.fetch_add(1, std::memory_order_relaxed);
}

/// How many of the items were not taken exactly once.
inline std::size_t count_wrong(const item* items, std::size_t count) {
    return static_cast<std::size_t>(std::count_if(items, items + count, [](const item& each) {
        return each.times_taken.load(std::memory_order_relaxed) != 1;
    }));
}

/// Runs `body` on `count` threads that start together; the calling thread runs `own` meanwhile.
inline void run_together(unsigned count, const std::function<void()>& body,
                         const std::function<void()>& own) {
    std::atomic<unsigned> waiting{count + 1};
    const auto meet = [&waiting] {
        waiting.fetch_sub(1, std::memory_order_acq_rel);
        while (waiting.load(std::memory_order_acquire) != 0) {
            std::this_thread::yield();
        }
    };
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i != count; ++i) {
        threads.emplace_back([&meet, &body] {
            meet();
            body();
        });
    }
    meet();
    own();
}

template <class Adapter>
class queue_suite : public testing::Test {};

TYPED_TEST_SUITE_P(queue_suite);

TYPED_TEST_P(queue_suite, smoke_what_is_put_is_taken_and_then_it_is_empty) {
    TypeParam queue;
    item only;
    item* taken = nullptr;
    ASSERT_TRUE(queue.put(only));
    EXPECT_TRUE(queue.take_own([&](item& each) { taken = &each; }));
    EXPECT_EQ(taken, &only);
    EXPECT_FALSE(queue.take_own(take_once));
    EXPECT_FALSE(queue.take_other(take_once));
}

TYPED_TEST_P(queue_suite, order_of_the_owner_is_the_promised_one) {
    TypeParam queue;
    const auto items = numbered_items(100);
    for (int i = 0; i != 100; ++i) {
        ASSERT_TRUE(queue.put(items[static_cast<std::size_t>(i)]));
    }
    std::vector<int> expected(100);
    std::iota(expected.begin(), expected.end(), 0);
    if (TypeParam::own_order == taken_first::newest) {
        std::reverse(expected.begin(), expected.end());
    }
    std::vector<int> seen;
    while (queue.take_own([&](item& each) { seen.push_back(each.number); })) {
    }
    EXPECT_EQ(seen, expected);
}

TYPED_TEST_P(queue_suite, order_of_others_is_oldest_first) {
    TypeParam queue;
    const auto items = numbered_items(100);
    for (int i = 0; i != 100; ++i) {
        ASSERT_TRUE(queue.put(items[static_cast<std::size_t>(i)]));
    }
    std::vector<int> seen;
    while (queue.take_other([&](item& each) { seen.push_back(each.number); })) {
    }
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_FALSE(seen.empty());
    EXPECT_EQ(seen.front(), 0);
}

TYPED_TEST_P(queue_suite, capacity_is_what_it_says) {
    constexpr std::size_t capacity = TypeParam::capacity;
    TypeParam queue;
    const auto items = numbered_items(1000);
    std::size_t fitted = 0;
    while (fitted != 1000 && queue.put(items[fitted])) {
        ++fitted;
    }
    EXPECT_EQ(fitted, capacity == 0 ? 1000 : capacity);
    std::size_t taken = 0;
    while (queue.take_own([&](item&) { ++taken; })) {
    }
    EXPECT_EQ(taken, fitted);
}

TYPED_TEST_P(queue_suite, last_value_goes_to_the_owner_or_to_a_thief) {
    constexpr std::size_t rounds = 200'000;
    TypeParam queue;
    const auto items = numbered_items(rounds);
    std::atomic<bool> done{false};
    const auto thief = [&] {
        while (!done.load(std::memory_order_acquire)) {
            queue.take_other(take_once);
        }
    };
    run_together(2, thief, [&] {
        for (std::size_t i = 0; i != rounds; ++i) {
            while (!queue.put(items[i])) {
            }
            queue.take_own(take_once);
        }
        while (queue.take_own(take_once)) {
        }
        done.store(true, std::memory_order_release);
    });
    EXPECT_EQ(count_wrong(items.get(), rounds), 0u);
}

TYPED_TEST_P(queue_suite, stampede_of_takers_empties_it_once) {
    constexpr std::size_t count = 256;
    for (int round = 0; round != 20; ++round) {
        TypeParam queue;
        const auto items = numbered_items(count);
        for (std::size_t i = 0; i != count; ++i) {
            ASSERT_TRUE(queue.put(items[i]));
        }
        const auto thief = [&] {
            for (int i = 0; i != 100; ++i) {
                queue.take_other(take_once);
            }
        };
        run_together(8, thief, [&] { queue.take_own(take_once); });
        while (queue.take_own(take_once)) {
        }
        EXPECT_EQ(count_wrong(items.get(), count), 0u);
    }
}

TYPED_TEST_P(queue_suite, nothing_is_lost_or_doubled_while_the_owner_puts_and_takes) {
    constexpr std::size_t count = 500'000;
    TypeParam queue;
    const auto items = numbered_items(count);
    std::atomic<bool> done{false};
    const auto thief = [&] {
        while (!done.load(std::memory_order_acquire)) {
            if (!queue.take_other(take_once)) {
                std::this_thread::yield();
            }
        }
    };
    run_together(4, thief, [&] {
        for (std::size_t i = 0; i != count; ++i) {
            while (!queue.put(items[i])) {
                queue.take_own(take_once);
            }
            if (i % 7 >= 4) { // in bursts: some items stay long enough to be stolen
                queue.take_own(take_once);
            }
        }
        while (queue.take_own(take_once)) {
        }
        done.store(true, std::memory_order_release);
    });
    while (queue.take_own(take_once)) {
    }
    EXPECT_EQ(count_wrong(items.get(), count), 0u);
}

TYPED_TEST_P(queue_suite, destruction_leaves_the_items_alone) {
    const auto items = numbered_items(100);
    {
        TypeParam queue;
        for (std::size_t i = 0; i != 100; ++i) {
            ASSERT_TRUE(queue.put(items[i]));
        }
    }
    EXPECT_EQ(items[99].number, 99);
    EXPECT_EQ(items[99].times_taken.load(), 0);
}

REGISTER_TYPED_TEST_SUITE_P(queue_suite, smoke_what_is_put_is_taken_and_then_it_is_empty,
                            order_of_the_owner_is_the_promised_one, order_of_others_is_oldest_first,
                            capacity_is_what_it_says, last_value_goes_to_the_owner_or_to_a_thief,
                            stampede_of_takers_empties_it_once,
                            nothing_is_lost_or_doubled_while_the_owner_puts_and_takes,
                            destruction_leaves_the_items_alone);

} // namespace eddy::test
