// permit_pool_test.cpp — permits, and the FIFO of those who wait for some of them.
//
// Covers:    taking without waiting, handing over, who waits in front of others, withdrawing, the
//            bound.
// Not here:  interleavings -> tests/model/permit_pool_model.cpp; awaits and cancels of them ->
//            lock_test.cpp, rw_lock_test.cpp, semaphore_test.cpp.

#include <eddy/sync/permit_pool.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace eddy {
namespace {

class asker final : public wait_link<> {
public:
    explicit asker(std::uint32_t wanted) noexcept : wanted_(wanted) {}

    [[nodiscard]] std::uint32_t wanted() const noexcept { return wanted_; }
    void wake() noexcept { ++woken; }

    int woken = 0;

private:
    std::uint32_t wanted_;
};

using pool = permit_pool<asker>;

TEST(permit_pool, gives_what_is_there_and_no_more) {
    pool permits(3);
    EXPECT_TRUE(permits.try_take(2));
    EXPECT_FALSE(permits.try_take(2));
    EXPECT_EQ(permits.value(), 1U);
    asker one(1);
    EXPECT_TRUE(permits.take_or_wait(one));
    EXPECT_EQ(one.woken, 0);
    EXPECT_EQ(permits.value(), 0U);
}

TEST(permit_pool, what_is_given_back_is_handed_to_who_waits_longest) {
    pool permits(0);
    asker first(1);
    asker second(1);
    EXPECT_FALSE(permits.take_or_wait(first));
    EXPECT_FALSE(permits.take_or_wait(second));
    EXPECT_TRUE(permits.give(1));
    EXPECT_EQ(first.woken, 1);
    EXPECT_EQ(second.woken, 0);
    EXPECT_EQ(permits.value(), 0U);
    EXPECT_TRUE(permits.give(2));
    EXPECT_EQ(second.woken, 1);
    EXPECT_EQ(permits.value(), 1U);
}

TEST(permit_pool, nobody_overtakes_who_wants_more_than_there_is) {
    pool permits(1);
    asker many(2);
    asker one(1);
    EXPECT_FALSE(permits.take_or_wait(many));
    EXPECT_FALSE(permits.try_take(1));
    EXPECT_FALSE(permits.take_or_wait(one));
    EXPECT_TRUE(permits.give(1));
    EXPECT_EQ(many.woken, 1);
    EXPECT_EQ(one.woken, 0);
    EXPECT_TRUE(permits.give(1));
    EXPECT_EQ(one.woken, 1);
}

TEST(permit_pool, who_withdraws_lets_those_behind_go_on) {
    pool permits(1);
    asker many(2);
    asker one(1);
    EXPECT_FALSE(permits.take_or_wait(many));
    EXPECT_FALSE(permits.take_or_wait(one));
    EXPECT_TRUE(permits.withdraw(many));
    EXPECT_EQ(many.woken, 0);
    EXPECT_EQ(one.woken, 1);
    EXPECT_FALSE(permits.withdraw(one)); // has got its permit
    EXPECT_EQ(permits.value(), 0U);
}

TEST(permit_pool, more_than_the_bound_changes_nothing) {
    pool permits(1);
    EXPECT_FALSE(permits.give(1, 1));
    EXPECT_EQ(permits.value(), 1U);
    EXPECT_TRUE(permits.give(1, 2));
    EXPECT_EQ(permits.value(), 2U);
}

} // namespace
} // namespace eddy
