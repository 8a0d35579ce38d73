// generator_test.cpp — a synchronous generator gives its values one after the other, when asked.
//
// Covers:    laziness, kinds of values, exceptions, early ends, delegation, std::views.
// Not here:  a co_await in a generator -> tests/compile_fail; delegating a million deep ->
//            tests/stress/deep_stress.cpp.

#include <eddy/core/frame_cache.hpp>
#include <eddy/core/generator.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy {
namespace {

static_assert(!std::is_copy_constructible_v<generator<int>>);
static_assert(std::ranges::input_range<generator<int>>);
static_assert(std::ranges::input_range<generator<std::unique_ptr<int>>>);
static_assert(std::ranges::input_range<generator<const std::string&>>);
static_assert(std::ranges::view<generator<int>>);
static_assert(std::is_same_v<std::ranges::range_reference_t<generator<int>>, int&&>);
static_assert(std::is_same_v<std::ranges::range_reference_t<generator<int&>>, int&>);

generator<int> count(int limit) {
    for (int i = 1; i <= limit; ++i) {
        co_yield i;
    }
}

template <typename T>
std::vector<std::remove_cvref_t<T>> all_of(generator<T> values) {
    std::vector<std::remove_cvref_t<T>> out;
    for (auto&& each : values) {
        out.push_back(std::forward<decltype(each)>(each));
    }
    return out;
}

TEST(generator, gives_what_it_yields_in_order) {
    EXPECT_EQ(all_of(count(5)), (std::vector{1, 2, 3, 4, 5}));
}

TEST(generator, that_yields_nothing_is_an_empty_range) {
    EXPECT_TRUE(all_of(count(0)).empty());
}

TEST(generator, runs_nothing_until_it_is_iterated_and_no_further_than_asked) {
    std::string log;
    auto logged = [](std::string& log) -> generator<int> {
        log += 'a';
        co_yield 1;
        log += 'b';
        co_yield 2;
        log += 'c';
    };
    auto values = logged(log);
    EXPECT_EQ(log, "");
    auto at = values.begin();
    EXPECT_EQ(log, "a");
    EXPECT_EQ(*at, 1);
    EXPECT_EQ(log, "a");
    ++at;
    EXPECT_EQ(*at, 2);
    EXPECT_EQ(log, "ab");
    ++at;
    EXPECT_EQ(log, "abc");
    EXPECT_TRUE(at == values.end());
}

TEST(generator, moves_a_temporary_and_copies_an_lvalue_once) {
    struct tracked {
        explicit tracked(int& copies) : copies(&copies) {}
        tracked(const tracked& other) : copies(other.copies) { ++*copies; }
        tracked(tracked&&) = default;
        tracked& operator=(const tracked&) = delete;
        tracked& operator=(tracked&&) = delete;
        ~tracked() = default;
        int* copies;
    };
    int copies = 0;
    auto yielding = [](int& copies) -> generator<tracked> {
        const tracked named(copies);
        co_yield tracked(copies);
        co_yield named;
    };
    int seen = 0;
    for (tracked each : yielding(copies)) { // NOLINT(performance-for-range-copy): it is a move
        EXPECT_EQ(*each.copies, seen++);
    }
    EXPECT_EQ(copies, 1);
}

TEST(generator, gives_move_only_values_away) {
    auto make = []() -> generator<std::unique_ptr<int>> {
        for (int i = 0; i != 3; ++i) {
            co_yield std::make_unique<int>(i);
        }
    };
    int sum = 0;
    for (std::unique_ptr<int> each : make()) {
        sum += *each;
    }
    EXPECT_EQ(sum, 3);
}

TEST(generator, converts_what_it_yields) {
    auto words = []() -> generator<std::string> {
        co_yield "one";
        co_yield {'t', 'w', 'o'};
    };
    EXPECT_EQ(all_of(words()), (std::vector<std::string>{"one", "two"}));
}

TEST(generator, of_references_gives_the_very_objects) {
    std::vector<std::string> words{"a", "b"};
    auto each_of = [](std::vector<std::string>& of) -> generator<std::string&> {
        for (std::string& word : of) {
            co_yield word;
        }
    };
    for (std::string& word : each_of(words)) {
        word += '!';
    }
    EXPECT_EQ(words, (std::vector<std::string>{"a!", "b!"}));
}

TEST(generator, of_references_to_const_takes_temporaries_too) {
    auto mixed = [](const std::string& named) -> generator<const std::string&> {
        co_yield named;
        co_yield std::string("temporary");
    };
    const std::string name = "named";
    EXPECT_EQ(all_of(mixed(name)), (std::vector<std::string>{"named", "temporary"}));
}

TEST(generator, lets_an_exception_out_of_begin_and_of_the_increment) {
    auto failing = [](int after) -> generator<int> {
        for (int i = 0; i != after; ++i) {
            co_yield i;
        }
        throw std::runtime_error("broken");
    };
    auto at_once = failing(0);
    EXPECT_THROW((void)at_once.begin(), std::runtime_error);
    EXPECT_TRUE(at_once.begin() == at_once.end());
    auto later = failing(1);
    auto at = later.begin();
    EXPECT_EQ(*at, 0);
    EXPECT_THROW(++at, std::runtime_error);
    EXPECT_TRUE(at == later.end());
}

TEST(generator, that_is_left_early_destroys_its_locals) {
    const auto owner = std::make_shared<int>(1);
    auto holding = [](std::shared_ptr<int> held) -> generator<int> {
        const std::shared_ptr<int> second = held;
        for (int i = 0;; ++i) {
            co_yield i;
        }
    };
    for (const int each : holding(owner)) {
        if (each == 3) {
            EXPECT_EQ(owner.use_count(), 3);
            break;
        }
    }
    EXPECT_EQ(owner.use_count(), 1);
}

TEST(generator, that_was_left_early_goes_on_in_the_next_loop) {
    auto values = count(5);
    for (const int each : values) {
        if (each == 2) {
            break;
        }
    }
    EXPECT_EQ(all_of(std::move(values)), (std::vector{3, 4, 5}));
}

TEST(generator, that_was_never_started_frees_its_frame_and_arguments) {
    const std::int64_t frames = frame_cache::live_hint();
    const auto owner = std::make_shared<int>(1);
    {
        auto holding = [](std::shared_ptr<int> held) -> generator<int> { co_yield *held; };
        const auto unused = holding(owner);
        EXPECT_EQ(owner.use_count(), 2); // the frame may be in this one: it is never resumed
    }
    EXPECT_EQ(owner.use_count(), 1);
    EXPECT_EQ(frame_cache::live_hint(), frames);
}

TEST(generator, that_was_moved_from_is_an_empty_range) {
    auto values = count(2);
    EXPECT_EQ(all_of(std::move(values)), (std::vector{1, 2}));
    EXPECT_FALSE(values.valid()); // NOLINT(bugprone-use-after-move): that is what is asked
    EXPECT_TRUE(values.begin() == values.end());
    values = count(3);
    EXPECT_EQ(all_of(std::move(values)), (std::vector{1, 2, 3}));
}

TEST(generator, works_with_the_views_of_std) {
    std::vector<int> out;
    for (const int each : count(100) | std::views::filter([](int n) { return n % 2 == 0; }) |
                              std::views::transform([](int n) { return n * n; }) |
                              std::views::take(3)) {
        out.push_back(each);
    }
    EXPECT_EQ(out, (std::vector{4, 16, 36}));
    auto more = count(10);
    EXPECT_EQ(std::ranges::count_if(more, [](int n) { return n > 7; }), 3);
}

// -- elements_of --

struct tree {
    int value;
    std::vector<tree> children;
};

generator<const int&> walk(const tree& at) {
    co_yield at.value;
    for (const tree& child : at.children) {
        co_yield elements_of(walk(child));
    }
}

TEST(generator, that_delegates_gives_the_values_of_the_other_as_its_own) {
    const tree root{1, {{2, {{3, {}}, {4, {}}}}, {5, {}}}};
    EXPECT_EQ(all_of(walk(root)), (std::vector{1, 2, 3, 4, 5}));
}

generator<int> nest(int depth) {
    if (depth != 0) {
        co_yield elements_of(nest(depth - 1));
    }
    co_yield depth;
}

TEST(generator, may_delegate_as_deep_as_there_is_memory) {
    constexpr int depth = 20'000;
    int expected = 0;
    for (const int each : nest(depth)) {
        ASSERT_EQ(each, expected++);
    }
    EXPECT_EQ(expected, depth + 1);
}

TEST(generator, that_is_left_early_destroys_what_it_delegates_to_without_stack) {
    const std::int64_t frames = frame_cache::live_hint();
    for (const int each : nest(20'000)) {
        if (each == 100) {
            break;
        }
    }
    EXPECT_EQ(frame_cache::live_hint(), frames);
}

TEST(generator, gets_the_exception_of_what_it_delegates_to) {
    auto failing = []() -> generator<int> {
        co_yield 1;
        throw std::runtime_error("broken");
    };
    auto outer = [](auto inner) -> generator<int> {
        bool caught = false;
        try {
            co_yield elements_of(inner());
        } catch (const std::runtime_error&) {
            caught = true;
        }
        co_yield caught ? 2 : 0;
    };
    EXPECT_EQ(all_of(outer(failing)), (std::vector{1, 2}));
}

TEST(generator, may_delegate_to_one_that_was_begun_ended_or_moved_from) {
    auto outer = [](generator<int> inner) -> generator<int> {
        co_yield elements_of(std::move(inner));
        co_yield 100;
    };
    auto begun = nest(3);
    (void)begun.begin();
    EXPECT_EQ(all_of(outer(std::move(begun))), (std::vector{1, 2, 3, 100}));
    auto ended = count(1);
    for (const int each : ended) {
        EXPECT_EQ(each, 1);
    }
    EXPECT_EQ(all_of(outer(std::move(ended))), (std::vector{100}));
    // NOLINTNEXTLINE(bugprone-use-after-move): that is what is asked
    EXPECT_EQ(all_of(outer(std::move(ended))), (std::vector{100}));
}

} // namespace
} // namespace eddy
