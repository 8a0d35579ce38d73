// spin_wait_test.cpp — pauses between two looks.
//
// Covers:    whose pause is called; a wait that outlasts all pauses.
// Not here:  who waits so -> model/spin_lock_model.cpp.

#include <eddy/base/spin_wait.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace eddy {
namespace {

struct counting_sync {
    static inline int pauses = 0;
    static void pause() noexcept { ++pauses; }
};

TEST(spin_wait, of_another_sync_lets_its_threads_run_each_time) {
    counting_sync::pauses = 0;
    basic_spin_wait<counting_sync> waiting;
    for (int i = 0; i != 1000; ++i) {
        waiting.pause();
    }
    EXPECT_EQ(counting_sync::pauses, 1000);
}

TEST(spin_wait, waits_for_a_thread_that_needs_the_processor) {
    atomic<bool> free{false};
    std::thread other([&] { free.store(true, release); });
    spin_wait waiting;
    while (!free.load(acquire)) {
        waiting.pause();
    }
    other.join();
}

} // namespace
} // namespace eddy
