// map_concurrent_test.cpp — a function over a range, a few at a time.
//
// Covers:    order, the limit, kinds of ranges and results, failures, cancels, a million elements.
// Not here:  a cancel at each suspension -> tests/stress/scopes_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <algorithm>
#include <atomic>
#include <list>
#include <memory>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

// How many are inside at a time.
class crowd {
public:
    coro<int> visit(clock::duration how_long, int value) {
        most_ = std::max(most_.load(), inside_.fetch_add(1) + 1);
        const auto result = co_await as_result(sleep(how_long));
        inside_.fetch_sub(1);
        if (!result) {
            std::rethrow_exception(result.error());
        }
        co_return value;
    }
    [[nodiscard]] int most() const { return most_; }
    [[nodiscard]] int inside() const { return inside_; }

private:
    std::atomic<int> inside_{0};
    std::atomic<int> most_{0};
};

CO_TEST(map_concurrent, results_come_in_the_order_of_the_elements) {
    const std::vector<int> seconds{3, 1, 2, 5, 4};
    const auto start = now();
    const auto doubled = co_await map_concurrent(seconds, 5, [](int each) -> coro<int> {
        co_await sleep(std::chrono::seconds(each));
        co_return 2 * each;
    });
    EXPECT_EQ(doubled, (std::vector<int>{6, 2, 4, 10, 8}));
    EXPECT_EQ(now() - start, 5s);
}

CO_TEST(map_concurrent, there_are_never_more_at_a_time_than_the_limit) {
    crowd here;
    const auto start = now();
    const auto results = co_await map_concurrent(
        std::views::iota(0, 10), 3, [&here](int each) { return here.visit(1s, each); });
    EXPECT_EQ(results.size(), 10U);
    EXPECT_EQ(here.most(), 3);
    EXPECT_EQ(now() - start, 4s);
}

CO_TEST(map_concurrent, one_at_a_time_is_a_loop) {
    event_log log;
    co_await map_concurrent(std::views::iota(0, 4), 1, [&log](int each) -> coro<> {
        co_await sleep(std::chrono::seconds(4 - each));
        log.add(std::to_string(each));
    });
    EXPECT_EQ(log.text(), "0 1 2 3");
}

CO_TEST(map_concurrent, of_nothing_gives_nothing) {
    const std::vector<int> none;
    auto same = [](int each) -> coro<int> { co_return each; };
    EXPECT_TRUE((co_await map_concurrent(none, 3, same)).empty());
    EXPECT_THROW((void)map_concurrent(none, 0, same), std::invalid_argument);
}

CO_TEST(map_concurrent, elements_of_a_container_are_passed_as_they_lie) {
    std::list<std::string> words{"a", "b"};
    co_await map_concurrent(words, 2, [](std::string& word) -> coro<> {
        co_await yield();
        word += "!";
    });
    EXPECT_EQ(words, (std::list<std::string>{"a!", "b!"}));
}

CO_TEST(map_concurrent, a_temporary_range_is_kept_until_the_end) {
    auto lengths = map_concurrent(std::vector<std::string>{"one", "three"}, 2,
                                  [](const std::string& word) -> coro<std::size_t> {
                                      co_await sleep(1s);
                                      co_return word.size();
                                  });
    EXPECT_EQ(co_await std::move(lengths), (std::vector<std::size_t>{3, 5}));
}

CO_TEST(map_concurrent, of_a_range_that_can_be_read_only_once) {
    std::istringstream words("one two three");
    const auto loud = co_await map_concurrent(std::views::istream<std::string>(words), 2,
                                              [](std::string word) -> coro<std::string> {
                                                  co_await yield();
                                                  co_return word + "!";
                                              });
    EXPECT_EQ(loud, (std::vector<std::string>{"one!", "two!", "three!"}));
}

CO_TEST(map_concurrent, of_values_made_on_the_way) {
    auto squares = std::views::iota(1, 5) |
                   std::views::transform([](int i) { return std::make_unique<int>(i * i); });
    const auto values = co_await map_concurrent(
        squares, 2, [](std::unique_ptr<int> each) -> coro<std::unique_ptr<int>> {
            co_await yield();
            co_return each;
        });
    EXPECT_EQ(values.size(), 4U);
    EXPECT_EQ(*values[3], 16);
}

CO_TEST(map_concurrent, the_first_failure_cancels_the_others_and_is_thrown) {
    crowd here;
    auto visit = [&here](int each) -> coro<int> {
        if (each == 2) {
            co_await sleep(1s);
            throw std::out_of_range("far");
        }
        co_return co_await here.visit(1h, each);
    };
    const auto start = now();
    auto failed = co_await as_result(map_concurrent(std::views::iota(0, 100), 4, visit));
    EXPECT_TRUE(failed.holds<std::out_of_range>());
    EXPECT_EQ(here.inside(), 0);
    EXPECT_EQ(here.most(), 3);
    EXPECT_EQ(now() - start, 1s);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(map_concurrent, after_a_failure_no_element_is_taken) {
    std::atomic<int> taken{0};
    auto fail = [&taken](int /*each*/) -> coro<> {
        taken.fetch_add(1);
        throw std::out_of_range("far");
        co_return;
    };
    EXPECT_TRUE((co_await as_result(map_concurrent(std::views::iota(0, 1000), 2, fail)))
                    .holds<std::out_of_range>());
    EXPECT_LE(taken.load(), 2);
}

CO_TEST(map_concurrent, a_range_that_throws_is_a_failure) {
    auto spoiled = std::views::iota(0, 10) | std::views::transform([](int i) {
                       return i == 5 ? throw std::out_of_range("far") : i;
                   });
    auto same = [](int each) -> coro<int> {
        co_await yield();
        co_return each;
    };
    EXPECT_TRUE((co_await as_result(map_concurrent(spoiled, 2, same))).holds<std::out_of_range>());
}

CO_TEST(map_concurrent, a_function_that_throws_before_it_gives_a_coroutine_is_a_failure) {
    auto fail = [](int each) -> coro<int> {
        return each == 3 ? throw std::out_of_range("far")
                         : coro<int>([](int i) -> coro<int> { co_return i; }(each));
    };
    EXPECT_TRUE((co_await as_result(map_concurrent(std::views::iota(0, 10), 2, fail)))
                    .holds<std::out_of_range>());
}

CO_TEST(map_concurrent, a_cancel_reaches_all_calls_and_waits_for_them) {
    crowd here;
    auto t = create_task(
        [](crowd& here) -> coro<> {
            (void)co_await map_concurrent(std::views::iota(0, 100), 5,
                                          [&here](int each) { return here.visit(1h, each); });
        },
        std::ref(here));
    co_await sleep(1s);
    EXPECT_EQ(here.inside(), 5);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(here.inside(), 0);
}

CO_TEST(map_concurrent, a_cancel_comes_once_to_calls_that_clean_up) {
    event_log log;
    auto t = create_task(
        [](event_log& log) -> coro<> {
            co_await map_concurrent(std::views::iota(1, 3), 2, [&log](int each) -> coro<> {
                const auto result = co_await as_result(sleep(1h));
                co_await sleep(std::chrono::seconds(each));
                log.add(std::to_string(each));
                std::rethrow_exception(result.error());
            });
        },
        std::ref(log));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "1 2");
}

CO_TEST(map_concurrent, a_cancel_is_noticed_by_calls_that_never_suspend) {
    std::atomic<int> calls{0};
    auto t = create_task(
        [](std::atomic<int>& calls) -> coro<> {
            const any_task self = current_task();
            co_await map_concurrent(std::views::iota(0, 1'000'000), 2, [&](int each) -> coro<> {
                calls.fetch_add(1);
                if (each == 10) {
                    self.cancel();
                }
                co_return;
            });
        },
        std::ref(calls));
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_LT(calls.load(), 1'000'000);
}

CO_TEST_ON_1(map_concurrent, a_million_elements_take_a_few_coroutines_at_a_time) {
    std::int64_t most = 0;
    std::atomic<std::int64_t> sum{0};
    const std::int64_t before = frame_cache::live_hint();
    auto add = [&](int each) -> coro<> {
        sum.fetch_add(each);
        if (each % 100'000 == 0) {
            most = std::max(most, frame_cache::live_hint() - before);
        }
        co_return;
    };
    co_await map_concurrent(std::views::iota(0, 1'000'000), 8, add);
    EXPECT_EQ(sum.load(), 999'999LL * 500'000);
    EXPECT_LT(most, 100);
}

CO_TEST_ON_1(map_concurrent, calls_that_never_suspend_let_the_others_have_a_turn) {
    bool had_a_turn = false;
    int calls = 0;
    int at_turn = 0;
    (void)get_running_loop().call_soon([&] {
        had_a_turn = true;
        at_turn = calls;
    });
    co_await map_concurrent(std::views::iota(0, 10'000), 2, [&calls](int) -> coro<> {
        ++calls;
        co_return;
    });
    EXPECT_TRUE(had_a_turn);
    EXPECT_LT(at_turn, 1000);
}

} // namespace
} // namespace eddy
