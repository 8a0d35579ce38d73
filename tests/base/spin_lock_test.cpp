// spin_lock_test.cpp — one holder at a time.
//
// Covers:    exclusion between threads, try_lock.
// Not here:  weak-memory schedules -> tests/model.

#include <eddy/base/spin_lock.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace {

TEST(spin_lock, a_taken_lock_is_not_given_twice) {
    eddy::spin_lock lock;
    EXPECT_TRUE(lock.try_lock());
    EXPECT_FALSE(lock.try_lock());
    lock.unlock();
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(spin_lock, threads_exclude_each_other) {
    constexpr int rounds = 5'000;
    eddy::spin_lock lock;
    int guarded = 0;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                const std::lock_guard hold(lock);
                ++guarded;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(guarded, 4 * rounds);
}

} // namespace
