// item_store_test.cpp — the orders in which queues give their items.
//
// Covers:    lifo, priority (random against a sort, equal items, comparisons that throw), growth.
// Not here:  waiting -> queue_test.cpp, which all queues share.

#include <eddy/base/random.hpp>
#include <eddy/testing/co_test.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

TEST(lifo_queue, the_last_item_comes_first) {
    lifo_queue<int> q;
    for (const int item : {1, 3, 2}) {
        q.put_nowait(item);
    }
    EXPECT_EQ(q.get_nowait(), 2);
    EXPECT_EQ(q.get_nowait(), 3);
    EXPECT_EQ(q.get_nowait(), 1);
}

TEST(priority_queue, the_smallest_item_comes_first) {
    priority_queue<int> q;
    for (const int item : {1, 3, 2}) {
        q.put_nowait(item);
    }
    EXPECT_EQ(q.get_nowait(), 1);
    EXPECT_EQ(q.get_nowait(), 2);
    EXPECT_EQ(q.get_nowait(), 3);
}

TEST(priority_queue, the_order_is_that_of_its_comparison) {
    priority_queue<std::string, std::greater<>> q;
    for (const char* item : {"a", "c", "b"}) {
        q.put_nowait(item);
    }
    EXPECT_EQ(q.get_nowait(), "c");
    EXPECT_EQ(q.get_nowait(), "b");
    EXPECT_EQ(q.get_nowait(), "a");
}

struct job_item {
    int urgency;
    std::unique_ptr<int> number;
};
struct more_urgent {
    bool operator()(const job_item& a, const job_item& b) const { return a.urgency < b.urgency; }
};

TEST(priority_queue, equal_items_come_in_the_order_in_which_they_were_put) {
    priority_queue<job_item, more_urgent> q;
    for (int i = 0; i != 100; ++i) {
        q.put_nowait({i % 3, std::make_unique<int>(i)});
    }
    std::vector<std::pair<int, int>> got;
    while (auto each = q.try_get()) {
        got.emplace_back(each->urgency, *each->number);
    }
    EXPECT_EQ(got.size(), 100U);
    EXPECT_TRUE(std::ranges::is_sorted(got));
}

TEST(priority_queue, random_puts_and_gets_agree_with_a_sorted_list) {
    random_source random(process_seed(), 0);
    priority_queue<std::uint32_t> q;
    std::vector<std::uint32_t> sorted;
    for (int i = 0; i != 20'000; ++i) {
        if (sorted.empty() || random.below(5) < 3) {
            const auto item = static_cast<std::uint32_t>(random.below(1000));
            q.put_nowait(item);
            sorted.insert(std::ranges::lower_bound(sorted, item, std::greater<>()), item);
        } else {
            ASSERT_EQ(q.get_nowait(), sorted.back());
            sorted.pop_back();
        }
    }
}

// Compares until the counter is used up.
struct tired {
    int* left;
    int value;
};
struct tired_less {
    bool operator()(const tired& a, const tired& b) const {
        if (*a.left == 0) {
            throw std::runtime_error("tired");
        }
        --*a.left;
        return a.value < b.value;
    }
};

TEST(priority_queue, a_comparison_that_throws_changes_nothing) {
    for (int comparisons = 0; comparisons != 12; ++comparisons) {
        int left = 1'000'000;
        priority_queue<tired, tired_less> q;
        for (int i = 0; i != 20; ++i) {
            q.put_nowait({&left, 37 * i % 20});
        }
        left = comparisons;
        try {
            q.put_nowait({&left, -1});
        } catch (const std::runtime_error&) {
            EXPECT_EQ(q.size(), 20U);
        }
        int first = q.size() == 20 ? 0 : -1;
        left = comparisons;
        try {
            EXPECT_EQ(q.get_nowait().value, first++);
        } catch (const std::runtime_error&) {
        }
        left = 1'000'000;
        for (int expected = first; expected != 20; ++expected) {
            ASSERT_EQ(q.get_nowait().value, expected);
        }
        EXPECT_TRUE(q.empty());
    }
}

CO_TEST_ON_1(priority_queue, a_getter_gets_the_smallest_item_there_is_when_it_runs) {
    priority_queue<int> q;
    auto getter = [](priority_queue<int>& q) -> coro<int> { co_return co_await q.get(); };
    auto getting = create_task(getter(q));
    co_await yield();
    q.put_nowait(2);
    q.put_nowait(1);
    EXPECT_EQ(co_await getting, 1);
    EXPECT_EQ(q.get_nowait(), 2);
}

CO_TEST(lifo_queue, an_item_that_a_select_gives_back_is_the_next_one_again) {
    lifo_queue<int> q;
    auto selecting = [](lifo_queue<int>& q) -> coro<> { (void)co_await select(q.get()); };
    auto t = create_task(selecting(q));
    co_await sleep(1ms);
    q.put_nowait(1);
    t.cancel();
    const bool got = !(co_await as_result(t)).cancelled();
    q.put_nowait(2);
    EXPECT_EQ(q.get_nowait(), 2);
    EXPECT_EQ(q.try_get().has_value(), !got);
}

} // namespace
} // namespace eddy
