// future_test.cpp — a result that is set by hand.
//
// Covers:    promise and future: states, many waiters, other threads, broken promises, cancel, what
//            is awaited how; its done callbacks.
// Not here:  gather of futures -> gather_test.cpp; done callbacks and the end of their loop ->
//            done_callback_test.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> get(future<int> from) {
    co_return co_await from;
}

TEST(future, it_is_done_when_the_promise_is_set) {
    promise<int> source;
    const future<int> result = source.get_future();
    EXPECT_TRUE(result.valid());
    EXPECT_FALSE(result.done());
    EXPECT_FALSE(source.done());
    source.set_value(5);
    EXPECT_TRUE(result.done());
    EXPECT_TRUE(source.done());
    EXPECT_EQ(result.result(), 5);
    EXPECT_EQ(result.exception(), nullptr);
    EXPECT_FALSE(future<int>().valid());
}

TEST(future, a_result_read_too_early_is_an_invalid_state) {
    promise<int> source;
    const future<int> result = source.get_future();
    try {
        (void)result.result();
        ADD_FAILURE() << "no exception";
    } catch (const invalid_state_error& error) {
        EXPECT_STREQ(error.what(), "result is not set");
    }
    EXPECT_THROW((void)result.exception(), invalid_state_error);
    source.set_value(0);
}

TEST(future, the_first_of_several_sets_counts_and_the_others_throw) {
    promise<int> source;
    source.set_value(1);
    EXPECT_THROW(source.set_value(2), invalid_state_error);
    EXPECT_THROW(source.set_exception(std::make_exception_ptr(std::runtime_error("late"))),
                 invalid_state_error);
    EXPECT_FALSE(source.try_set_value(3));
    EXPECT_EQ(source.get_future().result(), 1);
}

TEST(future, an_exception_is_thrown_by_result) {
    promise<int> source;
    source.set_exception(std::make_exception_ptr(std::runtime_error("bad")));
    const future<int> result = source.get_future();
    EXPECT_THROW((void)result.result(), std::runtime_error);
    EXPECT_EQ(describe(result.exception()), "bad");
    EXPECT_FALSE(result.cancelled());
}

TEST(future, a_promise_that_dies_unset_breaks_it) {
    future<> result;
    {
        promise<> source;
        result = source.get_future();
    }
    EXPECT_TRUE(result.done());
    EXPECT_THROW(result.result(), broken_promise_error);
}

TEST(future, a_promise_that_was_moved_from_breaks_nothing) {
    promise<int> last;
    future<int> result;
    {
        promise<int> source;
        result = source.get_future();
        last = std::move(source);
    }
    EXPECT_FALSE(result.done());
    last.set_value(1);
    EXPECT_EQ(result.result(), 1);
}

TEST(future, it_can_be_cancelled_once) {
    promise<int> source;
    const future<int> result = source.get_future();
    EXPECT_TRUE(result.cancel());
    EXPECT_TRUE(result.cancelled());
    EXPECT_FALSE(result.cancel());
    EXPECT_THROW((void)result.result(), cancelled_error);
    EXPECT_THROW((void)result.exception(), cancelled_error);
    EXPECT_THROW(source.set_value(1), invalid_state_error);
}

CO_TEST(future, an_await_of_one_that_is_set_does_not_wait) {
    promise<int> source;
    source.set_value(5);
    EXPECT_EQ(co_await source.get_future(), 5);
}

CO_TEST(future, an_await_waits_until_it_is_set) {
    promise<int> source;
    auto t = create_task(get(source.get_future()));
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    source.set_value(5);
    EXPECT_EQ(co_await t, 5);
}

CO_TEST_ON_1(future, its_waiters_go_on_in_the_order_in_which_they_came) {
    event_log log;
    promise<> source;
    auto wait_and_note = [](future<> from, event_log& log, std::string name) -> coro<> {
        co_await from;
        log.add(name);
    };
    for (const char* name : {"a", "b", "c"}) {
        create_task(wait_and_note(source.get_future(), log, name));
    }
    co_await yield();
    source.set_value();
    co_await yield();
    EXPECT_EQ(log.text(), "a b c");
}

CO_TEST(future, many_may_wait_for_it) {
    promise<int> source;
    std::vector<task<int>> waiters;
    for (int i = 0; i != 20; ++i) {
        waiters.push_back(create_task(get(source.get_future())));
    }
    co_await sleep(1ms);
    source.set_value(2);
    int sum = 0;
    for (const int each : co_await gather(waiters)) {
        sum += each;
    }
    EXPECT_EQ(sum, 40);
}

CO_TEST(future, an_exception_comes_out_of_every_await) {
    promise<int> source;
    auto a = create_task(get(source.get_future()));
    auto b = create_task(get(source.get_future()));
    co_await sleep(1ms);
    source.set_exception(std::make_exception_ptr(std::runtime_error("bad")));
    EXPECT_TRUE((co_await as_result(a)).holds<std::runtime_error>());
    EXPECT_TRUE((co_await as_result(b)).holds<std::runtime_error>());
}

CO_TEST(future, a_broken_promise_wakes_the_waiter) {
    task<int> t;
    {
        promise<int> source;
        t = create_task(get(source.get_future()));
        co_await sleep(1ms);
    }
    EXPECT_TRUE((co_await as_result(t)).holds<broken_promise_error>());
}

CO_TEST(future, a_cancel_of_the_waiter_leaves_it_to_the_others) {
    promise<int> source;
    auto victim = create_task(get(source.get_future()));
    auto other = create_task(get(source.get_future()));
    co_await sleep(1ms);
    victim.cancel();
    EXPECT_TRUE((co_await as_result(victim)).cancelled());
    EXPECT_FALSE(source.get_future().done());
    source.set_value(5);
    EXPECT_EQ(co_await other, 5);
}

CO_TEST(future, a_cancel_of_it_is_a_cancelled_error_in_the_waiter) {
    promise<int> source;
    auto t = create_task(get(source.get_future()));
    co_await sleep(1ms);
    source.get_future().cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(t.cancelling(), 0U);
}

CO_TEST(future, results_may_be_references_move_only_and_void) {
    int target = 0;
    promise<int&> reference;
    reference.set_value(target);
    EXPECT_EQ(&co_await reference.get_future(), &target);

    promise<std::unique_ptr<int>> owner;
    owner.set_value(std::make_unique<int>(3));
    const std::unique_ptr<int> taken = co_await owner.get_future();
    EXPECT_EQ(*taken, 3);

    promise<> nothing;
    nothing.set_value();
    co_await nothing.get_future();
}

CO_TEST(future, an_lvalue_is_awaited_without_a_copy_and_an_rvalue_gives_a_copy) {
    promise<std::string> source;
    source.set_value("a text");
    const future<std::string> result = source.get_future();
    EXPECT_EQ(&co_await result, &result.result());
    auto moved = result;
    EXPECT_EQ(co_await std::move(moved), "a text");
    EXPECT_EQ(result.result(), "a text");
}

// -- done callbacks --

CO_TEST(future, a_done_callback_is_called_by_the_loop_with_the_future) {
    promise<int> source;
    promise<int> called;
    source.get_future().add_done_callback([&](const future<int>& done) {
        EXPECT_NE(try_get_running_loop(), nullptr);
        called.set_value(done.result());
    });
    co_await sleep(1ms);
    EXPECT_FALSE(called.done());
    source.set_value(5);
    EXPECT_EQ(co_await called.get_future(), 5);
}

CO_TEST(future, done_callbacks_are_called_in_the_order_in_which_they_were_added) {
    event_log log;
    promise<> source;
    const future<> result = source.get_future();
    for (const char* word : {"a", "b", "c"}) {
        result.add_done_callback([&log, word](const future<>&) { log.add(word); });
    }
    source.set_value();
    co_await sleep(1ms);
    EXPECT_EQ(log.text(), "a b c");
}

CO_TEST_ON_1(future, a_done_callback_of_one_that_is_done_is_queued_and_not_called_at_once) {
    event_log log;
    promise<> source;
    source.set_value();
    source.get_future().add_done_callback([&](const future<>&) { log.add("called"); });
    EXPECT_EQ(log.text(), "");
    co_await yield();
    EXPECT_EQ(log.text(), "called");
}

CO_TEST(future, a_done_callback_learns_of_an_exception_a_cancel_and_a_broken_promise) {
    event_log log;
    auto note = [&log](const char* word) {
        return [&log, word](const future<>& done) {
            log.add(std::string(word) + (done.cancelled() ? "-cancelled" : "-failed"));
        };
    };
    promise<> failing;
    failing.get_future().add_done_callback(note("a"));
    failing.set_exception(std::make_exception_ptr(std::runtime_error("bad")));
    co_await sleep(1ms);
    promise<> given_up;
    given_up.get_future().add_done_callback(note("b"));
    given_up.get_future().cancel();
    co_await sleep(1ms);
    std::make_unique<promise<>>()->get_future().add_done_callback(note("c"));
    co_await sleep(1ms);
    EXPECT_EQ(log.text(), "a-failed b-cancelled c-failed");
}

CO_TEST(future, a_done_callback_that_throws_is_reported_and_the_others_are_called) {
    report_log reports;
    event_log log;
    promise<> source;
    const future<> result = source.get_future();
    result.add_done_callback([](const future<>&) { throw std::runtime_error("bad callback"); });
    result.add_done_callback([&](const future<>&) { log.add("second"); });
    source.set_value();
    co_await sleep(1ms);
    EXPECT_EQ(log.text(), "second");
    EXPECT_EQ(reports.only().kind, report_kind::callback_failed);
    EXPECT_EQ(reports.only().message, "a done callback of a future threw: bad callback");
}

CO_TEST(future, a_done_callback_that_was_removed_is_not_called_and_the_others_are) {
    event_log log;
    promise<> source;
    const future<> result = source.get_future();
    auto alive = std::make_shared<int>();
    result.add_done_callback([&](const future<>&) { log.add("a"); });
    auto added = result.add_done_callback([&, alive](const future<>&) { log.add("b"); });
    result.add_done_callback([&](const future<>&) { log.add("c"); });
    EXPECT_TRUE(result.remove_done_callback(std::move(added)));
    EXPECT_EQ(alive.use_count(), 1);
    // NOLINTNEXTLINE(bugprone-use-after-move): that is the case
    EXPECT_FALSE(result.remove_done_callback(std::move(added)));
    source.set_value();
    co_await sleep(1ms);
    EXPECT_EQ(log.text(), "a c");
}

CO_TEST(future, a_done_callback_is_not_removed_from_another_one_or_one_that_is_done) {
    event_log log;
    promise<> source;
    promise<> other;
    const future<> result = source.get_future();
    auto added = result.add_done_callback([&](const future<>&) { log.add("called"); });
    EXPECT_FALSE(result.remove_done_callback({}));
    EXPECT_FALSE(other.get_future().remove_done_callback(
        result.add_done_callback([&](const future<>&) { log.add("called"); })));
    source.set_value();
    EXPECT_FALSE(result.remove_done_callback(std::move(added)));
    co_await sleep(1ms);
    EXPECT_EQ(log.text(), "called called");
    other.set_value();
}

// -- misuse --

TEST(future, a_handle_that_refers_to_nothing_is_an_error_and_no_crash) {
    const future<int> none;
    EXPECT_THROW((void)none.result(), invalid_state_error);
    EXPECT_THROW((void)none.exception(), invalid_state_error);
    EXPECT_THROW((void)none.cancel(), invalid_state_error);
    EXPECT_THROW(none.add_done_callback([](const future<int>&) {}), invalid_state_error);
    EXPECT_THROW(none.remove_done_callback({}), invalid_state_error);
}

TEST(future, a_done_callback_needs_a_loop_that_calls_it) {
    promise<> source;
    EXPECT_THROW(source.get_future().add_done_callback([](const future<>&) {}), no_running_loop);
    source.set_value();
    EXPECT_THROW(source.get_future().add_done_callback([](const future<>&) {}), no_running_loop);
}

TEST(future, a_promise_that_was_moved_from_is_an_error_and_no_crash) {
    promise<int> source;
    const promise<int> target = std::move(source);
    // NOLINTBEGIN(bugprone-use-after-move): that is the case
    EXPECT_THROW((void)source.get_future(), invalid_state_error);
    EXPECT_THROW(source.set_value(1), invalid_state_error);
    EXPECT_THROW((void)source.try_set_value(1), invalid_state_error);
    EXPECT_THROW(source.set_exception(std::make_exception_ptr(1)), invalid_state_error);
    // NOLINTEND(bugprone-use-after-move)
}

CO_TEST(future, an_await_of_a_handle_that_refers_to_nothing_is_an_error_and_no_crash) {
    EXPECT_THROW(co_await future<int>(), invalid_state_error);
    const future<int> none;
    EXPECT_THROW(co_await none, invalid_state_error);
    EXPECT_THROW(co_await wait_for(none, 1s), invalid_state_error);
    EXPECT_THROW((void)co_await as_result(none), invalid_state_error);
}

TEST(future, a_null_exception_is_refused) {
    promise<int> source;
    promise<> other;
    EXPECT_THROW(source.set_exception(nullptr), std::invalid_argument);
    EXPECT_THROW(other.set_exception(nullptr), std::invalid_argument);
    EXPECT_FALSE(source.try_set_exception(nullptr));
    EXPECT_FALSE(other.try_set_exception(nullptr));
    source.set_value(1);
    other.set_value();
    EXPECT_EQ(source.get_future().result(), 1);
}

// -- from other threads --

CO_TEST(future, it_may_be_set_by_a_thread_that_runs_no_loop) {
    promise<int> source;
    auto t = create_task(get(source.get_future()));
    while (t.stage() != task_state::suspended) {
        co_await yield();
    }
    std::thread setter([&] { source.set_value(5); });
    EXPECT_EQ(co_await t, 5);
    setter.join();
}

TEST(future, it_works_between_two_runtimes) {
    promise<int> question;
    promise<int> answer;
    std::thread other([&] {
        run_virtual(2, [&]() -> coro<> { answer.set_value(2 * co_await question.get_future()); });
    });
    const int got = run_virtual(2, [&]() -> coro<int> {
        question.set_value(21);
        co_return co_await answer.get_future();
    });
    other.join();
    EXPECT_EQ(got, 42);
}

} // namespace
} // namespace eddy
