// masked_test.cpp — a region that no cancel reaches.
//
// Covers:    results, when a cancel is delivered, limits inside and outside, regions in gathers and
//            in each other.
// Not here:  a cancel at each suspension -> tests/stress/scopes_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give_after(clock::duration delay, int value) {
    co_await sleep(delay);
    co_return value;
}
coro<> note_after(clock::duration delay, event_log& log, std::string word) {
    co_await sleep(delay);
    log.add(word);
}

CO_TEST(masked, it_gives_what_its_body_gives) {
    EXPECT_EQ(co_await masked(give_after(1s, 5)), 5);
    EXPECT_EQ(co_await masked([] { return give_after(1s, 6); }), 6);
    auto unique = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
    EXPECT_EQ(*co_await masked(unique), 7);
    int number = 8;
    auto refer = [&number]() -> coro<int&> { co_return number; };
    EXPECT_EQ(&co_await masked(refer), &number);
    EXPECT_EQ(co_await masked(create_task(give_after(1s, 9))), 9);
    co_await masked(sleep(1s));
}

CO_TEST(masked, it_throws_what_its_body_throws) {
    auto fail = []() -> coro<> {
        co_await sleep(1s);
        throw std::out_of_range("far");
    };
    EXPECT_TRUE((co_await as_result(masked(fail))).holds<std::out_of_range>());
    auto fail_at_once = []() -> coro<> {
        throw std::out_of_range("far");
        co_return;
    };
    EXPECT_TRUE((co_await as_result(masked(fail_at_once()))).holds<std::out_of_range>());
}

CO_TEST(masked, an_empty_coro_is_refused) {
    coro<int> body = give_after(0s, 5);
    coro<int> taken = std::move(body);
    EXPECT_THROW((void)masked(std::move(body)), std::invalid_argument);
    EXPECT_EQ(co_await std::move(taken), 5);
}

CO_TEST(masked, a_cancel_waits_for_its_end_and_is_thrown_there) {
    event_log log;
    auto body = [](event_log& log) -> coro<> {
        const auto ended = co_await as_result(masked(note_after(3s, log, "cleaned")));
        log.add(ended.cancelled() ? "cancelled" : "missed");
    };
    auto t = create_task(body(log));
    const auto start = now();
    co_await sleep(1s);
    EXPECT_TRUE(t.cancel());
    EXPECT_TRUE(t.cancel());
    co_await t;
    EXPECT_EQ(now() - start, 3s);
    EXPECT_EQ(log.text(), "cleaned cancelled");
    EXPECT_EQ(t.cancelling(), 2U);
}

CO_TEST(masked, a_value_is_not_lost_to_a_cancel_which_the_next_await_throws) {
    event_log log;
    auto body = [](event_log& log) -> coro<> {
        log.add(std::to_string(co_await masked(give_after(3s, 5))));
        log.add((co_await as_result(sleep(1s))).cancelled() ? "cancelled" : "missed");
        co_await sleep(1s);
    };
    auto t = create_task(body(log));
    co_await sleep(1s);
    t.cancel();
    co_await t;
    EXPECT_EQ(log.text(), "5 cancelled");
}

CO_TEST(masked, an_exception_is_not_lost_to_a_cancel_which_the_next_await_throws) {
    auto fail = []() -> coro<> {
        co_await sleep(3s);
        throw std::out_of_range("far");
    };
    auto body = [fail]() -> coro<bool> {
        EXPECT_TRUE((co_await as_result(masked(fail))).holds<std::out_of_range>());
        co_return (co_await as_result(sleep(1s))).cancelled();
    };
    auto t = create_task(body);
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE(co_await t);
}

CO_TEST(masked, a_cancel_that_is_pending_before_it_begins_waits_too) {
    event_log log;
    auto body = [](event_log& log) -> coro<> {
        current_task().cancel();
        const auto ended = co_await as_result(masked(note_after(3s, log, "cleaned")));
        log.add(ended.cancelled() ? "cancelled" : "missed");
    };
    co_await create_task(body(log));
    EXPECT_EQ(log.text(), "cleaned cancelled");
}

CO_TEST(masked, a_body_that_never_suspends_ends_with_the_pending_cancel) {
    auto body = []() -> coro<> {
        current_task().cancel();
        auto nothing = []() -> coro<> { co_return; };
        EXPECT_TRUE((co_await as_result(masked(nothing))).cancelled());
    };
    co_await create_task(body());
}

CO_TEST(masked, a_limit_outside_waits_for_its_end) {
    event_log log;
    const auto start = now();
    auto limited = wait_for(masked(note_after(3s, log, "cleaned")), 1s);
    EXPECT_TRUE((co_await as_result(std::move(limited))).holds<timeout_error>());
    EXPECT_EQ(log.text(), "cleaned");
    EXPECT_EQ(now() - start, 3s);
    EXPECT_EQ(current_task().cancelling(), 0U);
    co_await sleep(1s);
}

CO_TEST(masked, a_limit_inside_works) {
    const auto start = now();
    auto body = []() -> coro<bool> {
        co_return (co_await as_result(wait_for(sleep(1h), 1s))).holds<timeout_error>();
    };
    EXPECT_TRUE(co_await masked(body));
    EXPECT_EQ(now() - start, 1s);
}

CO_TEST(masked, a_cancel_that_was_caught_does_not_come_again) {
    event_log log;
    auto body = [](event_log& log) -> coro<> {
        const auto result = co_await as_result(sleep(1h));
        co_await masked(note_after(1s, log, "cleaned"));
        std::rethrow_exception(result.error());
    };
    auto t = create_task(body(log));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "cleaned");
}

CO_TEST(masked, in_one_child_of_a_gather_it_protects_that_child_only) {
    event_log log;
    auto plain = [](event_log& log) -> coro<> {
        const auto result = co_await as_result(sleep(1h));
        log.add(result.cancelled() ? "plain-cancelled" : "plain");
    };
    auto both = [plain](event_log& log) -> coro<> {
        co_await gather(masked(note_after(3s, log, "masked")), plain(log));
    };
    auto t = create_task(both, std::ref(log));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "plain-cancelled masked");
}

CO_TEST(masked, around_a_gather_it_protects_all_children) {
    event_log log;
    auto both = [](event_log& log) -> coro<> {
        co_await gather(note_after(2s, log, "a"), note_after(3s, log, "b"));
    };
    auto t = create_task([both](event_log& log) -> coro<> { co_await masked(both(log)); },
                         std::ref(log));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "a b");
}

CO_TEST(masked, regions_nest) {
    event_log log;
    auto inner = [](event_log& log) -> coro<> {
        co_await masked(note_after(2s, log, "inner"));
        co_await note_after(2s, log, "outer");
    };
    auto t = create_task([inner](event_log& log) -> coro<> { co_await masked(inner(log)); },
                         std::ref(log));
    co_await sleep(1s);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(log.text(), "inner outer");
}

CO_TEST(masked, of_a_task_leaves_the_task_alone_and_gives_its_result) {
    auto inner = create_task(give_after(3s, 5));
    auto t =
        create_task([](task<int> inner) -> coro<int> { co_return co_await masked(inner); }, inner);
    co_await sleep(1s);
    t.cancel();
    EXPECT_EQ(co_await t, 5); // no await has met the cancel
    EXPECT_EQ(co_await inner, 5);
}

} // namespace
} // namespace eddy
