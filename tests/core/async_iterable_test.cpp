// async_iterable_test.cpp — EDDY_FOR over everything that has a next() to await.
//
// Covers:    the kinds of iterables and items, break and continue, who is closed when.
// Not here:  what a generator does when it is closed -> async_generator_test.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

struct countdown {
    int left;
    coro<std::optional<int>> next() {
        co_await sleep(1ms);
        if (left == 0) {
            co_return std::nullopt;
        }
        co_return left--;
    }
};

struct not_a_value {
    static coro<int> next() { co_return 1; }
};

static_assert(async_iterable<countdown>);
static_assert(async_iterable<async_generator<int>>);
static_assert(async_iterable<async_generator<int&>>);
static_assert(async_iterable<completion_order<task<int>>>);
static_assert(!async_iterable<not_a_value>);
static_assert(!async_iterable<std::vector<int>>);
static_assert(std::is_same_v<async_reference_t<countdown>, int&&>);
static_assert(std::is_same_v<async_reference_t<async_generator<int&>>, int&>);

/// Counts from 1 to 3, and says when it is closed and when it is destroyed.
class closing {
public:
    explicit closing(event_log& log) : log_(&log) {}
    closing(closing&& other) noexcept : log_(std::exchange(other.log_, nullptr)) {}
    closing(const closing&) = delete;
    closing& operator=(const closing&) = delete;
    closing& operator=(closing&&) = delete;
    ~closing() {
        if (log_ != nullptr) {
            log_->add("destroyed");
        }
    }
    coro<std::optional<int>> next() {
        if (given_ == 3) {
            co_return std::nullopt;
        }
        co_return ++given_;
    }
    coro<> aclose() {
        co_await yield();
        log_->add("closed");
    }

private:
    event_log* log_;
    int given_ = 0;
};

CO_TEST(async_iterable, is_looped_over_without_braces) {
    countdown c{3};
    std::string out;
    // clang-format off
    EDDY_FOR(auto s, c) out += std::to_string(s);
    // clang-format on
    EXPECT_EQ(out, "321");
}

CO_TEST(async_iterable, may_be_a_temporary) {
    int sum = 0;
    EDDY_FOR(const int each, countdown{4}) {
        sum += each;
    }
    EXPECT_EQ(sum, 10);
}

CO_TEST(async_iterable, gives_items_that_are_moved_into_what_the_loop_declares) {
    auto make = []() -> async_generator<std::unique_ptr<int>> {
        co_yield std::make_unique<int>(1);
        co_yield std::make_unique<int>(2);
    };
    int sum = 0;
    EDDY_FOR(std::unique_ptr<int> each, make()) {
        sum += *each;
    }
    EDDY_FOR(const auto& each, make()) {
        sum += *each;
    }
    EXPECT_EQ(sum, 6);
}

CO_TEST(async_iterable, of_references_lets_the_loop_change_what_they_refer_to) {
    std::vector<int> numbers{1, 2, 3};
    auto refer = [](std::vector<int>& to) -> async_generator<int&> {
        for (int& each : to) {
            co_yield each;
        }
    };
    EDDY_FOR(int& each, refer(numbers)) {
        each *= 10;
    }
    EXPECT_EQ(numbers, (std::vector{10, 20, 30}));
}

CO_TEST(async_iterable, gives_items_that_the_loop_takes_apart) {
    auto pairs = []() -> async_generator<std::pair<int, std::string>> {
        co_yield {1, "a"};
        co_yield {2, "b"};
    };
    std::string out;
    EDDY_FOR(const auto& [number, name], pairs()) {
        out += std::to_string(number) + name;
    }
    auto triples = []() -> async_generator<std::tuple<int, int, int>> { co_yield {1, 2, 3}; };
    EDDY_FOR(auto [a, b, c], triples()) {
        out += std::to_string(a + b + c);
    }
    EXPECT_EQ(out, "1a2b6");
}

CO_TEST(async_iterable, may_be_looped_over_inside_of_another_loop) {
    int sum = 0;
    EDDY_FOR(auto each, countdown{3}) {
        EDDY_FOR(auto other, countdown{each}) {
            sum += other;
        }
    }
    EXPECT_EQ(sum, 6 + 3 + 1);
}

CO_TEST(async_iterable, does_what_continue_and_break_do_in_a_loop) {
    std::string out;
    EDDY_FOR(auto each, countdown{9}) {
        if (each % 2 == 0) {
            continue;
        }
        if (each < 4) {
            break;
        }
        out += std::to_string(each);
    }
    EXPECT_EQ(out, "975");
}

CO_TEST(async_iterable, is_the_tasks_in_the_order_in_which_they_end) {
    auto after = [](int ms) -> coro<int> {
        co_await sleep(std::chrono::milliseconds(ms));
        co_return ms;
    };
    std::vector<coro<int>> bodies;
    for (const int ms : {3, 1, 2}) {
        bodies.push_back(after(ms));
    }
    std::string out;
    EDDY_FOR(auto ended, as_completed(std::move(bodies))) {
        out += std::to_string(ended.result());
    }
    EXPECT_EQ(out, "123");
}

// -- who is closed --

CO_TEST(async_iterable, that_is_a_temporary_is_closed_when_its_loop_ends_or_is_broken_off) {
    event_log log;
    EDDY_FOR(auto each, closing(log)) {
        (void)each;
    }
    EXPECT_EQ(log.text(), "closed destroyed");
    event_log second;
    EDDY_FOR(auto each, closing(second)) {
        if (each == 2) {
            break;
        }
    }
    EXPECT_EQ(second.text(), "closed destroyed");
}

CO_TEST(async_iterable, with_a_name_stays_open_and_goes_on_in_the_next_loop) {
    event_log log;
    closing named(log);
    EDDY_FOR(auto each, named) {
        if (each == 2) {
            break;
        }
    }
    int last = 0;
    EDDY_FOR(auto each, named) {
        EXPECT_EQ(each, 3);
        last = each;
    }
    EXPECT_EQ(last, 3);
    EXPECT_EQ(log.text(), "");
}

CO_TEST(async_iterable, that_is_moved_into_the_loop_is_closed_by_it) {
    event_log log;
    closing named(log);
    EDDY_FOR(auto each, std::move(named)) {
        (void)each;
        break;
    }
    EXPECT_EQ(log.text(), "closed destroyed");
}

CO_TEST(async_iterable, is_destroyed_but_not_closed_by_an_exception_or_a_co_return) {
    event_log log;
    auto returning = [](event_log& log) -> coro<int> {
        EDDY_FOR(auto each, closing(log)) {
            co_return each;
        }
        co_return 0;
    };
    EXPECT_EQ(co_await returning(log), 1);
    EXPECT_EQ(log.text(), "destroyed");
    auto throwing = [](event_log& log) -> coro<> {
        EDDY_FOR(auto each, closing(log)) {
            (void)each;
            throw std::runtime_error("planned");
        }
    };
    EXPECT_TRUE((co_await as_result(throwing(log))).holds<std::runtime_error>());
    EXPECT_EQ(log.text(), "destroyed destroyed");
}

async_generator<int> with_cleanup(event_log& log) {
    std::exception_ptr error;
    try {
        for (int i = 0;; ++i) {
            co_yield i;
        }
    } catch (...) {
        error = std::current_exception();
    }
    co_await sleep(1s);
    log.add("clean");
    std::rethrow_exception(error);
}

CO_TEST(async_iterable, that_is_a_generator_awaits_its_cleanup_when_its_loop_is_broken_off) {
    event_log log;
    const auto start = now();
    EDDY_FOR(auto each, with_cleanup(log)) {
        if (each == 3) {
            break;
        }
    }
    EXPECT_EQ(log.text(), "clean");
    EXPECT_EQ(now() - start, 1s);
}

CO_TEST(async_iterable, lets_out_what_its_next_throws) {
    auto failing = []() -> async_generator<int> {
        co_yield 1;
        throw std::runtime_error("broken");
    };
    auto consume = [](async_generator<int> from) -> coro<int> {
        int last = 0;
        EDDY_FOR(auto each, std::move(from)) {
            last = each;
        }
        co_return last;
    };
    EXPECT_TRUE((co_await as_result(consume(failing()))).holds<std::runtime_error>());
}

} // namespace
} // namespace eddy
