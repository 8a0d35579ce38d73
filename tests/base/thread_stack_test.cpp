// thread_stack_test.cpp — asking another thread what it does.
//
// Covers:    the names of the functions it is in; threads that are gone or block the signal.

#include "base/thread_stack.hpp"
#include <eddy/base/atomic.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/syscall.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace eddy {
namespace {

struct busy_thread {
    atomic<int> id{0};
    atomic<bool> over{false};
};

} // namespace

// Exported, so that it has a name while the program runs.
EDDY_API __attribute__((noinline)) void stay_in_a_named_function(void* shared) {
    auto& mine = *static_cast<busy_thread*>(shared);
    mine.id.store(sys::gettid(), release);
    while (!mine.over.load(acquire)) {
        sys::sched_yield();
    }
}

namespace {

template <typename Prepare>
std::string stack_of_a_thread_that(Prepare prepare) {
    busy_thread shared;
    std::thread busy([&] {
        prepare();
        stay_in_a_named_function(&shared);
    });
    while (shared.id.load(acquire) == 0) {
        sys::sched_yield();
    }
    std::string found = stack_of(shared.id.load(relaxed));
    shared.over.store(true, release);
    busy.join();
    return found;
}

// ThreadSanitizer keeps signals back until the thread enters a system call that it knows.
#if !defined(__has_feature) || !__has_feature(thread_sanitizer)
TEST(thread_stack, it_names_the_function_that_a_thread_is_in) {
    ASSERT_TRUE(enable_thread_stacks());
    const std::string found = stack_of_a_thread_that([] {});
    EXPECT_NE(found.find("stay_in_a_named_function"), std::string::npos) << found;
}

TEST(thread_stack, a_thread_that_blocks_all_signals_answers_once_it_allows_it) {
    ASSERT_TRUE(enable_thread_stacks());
    sys::blocked_signals block;
    EXPECT_EQ(stack_of_a_thread_that([] {}), "");
    EXPECT_NE(stack_of_a_thread_that(allow_own_stack).find("stay_in"), std::string::npos);
}
#endif

TEST(thread_stack, a_thread_that_is_gone_has_none) {
    ASSERT_TRUE(enable_thread_stacks());
    int id = 0;
    std::thread([&] { id = sys::gettid(); }).join();
    EXPECT_EQ(stack_of(id), "");
}

} // namespace
} // namespace eddy
