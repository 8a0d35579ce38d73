// lazy_test.cpp — adaptors over ranges and over what is iterated by awaiting.
//
// Covers:    each adaptor over both kinds, coroutines as functions, ownership, who is closed,
//            exceptions, cancels.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

async_generator<int> count(int limit) {
    for (int i = 1; i <= limit; ++i) {
        co_await sleep(1ms);
        co_yield i;
    }
}

generator<int> count_now(int limit) {
    for (int i = 1; i <= limit; ++i) {
        co_yield i;
    }
}

/// Counts, and says when it is closed.
class counting {
public:
    explicit counting(event_log& log) : log_(&log) {}
    coro<std::optional<int>> next() {
        co_await yield();
        co_return ++last_;
    }
    coro<> aclose() {
        co_await yield();
        log_->add("closed");
    }
    [[nodiscard]] int last() const { return last_; }

private:
    event_log* log_;
    int last_ = 0;
};

template <typename R>
auto all_of(R range) {
    std::vector<std::ranges::range_value_t<R>> out;
    for (auto&& each : range) {
        out.push_back(std::forward<decltype(each)>(each));
    }
    return out;
}

int square(int n) {
    return n * n;
}
coro<int> slow_square(int n) {
    co_await sleep(1s);
    co_return n* n;
}
bool is_even(int n) {
    return n % 2 == 0;
}
coro<bool> is_even_slowly(int n) {
    co_await sleep(1s);
    co_return n % 2 == 0;
}

static_assert(async_iterable<decltype(lazy::map(count(1), square))>);
static_assert(std::ranges::input_range<decltype(lazy::map(count_now(1), square))>);

// -- map --

CO_TEST(lazy, maps_what_is_iterated_by_awaiting) {
    EXPECT_EQ(co_await lazy::collect(lazy::map(count(3), square)), (std::vector{1, 4, 9}));
}

CO_TEST(lazy, maps_by_a_coroutine_one_item_after_the_other) {
    const auto start = now();
    EXPECT_EQ(co_await lazy::collect(lazy::map(count(3), slow_square)), (std::vector{1, 4, 9}));
    EXPECT_EQ(now() - start, 3s + 3ms);
}

TEST(lazy, maps_ranges) {
    EXPECT_EQ(all_of(lazy::map(count_now(3), square)), (std::vector{1, 4, 9}));
    EXPECT_EQ(all_of(lazy::map(std::vector{1, 2}, square)), (std::vector{1, 4}));
    EXPECT_EQ(all_of(lazy::map(std::views::iota(1, 4), square)), (std::vector{1, 4, 9}));
}

CO_TEST(lazy, does_nothing_until_it_is_asked) {
    int calls = 0;
    auto items = lazy::map(count(3), [&](int n) {
        ++calls;
        return n;
    });
    co_await sleep(1s);
    EXPECT_EQ(calls, 0);
    (void)co_await items.next();
    EXPECT_EQ(calls, 1);
    int range_calls = 0;
    auto range = lazy::map(count_now(3), [&](int n) {
        ++range_calls;
        return n;
    });
    EXPECT_EQ(range_calls, 0);
    (void)range.begin();
    EXPECT_EQ(range_calls, 1);
}

CO_TEST(lazy, moves_items_into_the_function) {
    auto make = []() -> async_generator<std::unique_ptr<int>> {
        co_yield std::make_unique<int>(7);
    };
    auto unwrap = [](std::unique_ptr<int> from) { return *from; };
    EXPECT_EQ(co_await lazy::collect(lazy::map(make(), unwrap)), (std::vector{7}));
    auto make_now = []() -> generator<std::unique_ptr<int>> { co_yield std::make_unique<int>(7); };
    EXPECT_EQ(all_of(lazy::map(make_now(), unwrap)), (std::vector{7}));
}

// -- filter --

CO_TEST(lazy, filters_what_is_iterated_by_awaiting) {
    EXPECT_EQ(co_await lazy::collect(lazy::filter(count(5), is_even)), (std::vector{2, 4}));
    const auto start = now();
    EXPECT_EQ(co_await lazy::collect(lazy::filter(count(5), is_even_slowly)), (std::vector{2, 4}));
    EXPECT_EQ(now() - start, 5s + 5ms);
}

TEST(lazy, filters_ranges_and_gives_the_very_elements) {
    EXPECT_EQ(all_of(lazy::filter(count_now(5), is_even)), (std::vector{2, 4}));
    std::vector<int> numbers{1, 2, 3, 4};
    for (int& each : lazy::filter(std::ref(numbers), is_even)) {
        each *= 10;
    }
    EXPECT_EQ(numbers, (std::vector{1, 20, 3, 40}));
}

CO_TEST(lazy, filters_move_only_items_and_references) {
    auto make = []() -> async_generator<std::unique_ptr<int>> {
        for (int i = 0; i != 4; ++i) {
            co_yield std::make_unique<int>(i);
        }
    };
    int sum = 0;
    EDDY_FOR(auto each, lazy::filter(make(), [](const auto& at) { return *at > 1; })) {
        sum += *each;
    }
    EXPECT_EQ(sum, 5);
    int numbers[] = {1, 2, 3};
    auto refer = [](int(&to)[3]) -> async_generator<int&> {
        for (int& each : to) {
            co_yield each;
        }
    };
    EDDY_FOR(int& each, lazy::filter(refer(numbers), is_even)) {
        each = 20;
    }
    EXPECT_EQ(numbers[1], 20);
}

// -- take --

CO_TEST(lazy, takes_no_more_than_it_was_asked_for) {
    event_log log;
    counting source(log);
    EXPECT_EQ(co_await lazy::collect(lazy::take(std::ref(source), 3)), (std::vector{1, 2, 3}));
    EXPECT_EQ(source.last(), 3);
    EXPECT_EQ(log.text(), "");
    EXPECT_EQ(co_await lazy::collect(lazy::take(count(2), 5)), (std::vector{1, 2}));
    EXPECT_TRUE((co_await lazy::collect(lazy::take(count(2), 0))).empty());
}

CO_TEST(lazy, closes_the_source_of_a_take_that_has_all) {
    event_log log;
    EXPECT_EQ(co_await lazy::collect(lazy::take(counting(log), 2)), (std::vector{1, 2}));
    EXPECT_EQ(log.text(), "closed");
}

TEST(lazy, takes_from_ranges_without_asking_for_one_too_many) {
    int asked = 0;
    auto counted = [](int& asked) -> generator<int> {
        for (;;) {
            co_yield ++asked;
        }
    };
    EXPECT_EQ(all_of(lazy::take(counted(asked), 3)), (std::vector{1, 2, 3}));
    EXPECT_EQ(asked, 3);
    EXPECT_TRUE(all_of(lazy::take(counted(asked), 0)).empty());
    EXPECT_EQ(asked, 3);
}

// -- enumerate --

CO_TEST(lazy, numbers_the_items) {
    std::string out;
    EDDY_FOR(auto [i, n], lazy::enumerate(count(3))) {
        out += std::to_string(i) + ":" + std::to_string(n) + " ";
    }
    for (auto [i, n] : lazy::enumerate(std::vector{7, 8}, 1)) {
        out += std::to_string(i) + ":" + std::to_string(n) + " ";
    }
    EXPECT_EQ(out, "0:1 1:2 2:3 1:7 2:8 ");
}

CO_TEST(lazy, numbers_references_to_the_very_elements) {
    std::vector<std::string> words{"a", "b"};
    for (auto [i, word] : lazy::enumerate(std::ref(words))) {
        word += std::to_string(i);
    }
    EXPECT_EQ(words, (std::vector<std::string>{"a0", "b1"}));
    auto refer = [](std::vector<std::string>& to) -> async_generator<std::string&> {
        for (std::string& each : to) {
            co_yield each;
        }
    };
    EDDY_FOR(auto [i, word], lazy::enumerate(refer(words))) {
        word += "!";
        (void)i;
    }
    EXPECT_EQ(words, (std::vector<std::string>{"a0!", "b1!"}));
}

// -- zip --

CO_TEST(lazy, zips_until_the_shortest_ends) {
    std::string out;
    EDDY_FOR(auto [a, b], lazy::zip(count(3), lazy::map(count(9), square))) {
        out += std::to_string(a) + "/" + std::to_string(b) + " ";
    }
    EXPECT_EQ(out, "1/1 2/4 3/9 ");
}

CO_TEST(lazy, zips_ranges_with_what_is_awaited) {
    std::vector<std::string> names{"one", "two", "three"};
    std::string out;
    EDDY_FOR(auto [n, name], lazy::zip(count(2), names)) {
        out += std::to_string(n) + name;
    }
    EXPECT_EQ(out, "1one2two");
}

CO_TEST(lazy, closes_all_sources_of_a_zip_when_one_ends) {
    event_log log;
    EXPECT_EQ((co_await lazy::collect(lazy::zip(counting(log), count(2), counting(log)))).size(),
              2U);
    EXPECT_EQ(log.text(), "closed closed");
}

TEST(lazy, zips_ranges) {
    std::string out;
    std::vector<int> numbers{1, 2, 3};
    for (auto [n, name] : lazy::zip(std::ref(numbers), std::vector<std::string>{"a", "b"})) {
        out += std::to_string(n) + name;
        n = 0;
    }
    EXPECT_EQ(out, "1a2b");
    EXPECT_EQ(numbers, (std::vector{0, 0, 3}));
    EXPECT_EQ(all_of(lazy::zip(count_now(2), std::views::iota(5))),
              (std::vector<std::tuple<int, int>>{{1, 5}, {2, 6}}));
}

CO_TEST(lazy, zips_move_only_items) {
    auto make = []() -> async_generator<std::unique_ptr<int>> {
        co_yield std::make_unique<int>(1);
        co_yield std::make_unique<int>(2);
    };
    int sum = 0;
    EDDY_FOR(auto [a, b], lazy::zip(make(), make())) {
        sum += *a * *b;
    }
    EXPECT_EQ(sum, 5);
}

// -- chunks --

CO_TEST(lazy, makes_chunks_of_which_the_last_may_be_short) {
    const std::vector<std::vector<int>> expected{{1, 2}, {3, 4}, {5}};
    EXPECT_EQ(co_await lazy::collect(lazy::chunks(count(5), 2)), expected);
    EXPECT_EQ(all_of(lazy::chunks(count_now(5), 2)), expected);
    EXPECT_EQ(all_of(lazy::chunks(std::vector{1, 2, 3, 4, 5}, 2)), expected);
    EXPECT_EQ((co_await lazy::collect(lazy::chunks(count(4), 2))).size(), 2U);
    EXPECT_TRUE((co_await lazy::collect(lazy::chunks(count(0), 2))).empty());
}

CO_TEST(lazy, keeps_a_chunk_that_a_cancel_interrupted) {
    event_log log;
    class slow_after_two {
    public:
        coro<std::optional<int>> next() {
            if (given_ == 2) {
                co_await sleep(1s);
            }
            co_return ++given_;
        }

    private:
        int given_ = 0;
    };
    auto items = lazy::chunks(slow_after_two(), 3);
    EXPECT_TRUE((co_await as_result(wait_for(items.next(), 1ms))).holds<timeout_error>());
    EXPECT_EQ(co_await items.next(), (std::vector{1, 2, 3}));
    auto pairs = lazy::zip(std::vector{1, 2, 3, 4}, slow_after_two());
    for (int i = 1; i != 3; ++i) {
        EXPECT_EQ(std::get<1>(*co_await pairs.next()), i);
    }
    EXPECT_TRUE((co_await as_result(wait_for(pairs.next(), 1ms))).holds<timeout_error>());
    const auto last = *co_await pairs.next();
    EXPECT_EQ(std::get<0>(last), std::get<1>(last));
}

// -- sources --

CO_TEST(lazy, makes_a_range_something_to_await) {
    EXPECT_EQ(co_await lazy::collect(lazy::map(lazy::async(std::vector{1, 2}), slow_square)),
              (std::vector{1, 4}));
}

CO_TEST(lazy, copies_a_source_that_has_a_name) {
    std::vector<int> numbers{1, 2};
    auto range = lazy::map(numbers, square);
    numbers.clear();
    EXPECT_EQ(all_of(std::move(range)), (std::vector{1, 4}));
    co_return;
}

CO_TEST(lazy, chains) {
    EXPECT_EQ(co_await lazy::collect(
                  lazy::take(lazy::map(lazy::filter(count(100), is_even_slowly), slow_square), 3)),
              (std::vector{4, 16, 36}));
}

CO_TEST(lazy, passes_a_close_on_through_a_chain_to_what_it_owns) {
    event_log log;
    EDDY_FOR(auto chunk, lazy::chunks(lazy::map(lazy::filter(counting(log), is_even), square), 2)) {
        EXPECT_EQ(chunk, (std::vector{4, 16}));
        break;
    }
    EXPECT_EQ(log.text(), "closed");
}

CO_TEST(lazy, lets_out_what_source_or_function_throw) {
    auto failing = [](int n) -> coro<int> {
        if (n == 2) {
            throw std::runtime_error("broken");
        }
        co_return n;
    };
    auto items = lazy::map(count(3), failing);
    EXPECT_EQ(co_await items.next(), 1);
    EXPECT_TRUE((co_await as_result(items.next())).holds<std::runtime_error>());
    EXPECT_EQ(co_await items.next(), 3); // its source has not failed
}

CO_TEST(lazy, passes_a_cancel_on_to_the_function_that_waits) {
    event_log log;
    auto waiting = [&log](int n) -> coro<int> {
        try {
            co_await sleep(1h);
        } catch (const cancelled_error&) {
            log.add("cancelled");
            throw;
        }
        co_return n;
    };
    const auto task = create_task(lazy::collect(lazy::map(count(3), waiting)));
    co_await sleep(1s);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "cancelled");
}

} // namespace
} // namespace eddy
