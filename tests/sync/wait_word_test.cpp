// wait_word_test.cpp — a number that is waited for.
//
// Covers:    changes while nobody waits, and none while somebody does; sections.
// Not here:  interleavings -> tests/model/zero_gate_model.cpp.

#include <eddy/sync/wait_word.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace eddy {
namespace {

struct waiter : wait_link<> {};
using word = wait_word<waiter>;
using change = word::change;

constexpr auto add_one = [](std::uint32_t seen) { return std::optional(seen + 1); };
constexpr auto refuse = [](std::uint32_t) { return std::optional<std::uint32_t>(); };

TEST(wait_word, it_holds_the_number_it_was_made_with) {
    const word of(7);
    EXPECT_EQ(of.value(), 7U);
    EXPECT_FALSE(of.queued_hint());
}

TEST(wait_word, while_nobody_waits_it_is_changed_at_once) {
    word of(0);
    EXPECT_EQ(of.try_change(add_one), change::done);
    EXPECT_EQ(of.try_change(add_one), change::done);
    EXPECT_EQ(of.value(), 2U);
}

TEST(wait_word, a_change_may_refuse_the_number_it_finds) {
    word of(5);
    EXPECT_EQ(of.try_change(refuse), change::refused);
    EXPECT_EQ(of.value(), 5U);
}

TEST(wait_word, in_a_section_and_while_somebody_waits_it_is_not_changed_from_elsewhere) {
    word of(0);
    waiter one;
    {
        word::section inside(of);
        EXPECT_EQ(of.try_change(add_one), change::busy);
        inside.waiters().push(one);
    }
    EXPECT_TRUE(of.queued_hint());
    EXPECT_EQ(of.try_change(add_one), change::busy);
    EXPECT_EQ(word::section(of).waiters().pop(), &one);
    EXPECT_FALSE(of.queued_hint());
    EXPECT_EQ(of.try_change(add_one), change::done);
}

TEST(wait_word, the_number_of_a_section_is_seen_when_the_section_ends) {
    word of(1);
    {
        word::section inside(of);
        EXPECT_EQ(inside.value(), 1U);
        inside.set(9);
        EXPECT_EQ(inside.value(), 9U);
        EXPECT_EQ(of.value(), 1U);
    }
    EXPECT_EQ(of.value(), 9U);
}

TEST(wait_word, sections_of_several_threads_exclude_each_other) {
    constexpr std::uint32_t rounds = 20'000;
    word of(0);
    std::uint32_t plain = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i != 3; ++i) {
        threads.emplace_back([&] {
            for (std::uint32_t round = 0; round != rounds; ++round) {
                word::section inside(of);
                ++plain;
                inside.set(inside.value() + 1);
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    EXPECT_EQ(of.value(), 3 * rounds);
    EXPECT_EQ(plain, 3 * rounds);
}

} // namespace
} // namespace eddy
