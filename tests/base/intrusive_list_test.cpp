// intrusive_list_test.cpp — elements that carry their own links.
//
// Covers:    order, leaving without the list at hand, splicing, visiting, sorting.

#include <eddy/base/intrusive_list.hpp>
#include <eddy/base/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace {

struct item : eddy::list_hook {
    explicit item(int value, int number = 0) : value(value), number(number) {}
    int value;
    int number;
};
using list = eddy::intrusive_list<item>;

std::vector<int> drained(list& from) {
    std::vector<int> values;
    while (item* first = from.pop_front()) {
        values.push_back(first->value);
    }
    return values;
}

TEST(intrusive_list, a_new_list_is_empty) {
    list items;
    EXPECT_TRUE(items.empty());
    EXPECT_EQ(items.front(), nullptr);
    EXPECT_EQ(items.back(), nullptr);
    EXPECT_EQ(items.pop_front(), nullptr);
}

TEST(intrusive_list, gives_back_in_the_order_of_pushing) {
    item a(1);
    item b(2);
    item c(3);
    list items;
    items.push_back(b);
    items.push_back(c);
    items.push_front(a);
    EXPECT_EQ(items.front(), &a);
    EXPECT_EQ(items.back(), &c);
    EXPECT_EQ(items.next(a), &b);
    EXPECT_EQ(items.next(c), nullptr);
    EXPECT_EQ(drained(items), (std::vector{1, 2, 3}));
}

TEST(intrusive_list, an_element_leaves_without_the_list) {
    item a(1);
    item b(2);
    item c(3);
    list items;
    items.push_back(a);
    items.push_back(b);
    items.push_back(c);
    b.unlink();
    EXPECT_FALSE(b.linked());
    EXPECT_EQ(drained(items), (std::vector{1, 3}));
}

TEST(intrusive_list, an_element_that_left_can_come_back) {
    item a(1);
    item b(2);
    list items;
    items.push_back(a);
    items.push_back(b);
    a.unlink();
    items.push_back(a);
    EXPECT_EQ(drained(items), (std::vector{2, 1}));
}

TEST(intrusive_list, splicing_appends_and_empties_the_other) {
    item a(1);
    item b(2);
    item c(3);
    list left;
    list right;
    left.push_back(a);
    right.push_back(b);
    right.push_back(c);
    left.splice_back(right);
    EXPECT_TRUE(right.empty());
    left.splice_back(right);
    EXPECT_EQ(drained(left), (std::vector{1, 2, 3}));
}

TEST(intrusive_list, moving_takes_everything) {
    item a(1);
    list from;
    from.push_back(a);
    list to(std::move(from));
    EXPECT_EQ(drained(to), std::vector{1});
}

TEST(intrusive_list, a_visitor_may_unlink_the_element_it_is_given) {
    std::deque<item> storage;
    list items;
    for (int value = 0; value < 6; ++value) {
        items.push_back(storage.emplace_back(value));
    }
    items.for_each([](item& each) {
        if (each.value % 2 == 0) {
            each.unlink();
        }
    });
    EXPECT_EQ(drained(items), (std::vector{1, 3, 5}));
}

TEST(intrusive_list, sorting_keeps_the_order_of_equals) {
    for (int size = 0; size < 40; ++size) {
        eddy::random_source random(static_cast<std::uint64_t>(size));
        std::deque<item> storage;
        list items;
        for (int number = 0; number < size; ++number) {
            items.push_back(storage.emplace_back(static_cast<int>(random.below(5)), number));
        }
        items.stable_sort([](const item& a, const item& b) { return a.value < b.value; });
        std::vector<std::pair<int, int>> seen;
        while (item* first = items.pop_front()) {
            seen.emplace_back(first->value, first->number);
        }
        EXPECT_EQ(seen.size(), static_cast<std::size_t>(size));
        EXPECT_TRUE(std::ranges::is_sorted(seen)) << "size " << size;
    }
}

} // namespace
