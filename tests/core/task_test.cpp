// task_test.cpp — a coroutine that runs by itself, and its handles.
//
// Covers:    handles, results, names, states, done callbacks, what is reported.
// Not here:  cancelling -> task_cancel_test.cpp; order and options -> sched/create_task_test.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give_after(std::chrono::milliseconds delay, int value) {
    co_await sleep(delay);
    co_return value;
}
coro<> fail_after(std::chrono::milliseconds delay) {
    co_await sleep(delay);
    throw std::runtime_error("broken");
}

CO_TEST(task, an_await_waits_and_gives_the_result) {
    const auto start = now();
    auto t = create_task(give_after(10ms, 7));
    EXPECT_FALSE(t.done());
    EXPECT_EQ(co_await t, 7);
    EXPECT_EQ(now() - start, 10ms);
    EXPECT_TRUE(t.done());
}

CO_TEST(task, a_late_await_sees_the_stored_result_again_and_again) {
    auto t = create_task(give_after(1ms, 7));
    co_await sleep(1s);
    EXPECT_TRUE(t.done());
    EXPECT_EQ(co_await t, 7);
    EXPECT_EQ(co_await t, 7);
    EXPECT_EQ(t.result(), 7);
}

CO_TEST(task, many_may_await_the_same_one) {
    auto t = create_task(give_after(5ms, 7));
    auto waiter = [](task<int> t) -> coro<int> { co_return co_await t; };
    const auto [a, b, c] = co_await gather(waiter(t), waiter(t), waiter(t));
    EXPECT_EQ(a + b + c, 21);
}

CO_TEST(task, a_result_read_too_early_is_an_invalid_state) {
    auto t = create_task(give_after(5ms, 7));
    for (int i = 0; i != 2; ++i) {
        try {
            (void)(i == 0 ? void(t.result()) : void(t.exception()));
            ADD_FAILURE() << "no exception";
        } catch (const invalid_state_error& error) {
            EXPECT_STREQ(error.what(), "result is not set");
        }
    }
    EXPECT_EQ(co_await t, 7);
}

CO_TEST(task, an_exception_comes_out_of_every_await_and_of_result) {
    auto t = create_task(fail_after(1ms));
    EXPECT_TRUE((co_await as_result(t)).holds<std::runtime_error>());
    EXPECT_TRUE((co_await as_result(t)).holds<std::runtime_error>());
    EXPECT_THROW(t.result(), std::runtime_error);
    EXPECT_EQ(describe(t.exception()), "broken");
    EXPECT_FALSE(t.cancelled());
}

CO_TEST(task, exception_is_null_after_a_normal_end) {
    auto t = create_task(give_after(1ms, 1));
    co_await t;
    EXPECT_EQ(t.exception(), nullptr);
}

CO_TEST(task, an_await_of_an_rvalue_moves_the_result_out) {
    auto make = []() -> coro<std::unique_ptr<int>> {
        co_await yield();
        co_return std::make_unique<int>(4);
    };
    const std::unique_ptr<int> got = co_await create_task(make());
    EXPECT_EQ(*got, 4);
}

CO_TEST(task, a_result_may_be_a_reference) {
    int target = 0;
    auto refer = [](int& to) -> coro<int&> { co_return to; };
    auto t = create_task(refer(target));
    EXPECT_EQ(&co_await t, &target);
    EXPECT_EQ(&t.result(), &target);
}

CO_TEST(task, it_runs_on_when_its_handle_is_dropped) {
    bool ended = false;
    auto work = [](bool& ended) -> coro<> {
        co_await sleep(5ms);
        ended = true;
    };
    create_task(work(ended));
    co_await sleep(10ms);
    EXPECT_TRUE(ended);
}

CO_TEST(task, copies_of_a_handle_are_the_same_task) {
    auto t = create_task(give_after(1ms, 1));
    const any_task any = t;
    EXPECT_TRUE(any == t);
    EXPECT_FALSE(any == any_task(current_task()));
    co_await t;
    EXPECT_TRUE(any.done());
}

CO_TEST(task, awaiting_itself_is_an_invalid_state) {
    task<> self;
    auto body = [](task<>& self) -> coro<> { co_await self; };
    self = create_task(body(self));
    const auto result = co_await as_result(self);
    EXPECT_TRUE(result.holds<invalid_state_error>());
    EXPECT_EQ(describe(result.error()), "a task cannot await itself");
}

// -- names and sites --

CO_TEST(task, a_name_is_the_given_one_or_a_number) {
    auto named = create_task(give_after(1ms, 1), {.name = "five"});
    auto numbered = create_task(give_after(1ms, 1));
    EXPECT_EQ(named.name(), "five");
    EXPECT_EQ(numbered.name().rfind("Task-", 0), 0U) << numbered.name();
    co_await gather(named, numbered);
    EXPECT_EQ(named.name(), "five");
}

CO_TEST(task, it_knows_its_coroutine_and_where_it_was_created) {
    const unsigned line = __LINE__ + 1;
    auto t = create_task(give_after(1ms, 1));
    EXPECT_NE(std::string(t.coroutine_name()).find("give_after"), std::string::npos);
    EXPECT_EQ(t.creation_site().line(), line);
    EXPECT_NE(std::string(t.creation_site().file_name()).find("task_test.cpp"), std::string::npos);
    EXPECT_NE(to_string(t).find("give_after"), std::string::npos);
    EXPECT_NE(to_string(t).find("task_test.cpp:" + std::to_string(line)), std::string::npos);
    co_await t;
}

// -- states --

CO_TEST_ON_1(task, it_is_scheduled_then_running_then_suspended_then_done) {
    task_state inside{};
    auto body = [](task_state& inside) -> coro<> {
        inside = current_task().stage();
        co_await sleep(1ms);
    };
    auto t = create_task(body(inside));
    EXPECT_EQ(t.stage(), task_state::scheduled);
    co_await yield();
    EXPECT_EQ(inside, task_state::running);
    EXPECT_EQ(t.stage(), task_state::suspended);
    co_await t;
    EXPECT_EQ(t.stage(), task_state::done);
    EXPECT_NE(to_string(t).find("(done)"), std::string::npos);
}

CO_TEST_ON_1(task, one_that_has_been_woken_is_scheduled_again) {
    promise<> gate;
    auto body = [](future<> gate) -> coro<> { co_await gate; };
    auto t = create_task(body(gate.get_future()));
    co_await yield();
    EXPECT_EQ(t.stage(), task_state::suspended);
    gate.set_value();
    EXPECT_EQ(t.stage(), task_state::scheduled);
    co_await t;
}

// -- done callbacks --

CO_TEST(task, a_done_callback_is_called_by_the_loop_with_the_task) {
    event_log log;
    auto t = create_task(give_after(5ms, 1), {.name = "five"});
    promise<> called;
    t.add_done_callback([&](any_task done) {
        log.add(done.name());
        log.add(done.done() ? "done" : "not-done");
        called.set_value();
    });
    EXPECT_EQ(log.text(), "");
    co_await called.get_future();
    EXPECT_EQ(log.text(), "five done");
}

CO_TEST(task, done_callbacks_are_called_in_the_order_in_which_they_were_added) {
    event_log log;
    auto t = create_task(give_after(5ms, 1));
    for (const char* word : {"a", "b", "c"}) {
        t.add_done_callback([&log, word](const any_task&) { log.add(word); });
    }
    co_await sleep(10ms);
    EXPECT_EQ(log.text(), "a b c");
}

CO_TEST_ON_1(task, a_done_callback_of_a_task_that_is_done_is_queued_and_not_called_at_once) {
    event_log log;
    auto t = create_task(give_after(1ms, 1));
    co_await t;
    t.add_done_callback([&](const any_task&) { log.add("called"); });
    EXPECT_EQ(log.text(), "");
    co_await yield();
    EXPECT_EQ(log.text(), "called");
}

CO_TEST(task, a_done_callback_that_throws_is_reported_and_the_others_are_called) {
    report_log reports;
    event_log log;
    auto t = create_task(give_after(1ms, 1), {.name = "five"});
    t.add_done_callback([](const any_task&) { throw std::runtime_error("bad callback"); });
    t.add_done_callback([&](const any_task&) { log.add("second"); });
    co_await sleep(10ms);
    EXPECT_EQ(log.text(), "second");
    EXPECT_EQ(reports.only().kind, report_kind::callback_failed);
    EXPECT_EQ(reports.only().task_name, "five");
    EXPECT_NE(reports.only().message.find("bad callback"), std::string::npos);
}

CO_TEST(task, a_done_callback_that_was_removed_is_not_called_and_the_others_are) {
    event_log log;
    auto t = create_task(give_after(5ms, 1));
    auto alive = std::make_shared<int>();
    t.add_done_callback([&](const any_task&) { log.add("a"); });
    auto added = t.add_done_callback([&, alive](const any_task&) { log.add("b"); });
    t.add_done_callback([&](const any_task&) { log.add("c"); });
    EXPECT_TRUE(t.remove_done_callback(std::move(added)));
    EXPECT_EQ(alive.use_count(), 1);
    // NOLINTNEXTLINE(bugprone-use-after-move): that is the case
    EXPECT_FALSE(t.remove_done_callback(std::move(added)));
    co_await sleep(10ms);
    EXPECT_EQ(log.text(), "a c");
}

CO_TEST(task, a_done_callback_is_not_removed_from_another_task_or_one_that_is_done) {
    event_log log;
    auto t = create_task(give_after(5ms, 1));
    auto other = create_task(give_after(5ms, 2));
    EXPECT_FALSE(other.remove_done_callback(t.add_done_callback([](const any_task&) {})));
    EXPECT_FALSE(t.remove_done_callback({}));
    auto added = t.add_done_callback([&](const any_task&) { log.add("called"); });
    co_await t;
    auto late = t.add_done_callback([&](const any_task&) { log.add("called"); });
    EXPECT_FALSE(t.remove_done_callback(std::move(added)));
    EXPECT_FALSE(t.remove_done_callback(std::move(late)));
    co_await sleep(10ms);
    EXPECT_EQ(log.text(), "called called");
    co_await other;
}

// -- names --

CO_TEST(task, its_name_can_be_set) {
    auto numbered = create_task(give_after(5ms, 1));
    auto named = create_task(give_after(5ms, 2), {.name = "first"});
    const std::string number = numbered.name();
    numbered.set_name("one with a name that does not fit into a string");
    named.set_name("second");
    EXPECT_EQ(numbered.name(), "one with a name that does not fit into a string");
    EXPECT_EQ(named.name(), "second");
    EXPECT_TRUE(to_string(named).starts_with("second "));
    numbered.set_name("");
    EXPECT_EQ(numbered.name(), number);
    co_await numbered;
    co_await named;
    named.set_name("over");
    EXPECT_EQ(named.name(), "over");
}

CO_TEST(task, its_name_may_be_set_while_other_threads_read_it) {
    auto t = create_task(give_after(5ms, 1), {.name = "even"});
    std::thread other([&] {
        for (int i = 0; i != 1000; ++i) {
            t.set_name(i % 2 == 0 ? "odd" : "even");
        }
    });
    for (int i = 0; i != 1000; ++i) {
        const std::string seen = t.name();
        EXPECT_TRUE(seen == "odd" || seen == "even") << seen;
    }
    other.join();
    co_await t;
}

// -- what nobody reads --

CO_TEST(task, an_exception_that_nobody_reads_is_reported_when_the_last_handle_dies) {
    report_log log;
    const unsigned line = __LINE__ + 2;
    {
        auto t = create_task(fail_after(1ms), {.name = "unlucky"});
        co_await sleep(10ms);
        EXPECT_TRUE(t.done());
        EXPECT_EQ(log.size(), 0U);
    }
    const report only = log.only();
    EXPECT_EQ(only.kind, report_kind::never_retrieved);
    EXPECT_EQ(only.task_name, "unlucky");
    EXPECT_EQ(only.site.line(), line);
    EXPECT_NE(only.message.find("task exception was never retrieved"), std::string::npos);
    EXPECT_NE(only.message.find("broken"), std::string::npos) << only.message;
    EXPECT_NE(only.message.find("unlucky"), std::string::npos) << only.message;
    EXPECT_NE(only.message.find("task_test.cpp:" + std::to_string(line)), std::string::npos)
        << only.message;
    EXPECT_THROW(std::rethrow_exception(only.error), std::runtime_error);
}

CO_TEST(task, a_dropped_task_that_fails_is_reported) {
    report_log log;
    create_task(fail_after(1ms));
    co_await sleep(10ms);
    EXPECT_EQ(log.only().kind, report_kind::never_retrieved);
}

CO_TEST(task, an_exception_that_was_looked_at_is_not_reported) {
    report_log log;
    {
        auto awaited = create_task(fail_after(1ms));
        (void)co_await as_result(awaited);
        auto asked = create_task(fail_after(1ms));
        co_await sleep(10ms);
        (void)asked.exception();
    }
    EXPECT_EQ(log.size(), 0U);
}

CO_TEST(task, a_cancelled_task_is_not_reported) {
    report_log log;
    {
        auto t = create_task(fail_after(10ms));
        co_await sleep(1ms);
        t.cancel();
        co_await sleep(1ms);
        EXPECT_TRUE(t.cancelled());
    }
    EXPECT_EQ(log.size(), 0U);
}

CO_TEST(task, what_is_thrown_need_not_be_a_std_exception) {
    report_log log;
    create_task([]() -> coro<> {
        throw 5; // NOLINT(hicpp-exception-baseclass): that is what is asked
        co_return;
    }());
    co_await sleep(1ms);
    EXPECT_NE(log.only().message.find("unknown exception"), std::string::npos);
}

// -- what lives how long --

CO_TEST(task, the_arguments_and_locals_die_with_the_coroutine_and_not_with_the_handle) {
    auto owner = std::make_shared<int>(1);
    auto keep = [](std::shared_ptr<int> mine) -> coro<int> {
        co_await yield();
        co_return *mine;
    };
    auto t = create_task(keep(owner));
    co_await t;
    EXPECT_EQ(owner.use_count(), 1);
    EXPECT_EQ(t.result(), 1);
}

CO_TEST(task, the_result_lives_as_long_as_a_handle) {
    auto owner = std::make_shared<int>(1);
    {
        auto t = create_task(
            [](std::shared_ptr<int> mine) -> coro<std::shared_ptr<int>> { co_return mine; }(owner));
        auto copy = t;
        co_await t;
        t = {};
        EXPECT_EQ(owner.use_count(), 2);
    }
    EXPECT_EQ(owner.use_count(), 1);
}

// -- from other threads --

CO_TEST(task, its_handle_may_be_asked_from_any_thread) {
    auto t = create_task(give_after(1ms, 7), {.name = "five"});
    co_await t;
    int seen = 0;
    std::string name;
    std::thread other([&] {
        seen = t.result();
        name = t.name();
    });
    other.join();
    EXPECT_EQ(seen, 7);
    EXPECT_EQ(name, "five");
}

CO_TEST(task, a_done_callback_given_by_another_thread_is_called_by_the_loop_of_the_task) {
    promise<bool> in_a_loop;
    auto t = create_task(give_after(1ms, 7));
    std::thread other([&] {
        t.add_done_callback(
            [&](const any_task&) { in_a_loop.set_value(try_get_running_loop() != nullptr); });
    });
    other.join();
    EXPECT_TRUE(co_await in_a_loop.get_future());
}

TEST(task, a_done_callback_of_a_task_that_is_done_needs_a_loop) {
    const auto t = run_virtual(2, []() -> coro<task<int>> {
        auto t = create_task(give_after(1ms, 7));
        co_await t;
        co_return t;
    });
    EXPECT_THROW(t.add_done_callback([](const any_task&) {}), no_running_loop);
    bool called = false;
    run_virtual(1, [&]() -> coro<> { // of another runtime: its own loop calls
        t.add_done_callback([&](const any_task&) { called = true; });
        co_await yield();
    });
    EXPECT_TRUE(called);
}

TEST(task, a_handle_outlives_the_runtime) {
    task<int> t;
    run_virtual(2, [&]() -> coro<> {
        t = create_task(give_after(1ms, 7), {.name = "five"});
        co_await t;
    });
    EXPECT_EQ(t.result(), 7);
    EXPECT_EQ(t.name(), "five");
    EXPECT_FALSE(t.cancel());
    EXPECT_NE(to_string(t).find("give_after"), std::string::npos);
}

// -- misuse --

TEST(task, its_control_block_takes_at_most_200_bytes) {
    EXPECT_LE(sizeof(task_state_of<void>), 200U);
    EXPECT_LE(sizeof(task_state_of<std::int64_t>), 200U);
}

CO_TEST(task, a_handle_that_refers_to_nothing_is_an_error_and_no_crash) {
    const task<int> none;
    EXPECT_THROW((void)none.result(), invalid_state_error);
    EXPECT_THROW((void)none.exception(), invalid_state_error);
    EXPECT_THROW(none.cancel(), invalid_state_error);
    EXPECT_THROW((void)none.name(), invalid_state_error);
    EXPECT_THROW((void)to_string(none), invalid_state_error);
    EXPECT_THROW(none.add_done_callback([](const any_task&) {}), invalid_state_error);
    EXPECT_THROW(none.remove_done_callback({}), invalid_state_error);
    EXPECT_THROW(none.set_name("any"), invalid_state_error);
    EXPECT_THROW(co_await none, invalid_state_error);
    EXPECT_THROW(co_await task<int>(), invalid_state_error);
    EXPECT_THROW(co_await shield(none), invalid_state_error);
    auto some = create_task(give_after(1ms, 1));
    EXPECT_THROW(co_await gather(none, some), invalid_state_error);
    co_await some;
    EXPECT_THROW(co_await wait(std::vector<any_task>(2)), invalid_state_error);
    EXPECT_THROW((void)as_completed(std::vector<task<int>>(2)), invalid_state_error);
}

CO_TEST(task, one_that_was_awaited_as_a_temporary_cannot_be_awaited_again) {
    task<int> t = create_task(give_after(1ms, 7));
    EXPECT_EQ(co_await std::move(t), 7);
    // NOLINTNEXTLINE(bugprone-use-after-move): that is the case
    EXPECT_THROW(co_await std::move(t), invalid_state_error);
}

// -- who the current task is at the end of one --

/// Says in its destructor whose step it dies in.
class teller {
public:
    explicit teller(std::string& name) : name_(&name) {}
    teller(const teller&) = delete;
    teller& operator=(const teller&) = delete;
    teller(teller&& other) noexcept : name_(std::exchange(other.name_, nullptr)) {}
    teller& operator=(teller&&) = delete;
    ~teller() {
        if (name_ == nullptr) {
            return;
        }
        try {
            *name_ = current_task().name();
        } catch (const no_running_loop&) {
            *name_ = "nobody";
        }
    }

private:
    std::string* name_;
};

CO_TEST_ON_1(task, arguments_of_one_that_never_ran_die_in_it_and_not_in_one_that_is_gone) {
    std::string name;
    task<> cancelled;
    (void)create_task([](task<>& other) -> coro<> {
        other.cancel();
        co_return;
    }(cancelled));
    cancelled = create_task([](teller) -> coro<> { co_return; }(teller(name)), {.name = "mine"});
    EXPECT_TRUE((co_await as_result(cancelled)).cancelled());
    EXPECT_EQ(name, "mine");
}

CO_TEST_ON_1(task, a_result_that_nobody_wants_dies_in_no_task) {
    std::string name;
    (void)create_task([](std::string& name) -> coro<teller> { co_return teller(name); }(name));
    co_await yield();
    co_await yield();
    EXPECT_EQ(name, "nobody");
}

CO_TEST_ON_1(task, the_handler_of_an_unread_failure_runs_in_no_task) {
    any_task kept;
    auto previous = on_unhandled([&](const report&) {
        try {
            kept = current_task();
        } catch (const no_running_loop&) {
        }
    });
    (void)create_task([]() -> coro<> {
        throw std::runtime_error("unread");
        co_return;
    }());
    co_await yield();
    co_await yield();
    on_unhandled(std::move(previous));
    EXPECT_FALSE(kept.valid());
}

CO_TEST(task, a_name_is_kept_whatever_is_in_it) {
    const std::string odd("a\0b\n\xff", 5);
    const auto t = create_task(give_after(1ms, 1), {.name = odd});
    EXPECT_EQ(t.name(), odd);
    co_await t;
}

} // namespace
} // namespace eddy
