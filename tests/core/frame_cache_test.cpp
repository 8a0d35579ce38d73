// frame_cache_test.cpp — memory for frames, and the count of it.
//
// Covers:    reuse within a thread, sizes, blocks that change threads, the count of what is out.

#include <eddy/core/frame_cache.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using block = std::pair<void*, std::size_t>;

block get(std::size_t bytes) {
    void* const memory = frame_cache::allocate(bytes);
    std::memset(memory, 0xa5, bytes);
    return {memory, bytes};
}
void give_back(block what) {
    frame_cache::deallocate(what.first, what.second);
}

TEST(frame_cache, what_is_out_is_counted_and_returns_to_where_it_was) {
    const std::int64_t before = frame_cache::live_hint();
    std::vector<block> out;
    for (const std::size_t bytes : {0U, 1U, 8U, 9U, 24U, 25U, 200U, 1032U, 1033U, 100'000U}) {
        out.push_back(get(bytes));
    }
    EXPECT_EQ(frame_cache::live_hint(), before + 10);
    for (const block each : out) {
        give_back(each);
    }
    EXPECT_EQ(frame_cache::live_hint(), before);
}

TEST(frame_cache, blocks_that_are_out_at_the_same_time_do_not_overlap) {
    std::set<std::uintptr_t> begins;
    std::vector<block> out;
    for (int i = 0; i != 1000; ++i) {
        out.push_back(get(96));
        begins.insert(reinterpret_cast<std::uintptr_t>(out.back().first));
    }
    std::uintptr_t end = 0;
    for (const std::uintptr_t begin : begins) {
        EXPECT_GE(begin, end);
        end = begin + 96;
    }
    for (const block each : out) {
        give_back(each);
    }
}

#ifndef EDDY_FRAME_CACHE_OFF
TEST(frame_cache, a_thread_gets_its_own_last_block_of_the_size_class_again) {
    give_back(get(70)); // the first request of a thread goes to operator new
    const block first = get(70);
    give_back(first);
    const block second = get(72); // the same class: 57 to 72
    EXPECT_EQ(first.first, second.first);
    give_back(second);
}
#endif

TEST(frame_cache, blocks_are_aligned_as_operator_new_aligns) {
    for (std::size_t bytes = 1; bytes < 200; bytes += 7) {
        const block each = get(bytes);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(each.first) % alignof(std::max_align_t), 0U);
        give_back(each);
    }
}

TEST(frame_cache, a_block_with_an_alignment_of_its_own_has_it_and_is_counted) {
    const std::int64_t before = frame_cache::live_hint();
    constexpr std::align_val_t align{256};
    void* const memory = frame_cache::allocate(70, align);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 256, 0U);
    EXPECT_EQ(frame_cache::live_hint(), before + 1);
    frame_cache::deallocate(memory, 70, align);
    EXPECT_EQ(frame_cache::live_hint(), before);
}

TEST(frame_cache, a_block_may_be_given_back_by_another_thread) {
    const std::int64_t before = frame_cache::live_hint();
    std::vector<block> out;
    for (int i = 0; i != 10'000; ++i) { // more than a thread keeps
        out.push_back(get(64));
    }
    std::thread other([&] {
        for (const block each : out) {
            give_back(each);
        }
    });
    other.join();
    EXPECT_EQ(frame_cache::live_hint(), before);
}

TEST(frame_cache, a_thread_that_ends_gives_back_what_it_kept) {
    const std::int64_t before = frame_cache::live_hint();
    block kept;
    std::thread other([&] {
        give_back(get(128));
        kept = get(256);
    });
    other.join();
    EXPECT_EQ(frame_cache::live_hint(), before + 1);
    give_back(kept);
    EXPECT_EQ(frame_cache::live_hint(), before);
}

} // namespace
} // namespace eddy
