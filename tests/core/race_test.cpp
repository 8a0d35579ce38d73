// race_test.cpp — the first to finish wins.
//
// Covers:    who wins and what it gives, what becomes of the others, exceptions, cancels.
// Not here:  a cancel at each suspension -> tests/stress/scopes_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give_after(clock::duration delay, int value) {
    co_await sleep(delay);
    co_return value;
}
coro<std::string> say_after(clock::duration delay, std::string word) {
    co_await sleep(delay);
    co_return word;
}
coro<> fail_after(clock::duration delay) {
    co_await sleep(delay);
    throw std::out_of_range("far");
}
// Sleeps; when cancelled cleans up for `cleanup`.
coro<> slow_to_end(clock::duration cleanup, event_log& log, std::string word) {
    const auto result = co_await as_result(sleep(1h));
    co_await sleep(cleanup);
    log.add(word);
    std::rethrow_exception(result.error());
}

CO_TEST(race, the_first_one_wins_and_the_index_says_who_it_was) {
    const auto start = now();
    const auto first = co_await race(give_after(3s, 5), say_after(1s, "hello"), sleep(2s));
    EXPECT_EQ(first.index(), 1U);
    EXPECT_EQ(std::get<1>(first), "hello");
    EXPECT_EQ(now() - start, 1s);
}

CO_TEST(race, of_equal_types_is_told_apart_by_the_index) {
    const auto first = co_await race(give_after(2s, 1), give_after(1s, 2));
    EXPECT_EQ(first.index(), 1U);
    EXPECT_EQ(std::get<1>(first), 2);
}

CO_TEST(race, of_those_that_give_nothing_gives_the_index) {
    EXPECT_EQ(co_await race(sleep(2s), sleep(1s), sleep(3s)), 1U);
    EXPECT_EQ(co_await race(sleep(1s)), 0U);
}

CO_TEST(race, of_a_range) {
    std::vector<coro<int>> bodies;
    std::vector<coro<>> silent;
    for (int i = 5; i != 0; --i) {
        bodies.push_back(give_after(std::chrono::seconds(i), i));
        silent.push_back([](int i) -> coro<> { co_await sleep(std::chrono::seconds(i)); }(i));
    }
    const auto first = co_await race(std::move(bodies));
    EXPECT_EQ(first.index, 4U);
    EXPECT_EQ(first.value, 1);
    EXPECT_EQ(co_await race(std::move(silent)), 4U);
}

CO_TEST(race, of_nobody_is_refused) {
    EXPECT_THROW((void)race(std::vector<coro<>>()), std::invalid_argument);
    co_return;
}

CO_TEST(race, of_references_and_of_what_can_only_be_moved) {
    int number = 5;
    auto refer = [&number]() -> coro<int&> { co_return number; };
    EXPECT_EQ(&std::get<0>(co_await race(refer(), sleep(1s))).get(), &number);
    auto unique = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
    EXPECT_EQ(*std::get<1>(co_await race(sleep(1s), unique())), 7);
}

CO_TEST(race, the_losers_are_cancelled_and_awaited) {
    event_log log;
    const auto start = now();
    EXPECT_EQ(co_await race(slow_to_end(3s, log, "a"), sleep(1s), slow_to_end(2s, log, "b")), 1U);
    EXPECT_EQ(log.text(), "b a");
    EXPECT_EQ(now() - start, 4s);
}

CO_TEST_ON_1(race, who_has_not_begun_when_it_is_won_never_does) {
    bool began = false;
    auto late = [&began]() -> coro<> {
        began = true;
        co_return;
    };
    auto at_once = []() -> coro<int> { co_return 5; };
    EXPECT_EQ((co_await race(at_once(), late())).index(), 0U);
    EXPECT_FALSE(began);
}

CO_TEST(race, an_exception_that_comes_first_wins) {
    event_log log;
    auto lost = race(fail_after(1s), slow_to_end(1s, log, "cleaned"), give_after(2s, 5));
    EXPECT_TRUE((co_await as_result(std::move(lost))).holds<std::out_of_range>());
    EXPECT_EQ(log.text(), "cleaned");
}

CO_TEST(race, an_exception_of_a_loser_is_dropped) {
    auto spoiled = []() -> coro<> {
        (void)co_await as_result(sleep(1h));
        throw std::out_of_range("far");
    };
    EXPECT_EQ((co_await race(spoiled(), give_after(1s, 5))).index(), 1U);
    EXPECT_EQ((co_await race(fail_after(2s), give_after(1s, 5))).index(), 1U);
}

CO_TEST(race, a_contender_that_ends_as_cancelled_has_finished) {
    auto sleeper = create_task(give_after(1h, 5));
    (void)get_running_loop().call_later(1s, [sleeper] { sleeper.cancel(); });
    EXPECT_TRUE((co_await as_result(race(sleeper, sleep(1h)))).cancelled());
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s); // nothing is pending
}

CO_TEST(race, of_tasks_cancels_the_losing_task_and_leaves_the_result_in_the_winner) {
    auto fast = create_task(say_after(1s, "a word that does not fit into its object"));
    auto slow = create_task(give_after(1h, 5));
    const auto first = co_await race(slow, fast);
    EXPECT_EQ(std::get<1>(first), fast.result());
    EXPECT_EQ(fast.result().size(), 40U);
    EXPECT_TRUE(slow.cancelled());
}

CO_TEST(race, of_a_shielded_task_lets_it_go_on) {
    auto slow = create_task(give_after(3s, 5));
    EXPECT_EQ((co_await race(shield(slow), sleep(1s))).index(), 1U);
    EXPECT_EQ(co_await slow, 5);
}

CO_TEST(race, a_cancel_reaches_all_contenders) {
    event_log log;
    auto t = create_task(
        [](event_log& log) -> coro<> {
            (void)co_await race(slow_to_end(1s, log, "a"), slow_to_end(2s, log, "b"));
        },
        std::ref(log));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "a b");
}

CO_TEST(race, a_cancel_while_the_losers_end_leaves_the_value_and_is_thrown_by_the_next_await) {
    event_log log;
    auto t = create_task(
        [](event_log& log) -> coro<bool> {
            const auto first = co_await race(give_after(1s, 5), slow_to_end(3s, log, "cut short"));
            EXPECT_EQ(std::get<0>(first), 5);
            co_return (co_await as_result(sleep(1s))).cancelled();
        },
        std::ref(log));
    co_await sleep(2s);
    t.cancel();
    EXPECT_TRUE(co_await t);
    EXPECT_EQ(log.text(), ""); // its cleanup was cancelled too
    EXPECT_EQ(t.cancelling(), 1U);
}

CO_TEST(race, one_that_never_starts_is_dropped_without_a_report_of_its_contenders) {
    auto t = create_task([]() -> coro<> {
        auto endless = []() -> coro<> { co_await sleep(1h); };
        co_await gather(sleep(1h), race(endless(), endless()));
    });
    co_await yield();
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

CO_TEST(race, a_limit_of_its_own_for_a_step_of_the_work) {
    const auto start = now();
    for (int i = 0; i != 50; ++i) {
        const auto step = co_await race(give_after(i % 2 == 0 ? 1ms : 1h, i), sleep(2ms));
        EXPECT_EQ(step.index(), i % 2);
    }
    EXPECT_EQ(now() - start, 75ms);
}

} // namespace
} // namespace eddy
