// model_test.hpp — what the programs share: items that may be taken once, and the two verdicts.

#pragma once

#include "model_sync.hpp"
#include <eddy/base/atomic.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>

namespace eddy::model {

/// A text as a template argument: the moves of a thread, one letter each.
template <std::size_t N>
struct moves {
    char letters[N]{};

    consteval moves(const char (&text)[N]) { std::copy_n(text, N, letters); }
    constexpr std::string_view text() const { return {letters, N - 1}; }
};

/// Something to hand over. Its payload is plain data: taking it without synchronization is a race.
struct item {
    model_sync::var<int> payload{0};
    model_sync::var<item*> inbox_next{nullptr};
    int times_taken = 0;

    void fill() { payload = 1; }
};

inline void take(item* taken) {
    require(taken != nullptr, "a slot was taken before it was filled");
    require(++taken->times_taken == 1, "an item was taken twice");
    require(taken->payload == 1, "an item was taken before it was filled");
    taken->payload = 2; // only its taker may
}

inline void require_all_taken(std::span<const item> items) {
    for (const item& each : items) {
        require(each.times_taken == 1, "an item was lost");
    }
}

inline void print(const report& seen, std::string_view program, const limits& bounds) {
    std::printf("%12llu paths %12llu steps  preemptions <= %u  %.*s\n",
                static_cast<unsigned long long>(seen.paths),
                static_cast<unsigned long long>(seen.steps), bounds.preemptions,
                static_cast<int>(program.size()), program.data());
}

/// Every path within `bounds` must be right.
template <class Program>
void expect_correct(std::string_view name, const limits& bounds = {}) {
    const report seen = explore<Program>(bounds);
    print(seen, name, bounds);
    EXPECT_EQ(seen.failure, "") << "choices: " << seen.choices << '\n' << seen.trace;
}

/// The planted faults of `bounds`, or the fault that `Program` is written with, must be found.
template <class Program>
void expect_caught(std::string_view name, const limits& bounds = {}) {
    const report seen = explore<Program>(bounds);
    print(seen, name, bounds);
    EXPECT_NE(seen.failure, "") << "the fault was not found";
    std::printf("%14s%s\n", "caught: ", seen.failure.c_str());
    if (!bounds.weakened.empty()) {
        EXPECT_NE(seen.weakened, 0u) << "no access matches the planted fault";
    }
}

} // namespace eddy::model
