// own_branch_test.cpp — a cancel that is kept away, and is pending again.
//
// Covers:    held_cancel, keep_cancel, what is counted.
// Not here:  whose branch a coroutine has -> branch_test.cpp.

#include <eddy/core/own_branch.hpp>
#include <eddy/testing/co_test.hpp>

namespace eddy {
namespace {

CO_TEST(held_cancel, keeps_a_pending_cancel_away_and_gives_it_back_uncounted) {
    auto t = create_task([]() -> coro<> {
        (void)current_task().cancel();
        {
            const held_cancel held(co_await own_branch_op());
            co_await yield();
        }
        EXPECT_EQ(current_task().cancelling(), 1);
        EXPECT_TRUE((co_await as_result(yield())).cancelled());
    });
    co_await t;
}

CO_TEST(held_cancel, lets_through_what_comes_meanwhile) {
    auto t = create_task([]() -> coro<> {
        const held_cancel held(co_await own_branch_op());
        (void)current_task().cancel();
        EXPECT_TRUE((co_await as_result(yield())).cancelled());
    });
    co_await t;
}

CO_TEST(keep_cancel, makes_a_cancel_that_was_taken_pending_again) {
    auto t = create_task([]() -> coro<> {
        branch& mine = co_await own_branch_op();
        (void)current_task().cancel();
        EXPECT_TRUE(mine.take_cancel());
        co_await yield();
        keep_cancel(mine);
        EXPECT_EQ(current_task().cancelling(), 1);
        EXPECT_TRUE((co_await as_result(yield())).cancelled());
    });
    co_await t;
}

} // namespace
} // namespace eddy
