// async_generator_test.cpp — a generator that awaits between its values runs inside its consumer.
//
// Covers:    values, waiting, exceptions, aclose, cancels, one consumer, moving between tasks.
// Not here:  EDDY_FOR -> async_iterable_test.cpp; adaptors -> lazy_test.cpp; a cancel at every
//            suspension -> tests/stress/cancel_points_stress.cpp; millions of items ->
//            tests/stress/deep_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<async_generator<int>>);
static_assert(std::is_same_v<await_result_t<decltype(std::declval<async_generator<int>&>().next())>,
                             std::optional<int>>);
static_assert(std::is_same_v<
              await_result_t<decltype(std::declval<async_generator<const std::string&>&>().next())>,
              const std::string*>);

async_generator<int> count(int limit) {
    for (int i = 1; i <= limit; ++i) {
        co_await sleep(1ms);
        co_yield i;
    }
}

async_generator<int> count_at_once(int limit) {
    for (int i = 1; i <= limit; ++i) {
        co_yield i;
    }
}

template <typename T>
coro<std::vector<T>> all_of(async_generator<T> values) {
    std::vector<T> out;
    while (auto each = co_await values.next()) {
        out.push_back(*std::move(each));
    }
    co_return out;
}

CO_TEST(async_generator, gives_what_it_yields_and_waits_in_between) {
    const auto start = now();
    EXPECT_EQ(co_await all_of(count(5)), (std::vector{1, 2, 3, 4, 5}));
    EXPECT_EQ(now() - start, 5ms);
}

CO_TEST(async_generator, that_yields_nothing_is_at_its_end) {
    EXPECT_TRUE((co_await all_of(count(0))).empty());
}

CO_TEST(async_generator, runs_nothing_until_its_next_value_is_awaited) {
    std::string log;
    auto logged = [](std::string& log) -> async_generator<int> {
        log += 'a';
        co_yield 1;
        log += 'b';
    };
    auto values = logged(log);
    auto first = values.next();
    co_await yield();
    EXPECT_EQ(log, "");
    EXPECT_EQ(co_await first, 1);
    EXPECT_EQ(log, "a");
    EXPECT_EQ(co_await values.next(), std::nullopt);
    EXPECT_EQ(log, "ab");
}

CO_TEST(async_generator, that_has_ended_stays_at_its_end) {
    auto values = count(1);
    EXPECT_EQ(co_await values.next(), 1);
    EXPECT_EQ(co_await values.next(), std::nullopt);
    EXPECT_EQ(co_await values.next(), std::nullopt);
}

CO_TEST(async_generator, that_was_moved_from_is_at_its_end) {
    auto values = count(2);
    auto taken = std::move(values);
    EXPECT_FALSE(values.valid()); // NOLINT(bugprone-use-after-move): that is what is asked
    EXPECT_EQ(co_await values.next(), std::nullopt);
    co_await values.aclose();
    EXPECT_EQ(co_await taken.next(), 1);
    taken = count(1);
    EXPECT_EQ(co_await all_of(std::move(taken)), (std::vector{1}));
}

CO_TEST(async_generator, moves_a_temporary_and_copies_an_lvalue_once) {
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
    auto yielding = [](int& copies) -> async_generator<tracked> {
        const tracked named(copies);
        co_yield tracked(copies);
        co_yield named;
    };
    auto values = yielding(copies);
    (void)co_await values.next();
    EXPECT_EQ(copies, 0);
    (void)co_await values.next();
    EXPECT_EQ(copies, 1);
    EXPECT_FALSE((co_await values.next()).has_value());
}

CO_TEST(async_generator, gives_move_only_values_away) {
    auto make = []() -> async_generator<std::unique_ptr<int>> {
        for (int i = 0; i != 3; ++i) {
            co_await yield();
            co_yield std::make_unique<int>(i);
        }
    };
    int sum = 0;
    auto values = make();
    while (auto each = co_await values.next()) {
        sum += **each;
    }
    EXPECT_EQ(sum, 3);
}

CO_TEST(async_generator, converts_what_it_yields) {
    auto words = []() -> async_generator<std::string> {
        co_yield "one";
        co_yield {'t', 'w', 'o'};
    };
    EXPECT_EQ(co_await all_of(words()), (std::vector<std::string>{"one", "two"}));
}

CO_TEST(async_generator, of_references_gives_pointers_to_the_very_objects) {
    std::vector<std::string> words{"a", "b"};
    auto each_of = [](std::vector<std::string>& of) -> async_generator<std::string&> {
        for (std::string& word : of) {
            co_yield word;
        }
    };
    auto values = each_of(words);
    while (std::string* word = co_await values.next()) {
        *word += '!';
    }
    EXPECT_EQ(words, (std::vector<std::string>{"a!", "b!"}));
}

CO_TEST(async_generator, that_throws_ends_and_its_consumer_gets_the_exception) {
    auto failing = []() -> async_generator<int> {
        co_yield 1;
        co_await yield();
        throw std::runtime_error("broken");
    };
    auto values = failing();
    EXPECT_EQ(co_await values.next(), 1);
    EXPECT_TRUE((co_await as_result(values.next())).holds<std::runtime_error>());
    EXPECT_EQ(co_await values.next(), std::nullopt);
}

CO_TEST(async_generator, outlives_a_copy_of_its_item_that_throws) {
    struct fragile {
        fragile() = default;
        fragile(const fragile&) { throw std::runtime_error("broken"); }
        fragile(fragile&&) = default;
    };
    auto yielding = []() -> async_generator<fragile> {
        const fragile named;
        co_yield named;
        co_yield fragile();
    };
    auto values = yielding();
    EXPECT_TRUE((co_await as_result(values.next())).holds<std::runtime_error>());
    EXPECT_TRUE((co_await values.next()).has_value());
}

CO_TEST(async_generator, awaits_coroutines_tasks_and_other_generators) {
    auto doubled = [](async_generator<int> of) -> async_generator<int> {
        while (auto each = co_await of.next()) {
            co_yield *each + co_await create_task([](int n) -> coro<int> { co_return n; }, *each);
        }
    };
    EXPECT_EQ(co_await all_of(doubled(doubled(count(3)))), (std::vector{4, 8, 12}));
}

CO_TEST(async_generator, does_not_grow_the_stack_however_many_values_it_gives) {
    std::int64_t sum = 0;
    auto values = count_at_once(100'000);
    while (auto each = co_await values.next()) {
        sum += *each;
    }
    EXPECT_EQ(sum, std::int64_t{100'000} * 100'001 / 2);
}

async_generator<int> nested(int depth) {
    if (depth != 0) {
        auto inner = nested(depth - 1);
        while (auto each = co_await inner.next()) {
            co_yield *each + 1;
        }
    } else {
        co_yield 0;
    }
}

CO_TEST(async_generator, does_not_grow_the_stack_however_deep_generators_nest) {
    EXPECT_EQ(co_await all_of(nested(1000)), (std::vector{1000}));
}

// -- its end --

CO_TEST(async_generator, that_is_destroyed_early_destroys_its_locals) {
    const auto owner = std::make_shared<int>(1);
    auto holding = [](std::shared_ptr<int> held) -> async_generator<int> {
        const std::shared_ptr<int> second = held;
        for (int i = 0;; ++i) {
            co_await yield();
            co_yield i;
        }
    };
    {
        auto values = holding(owner);
        (void)co_await values.next();
        EXPECT_EQ(owner.use_count(), 3);
    }
    EXPECT_EQ(owner.use_count(), 1);
    {
        const auto unused = holding(owner);
    }
    EXPECT_EQ(owner.use_count(), 1);
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
    log.add("cleaning");
    co_await sleep(1s);
    log.add("clean");
    std::rethrow_exception(error);
}

CO_TEST(async_generator, awaits_its_cleanup_when_it_is_closed) {
    event_log log;
    const auto start = now();
    auto values = with_cleanup(log);
    (void)co_await values.next();
    co_await values.aclose();
    EXPECT_EQ(log.text(), "cleaning clean");
    EXPECT_EQ(now() - start, 1s);
    EXPECT_FALSE(values.valid());
    EXPECT_EQ(co_await values.next(), std::nullopt);
    co_await values.aclose();
}

CO_TEST(async_generator, that_has_not_begun_or_has_ended_is_closed_without_running) {
    event_log log;
    auto unused = with_cleanup(log);
    co_await unused.aclose();
    EXPECT_EQ(log.text(), "");
    EXPECT_FALSE(unused.valid());
    auto ended = count(0);
    (void)co_await ended.next();
    co_await ended.aclose();
    EXPECT_FALSE(ended.valid());
}

CO_TEST(async_generator, may_end_normally_when_it_is_closed) {
    auto quiet = []() -> async_generator<int> {
        try {
            co_yield 1;
        } catch (const generator_exit&) { // nothing to do
        }
    };
    auto values = quiet();
    (void)co_await values.next();
    co_await values.aclose();
    EXPECT_FALSE(values.valid());
}

CO_TEST(async_generator, gives_the_exception_of_its_cleanup_to_who_closes_it) {
    auto failing = []() -> async_generator<int> {
        try {
            co_yield 1;
        } catch (const generator_exit&) {
            throw std::runtime_error("broken");
        }
    };
    auto values = failing();
    (void)co_await values.next();
    EXPECT_TRUE((co_await as_result(values.aclose())).holds<std::runtime_error>());
    EXPECT_FALSE(values.valid());
}

CO_TEST(async_generator, that_yields_while_it_is_closed_is_an_error) {
    auto stubborn = []() -> async_generator<int> {
        for (;;) {
            try {
                co_yield 1;
            } catch (...) { // that is the mistake
            }
        }
    };
    auto values = stubborn();
    (void)co_await values.next();
    EXPECT_TRUE((co_await as_result(values.aclose())).holds<invalid_state_error>());
    EXPECT_FALSE(values.valid());
}

CO_TEST(async_generator, is_closed_with_the_generators_it_holds_only_if_it_closes_them) {
    event_log log;
    auto closing = [](event_log& log) -> async_generator<int> {
        auto inner = with_cleanup(log);
        std::exception_ptr error;
        try {
            while (auto each = co_await inner.next()) {
                co_yield *each;
            }
        } catch (...) {
            error = std::current_exception();
        }
        co_await inner.aclose();
        std::rethrow_exception(error);
    };
    auto forgetting = [](event_log& log) -> async_generator<int> {
        auto inner = with_cleanup(log);
        while (auto each = co_await inner.next()) {
            co_yield *each;
        }
    };
    auto first = closing(log);
    (void)co_await first.next();
    co_await first.aclose();
    EXPECT_EQ(log.text(), "cleaning clean");
    auto second = forgetting(log);
    (void)co_await second.next();
    co_await second.aclose();
    EXPECT_EQ(log.text(), "cleaning clean");
}

// -- consumers --

CO_TEST_ON_1(async_generator, refuses_a_second_consumer_while_it_runs) {
    auto values = count(1);
    auto consume = [](async_generator<int>& from) -> coro<std::optional<int>> {
        co_return co_await from.next();
    };
    auto close = [](async_generator<int>& what) -> coro<> { co_await what.aclose(); };
    auto [first, second, third] =
        co_await gather(consume(values), as_result(consume(values)), as_result(close(values)));
    EXPECT_EQ(first, 1);
    EXPECT_TRUE(second.holds<invalid_state_error>());
    EXPECT_TRUE(third.holds<invalid_state_error>());
    EXPECT_EQ(co_await values.next(), std::nullopt);
}

CO_TEST(async_generator, goes_on_in_another_task) {
    auto values = count(4);
    EXPECT_EQ(co_await values.next(), 1);
    auto consume = [](async_generator<int>& from) -> coro<std::optional<int>> {
        co_return co_await from.next();
    };
    EXPECT_EQ(co_await create_task(consume, std::ref(values)), 2);
    EXPECT_EQ(co_await create_task(all_of(std::move(values))), (std::vector{3, 4}));
}

CO_TEST(async_generator, may_be_left_unfinished_in_a_task_that_ends) {
    const auto owner = std::make_shared<int>(1);
    auto consume = [](std::shared_ptr<int> held) -> coro<int> {
        auto holding = [](std::shared_ptr<int> held) -> async_generator<int> {
            co_yield 1;
            co_yield *held;
        };
        auto values = holding(std::move(held));
        co_return *co_await values.next();
    };
    EXPECT_EQ(co_await create_task(consume(owner)), 1);
    EXPECT_EQ(owner.use_count(), 1);
}

// -- cancel --

CO_TEST(async_generator, hears_of_a_cancel_where_it_waits) {
    event_log log;
    auto waiting = [](event_log& log) -> async_generator<int> {
        co_yield 1;
        try {
            co_await sleep(1h);
        } catch (const cancelled_error&) {
            log.add("cancelled");
            throw;
        }
        co_yield 2;
    };
    auto consume = [](async_generator<int> from) -> coro<int> {
        int last = 0;
        while (auto each = co_await from.next()) {
            last = *each;
        }
        co_return last;
    };
    auto task = create_task(consume(waiting(log)));
    co_await sleep(1ms);
    EXPECT_TRUE(task.cancel());
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "cancelled");
}

CO_TEST(async_generator, may_go_on_after_a_cancel_that_it_has_caught) {
    auto stubborn = []() -> async_generator<int> {
        try {
            co_await sleep(1h);
        } catch (const cancelled_error&) { // and goes on
        }
        co_await sleep(1ms);
        co_yield 1;
    };
    auto task = create_task(all_of(stubborn()));
    co_await sleep(1ms);
    (void)task.cancel();
    EXPECT_EQ(co_await task, (std::vector{1}));
}

CO_TEST(async_generator, ends_when_the_wait_for_its_value_times_out) {
    auto slow = []() -> async_generator<int> {
        co_yield 1;
        co_await sleep(1h);
        co_yield 2;
    };
    auto values = slow();
    EXPECT_EQ(co_await wait_for(values.next(), 1s), 1);
    EXPECT_TRUE((co_await as_result(wait_for(values.next(), 1s))).holds<timeout_error>());
    EXPECT_EQ(co_await values.next(), std::nullopt);
}

CO_TEST(async_generator, that_is_cancelled_while_it_is_closed_gives_the_cancel_to_who_closes_it) {
    event_log log;
    auto values = with_cleanup(log);
    (void)co_await values.next();
    auto close = [](async_generator<int>& what) -> coro<> { co_await what.aclose(); };
    auto task = create_task(close(values));
    co_await sleep(1ms);
    (void)task.cancel();
    EXPECT_TRUE((co_await as_result(task)).cancelled());
    EXPECT_EQ(log.text(), "cleaning");
    EXPECT_FALSE(values.valid());
}

// -- the await chain --

// Where each coroutine of its await chain stands.
class chain_op {
public:
    explicit chain_op(std::vector<std::source_location>& sites) : sites_(sites) {}
    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise) const {
        for (const promise_base* at = &promise; at != nullptr; at = at->awaiter()) {
            sites_.push_back(at->site());
        }
        return false;
    }
    static void await_resume() noexcept {}

private:
    std::vector<std::source_location>& sites_;
};

CO_TEST(async_generator, is_part_of_the_await_chain_while_it_runs) {
    constexpr unsigned inner = __LINE__ + 2;
    auto asking = [](std::vector<std::source_location>& sites) -> async_generator<int> {
        co_await chain_op(sites);
        co_yield 1;
    };
    std::vector<std::source_location> sites;
    auto values = asking(sites);
    constexpr unsigned outer = __LINE__ + 1;
    (void)co_await values.next();
    sites.resize(2);
    EXPECT_EQ(sites[0].line(), inner);
    EXPECT_EQ(sites[1].line(), outer);
}

} // namespace
} // namespace eddy
