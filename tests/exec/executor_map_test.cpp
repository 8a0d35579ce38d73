// executor_map_test.cpp — map, for every executor: a function over a range, its results one by one.
//
// Covers:    ordered and as they come, chunks, exceptions of calls and of the range, ranges that
//            are read on the way, leaving early.
// Not here:  map on a bounded queue -> executor_queue_test.cpp.

#include "exec/executor_kinds.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace executor_test {

using namespace std::chrono_literals;

template <typename E>
class executor_map_test : public executor_case<E> {};

TYPED_TEST_SUITE(executor_map_test, executors, names);

template <typename T>
coro<std::vector<T>> all_of(async_generator<T> from) {
    std::vector<T> out;
    while (auto each = co_await from.next()) {
        out.push_back(std::move(*each));
    }
    co_return out;
}

std::vector<int> up_to(int end) {
    std::vector<int> out;
    for (int i = 0; i != end; ++i) {
        out.push_back(i);
    }
    return out;
}

TYPED_TEST(executor_map_test, a_map_gives_results_in_the_order_of_the_elements) {
    this->on_loops(3, [](TypeParam& on) -> coro<> {
        for (const std::size_t chunk : {1U, 2U, 7U, 1000U}) {
            const auto got = co_await all_of(on.map(twice, up_to(100), {.chunk = chunk}));
            EXPECT_EQ(got.size(), 100U);
            for (int i = 0; i != static_cast<int>(got.size()); ++i) {
                EXPECT_EQ(got[static_cast<std::size_t>(i)], 2 * i);
            }
        }
    });
}

TYPED_TEST(executor_map_test, an_unordered_map_gives_each_result_once) {
    this->on_loops(3, [](TypeParam& on) -> coro<> {
        for (const std::size_t chunk : {1U, 8U}) {
            auto got = co_await all_of(
                on.map(twice, up_to(100), {.chunk = chunk, .ordered = false, .in_flight = 5}));
            std::ranges::sort(got);
            EXPECT_EQ(got.size(), 100U);
            for (int i = 0; i != static_cast<int>(got.size()); ++i) {
                EXPECT_EQ(got[static_cast<std::size_t>(i)], 2 * i);
            }
        }
    });
}

TYPED_TEST(executor_map_test, an_unordered_map_does_not_wait_for_a_slow_element) {
    this->on_loops(2, [](TypeParam& on) -> coro<> {
        gate busy;
        std::vector<std::pair<std::string, int>> jobs;
        for (const int each : up_to(20)) {
            jobs.emplace_back(busy.path(), each);
        }
        auto results = on.map(stopped_at_0, jobs, {.ordered = false, .in_flight = 3});
        int sum = 0;
        for (int i = 1; i != 20; ++i) {
            const auto got = co_await results.next();
            CO_ASSERT_TRUE(got.has_value());
            EXPECT_NE(*got, 0);
            sum += *got;
        }
        EXPECT_EQ(sum, 190);
        busy.open();
        EXPECT_EQ(co_await results.next(), 0);
        EXPECT_EQ(co_await results.next(), std::nullopt);
    });
}

TYPED_TEST(executor_map_test, an_empty_map_ends_at_once) {
    this->on_loops(1, [](TypeParam& on) -> coro<> {
        EXPECT_TRUE((co_await all_of(on.map(twice, std::vector<int>()))).empty());
        EXPECT_TRUE((co_await all_of(on.map(twice, up_to(0), {.chunk = 3}))).empty());
    });
}

TYPED_TEST(executor_map_test, an_exception_comes_out_of_a_map_at_its_place) {
    this->on_loops(3, [](TypeParam& on) -> coro<> {
        for (const std::size_t chunk : {1U, 3U, 100U}) {
            auto results = on.map(refuse_7, up_to(100), {.chunk = chunk});
            for (int i = 0; i != 7; ++i) {
                EXPECT_EQ(co_await results.next(), i);
            }
            EXPECT_FALSE(co_await as_result(results.next()));
            EXPECT_EQ(co_await results.next(), std::nullopt);
        }
    });
}

// Numbers that end with an exception.
class failing_numbers {
public:
    explicit failing_numbers(int good) : good_(good) {}
    class iterator {
    public:
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        explicit iterator(int left) : left_(left) {}
        int operator*() const { return left_; }
        iterator& operator++() {
            if (--left_ == 0) {
                throw std::out_of_range("no more numbers");
            }
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t /*end*/) const { return false; }

    private:
        int left_;
    };
    [[nodiscard]] iterator begin() const { return iterator(good_); }
    [[nodiscard]] static std::default_sentinel_t end() { return {}; }

private:
    int good_;
};

TYPED_TEST(executor_map_test, an_exception_of_the_range_comes_after_the_results_before_it) {
    this->on_loops(2, [](TypeParam& on) -> coro<> {
        auto results = on.map(twice, failing_numbers(3));
        for (int i = 3; i != 0; --i) {
            EXPECT_EQ(co_await results.next(), 2 * i);
        }
        EXPECT_TRUE((co_await as_result(results.next())).template holds<std::out_of_range>());
    });
}

TYPED_TEST(executor_map_test, a_map_reads_a_range_that_is_made_on_the_way_and_only_what_it_needs) {
    this->on_loops(1, [](TypeParam& on) -> coro<> {
        int made = 0;
        auto numbers = std::views::iota(0) | std::views::transform([&](int i) {
                           ++made;
                           return i;
                       });
        auto results = on.map(twice, numbers, {.in_flight = 4}); // it has no end
        EXPECT_EQ(made, 0);
        EXPECT_EQ(co_await results.next(), 0);
        EXPECT_EQ(co_await results.next(), 2);
        EXPECT_LE(made, 5);
        std::istringstream text("5 6 7");
        EXPECT_EQ(co_await all_of(on.map(twice, std::views::istream<int>(text))),
                  (std::vector{10, 12, 14}));
    });
}

TYPED_TEST(executor_map_test, leaving_a_map_early_withdraws_what_has_not_begun) {
    this->on_loops(1, [](TypeParam& on) -> coro<> {
        gate busy;
        gate ran;
        const auto blocks = on.submit(passed, busy.path(), 1);
        co_await busy.reached(1);
        std::vector<std::string> elements(1000, ran.path());
        {
            auto results = on.map(noted_once, elements, {.in_flight = 8});
            auto waits = create_task([](auto& from) -> coro<> { co_await from.next(); }(results));
            co_await yield();
            EXPECT_TRUE(waits.cancel());
            EXPECT_TRUE((co_await as_result(waits)).cancelled());
        }
        busy.open();
        co_await blocks;
        EXPECT_EQ(ran.notes(), 0U);
        EDDY_FOR(const int each, on.map(noted_once, elements, {.in_flight = 8})) {
            EXPECT_EQ(each, 1);
            break;
        }
        co_await on.aclose();
        EXPECT_LE(ran.notes(), 8U);
    });
}

} // namespace executor_test
} // namespace eddy
