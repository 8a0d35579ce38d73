// branch_test.cpp — roots and children of a task.
//
// Covers:    roots and children, whose they are, and the requests they count.
// Not here:  what a cancel does -> task_cancel_test.cpp; the word -> branch_word_test.cpp.

#include <eddy/testing/co_test.hpp>

namespace eddy {
namespace {

coro<branch*> own() {
    co_return &co_await own_branch_op();
}

CO_TEST(branch, a_task_has_a_root_branch) {
    branch& mine = co_await own_branch_op();
    EXPECT_TRUE(mine.is_root());
    EXPECT_EQ(&mine.task(), current_task().base());
    EXPECT_EQ(&mine, &current_task().base()->root());
}

CO_TEST(branch, the_children_of_a_gather_are_branches_of_the_same_task) {
    branch& parent = co_await own_branch_op();
    auto child = [](branch& parent, std::uint32_t index) -> coro<> {
        branch& mine = co_await own_branch_op();
        EXPECT_FALSE(mine.is_root());
        EXPECT_EQ(mine.index(), index);
        EXPECT_EQ(&mine.task(), &parent.task());
        EXPECT_EQ(&mine.group().parent(), &parent);
        EXPECT_EQ(mine.group().children().size(), 2U);
        EXPECT_EQ(&mine.group().children()[index], &mine);
    };
    co_await gather(child(parent, 0), child(parent, 1));
}

CO_TEST(branch, a_child_of_a_child_belongs_to_the_task_too) {
    auto inner = []() -> coro<task_base*> { co_return &(co_await own_branch_op()).task(); };
    auto middle = [](auto inner) -> coro<task_base*> {
        const auto [a, b] = co_await gather(inner(), inner());
        EXPECT_EQ(a, b);
        co_return a;
    };
    const auto [a, b] = co_await gather(middle(inner), middle(inner));
    EXPECT_EQ(a, current_task().base());
    EXPECT_EQ(b, current_task().base());
}

CO_TEST(branch, while_it_runs_it_does_not_wait) {
    branch& mine = co_await own_branch_op();
    EXPECT_FALSE(mine.waiting());
    EXPECT_FALSE(mine.cancel_pending());
    EXPECT_EQ(mine.cancelling(), 0U);
    EXPECT_EQ(co_await own(), &mine);
}

CO_TEST(branch, requests_are_counted_and_taken_back) {
    auto body = []() -> coro<> {
        branch& mine = co_await own_branch_op();
        EXPECT_TRUE(mine.cancel());
        EXPECT_TRUE(mine.cancel_pending());
        EXPECT_EQ(mine.cancelling(), 1U);
        EXPECT_TRUE(mine.cancel());
        EXPECT_EQ(mine.cancelling(), 2U);
        EXPECT_EQ(mine.uncancel(), 1U);
        EXPECT_EQ(mine.uncancel(), 0U);
        EXPECT_EQ(mine.uncancel(), 0U);
        EXPECT_TRUE(mine.take_cancel()); // the count is not the request
        EXPECT_FALSE(mine.take_cancel());
    };
    co_await create_task(body());
}

CO_TEST(branch, a_cancel_of_a_child_leaves_its_siblings_alone) {
    branch* victim = nullptr;
    auto child = [](branch*& victim) -> coro<bool> {
        victim = &co_await own_branch_op();
        co_return (co_await as_result(sleep(std::chrono::hours(1)))).cancelled();
    };
    auto sibling = [](branch*& victim) -> coro<bool> {
        while (victim == nullptr || !victim->waiting()) {
            co_await yield();
        }
        victim->cancel();
        co_return (co_await as_result(sleep(std::chrono::seconds(1)))).cancelled();
    };
    // On one strand, so that the one sees what the other does.
    strand serial;
    auto both = [&]() -> coro<> {
        const auto [hit, other] = co_await gather(child(victim), sibling(victim));
        EXPECT_TRUE(hit);
        EXPECT_FALSE(other);
    };
    co_await serial.create_task(both());
    EXPECT_EQ(current_task().cancelling(), 0U);
}

} // namespace
} // namespace eddy
