// wait_list_test.cpp — the FIFO of who waits.
//
// Covers:    order, taking off one, all, any; who was taken off cannot be removed; waking.
// Not here:  the lock around it -> wait_word_test.cpp; cancels -> the tests of each user.

#include <eddy/sync/wait_list.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace eddy {
namespace {

struct waiter : wait_link<> {
    explicit waiter(char called) : name(called) {}
    void wake() { *woken_into += name; }

    char name;
    std::string* woken_into = nullptr;
};

struct three {
    three() {
        for (waiter* each : {&a, &b, &c}) {
            each->woken_into = &woken;
            list.push(*each);
        }
    }

    std::string woken;
    waiter a{'a'};
    waiter b{'b'};
    waiter c{'c'};
    wait_list<waiter> list;
};

TEST(wait_list, the_first_to_come_is_the_first_to_be_taken_off) {
    three of;
    EXPECT_EQ(of.list.front(), &of.a);
    EXPECT_EQ(of.list.pop(), &of.a);
    EXPECT_EQ(of.list.pop(), &of.b);
    EXPECT_FALSE(of.list.empty());
    EXPECT_EQ(of.list.pop(), &of.c);
    EXPECT_TRUE(of.list.empty());
    EXPECT_EQ(of.list.pop(), nullptr);
    EXPECT_EQ(of.list.front(), nullptr);
}

TEST(wait_list, whoever_waits_can_be_removed_once_from_any_place) {
    three of;
    EXPECT_TRUE(of.list.remove(of.b));
    EXPECT_FALSE(of.list.remove(of.b));
    EXPECT_EQ(of.list.pop(), &of.a);
    EXPECT_TRUE(of.list.remove(of.c));
    EXPECT_TRUE(of.list.empty());
}

TEST(wait_list, whoever_was_taken_off_cannot_be_removed) {
    three of;
    EXPECT_EQ(of.list.pop(), &of.a);
    EXPECT_FALSE(of.list.remove(of.a));
    intrusive_list<waiter> taken;
    of.list.take_all(taken);
    EXPECT_FALSE(of.list.remove(of.b));
    EXPECT_FALSE(of.list.remove(of.c));
    wake_all(taken);
    EXPECT_FALSE(of.list.remove(of.c));
}

TEST(wait_list, all_who_are_taken_off_are_woken_in_their_order) {
    three of;
    waiter d('d');
    d.woken_into = &of.woken;
    intrusive_list<waiter> taken;
    taken.push_back(*of.list.pop());
    of.list.take_all(taken);
    of.list.push(d);
    of.list.take_all(taken);
    EXPECT_TRUE(of.list.empty());
    EXPECT_EQ(of.woken, "");
    wake_all(taken);
    EXPECT_EQ(of.woken, "abcd");
}

TEST(wait_list, who_was_taken_off_may_wait_again_and_can_then_be_removed) {
    three of;
    intrusive_list<waiter> taken;
    of.list.take_all(taken);
    wake_all(taken);
    of.list.push(of.b);
    EXPECT_FALSE(of.list.remove(of.a));
    EXPECT_TRUE(of.list.remove(of.b));
}

} // namespace
} // namespace eddy
