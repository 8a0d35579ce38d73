// runtime_test.cpp — how loops begin, run and end.
//
// Covers:    run, run_until_complete, run_forever, stop, close, what is left over, options, reports
//            of slow steps.
// Not here:  counting processors -> base/cpu_count_test.cpp; rescue of stuck loops -> tests/stress.

#include "base/thread_state.hpp"
#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give(int value) {
    co_await yield();
    co_return value;
}
coro<> fail() {
    co_await yield();
    throw std::runtime_error("bad");
}

class runtime_on : public testing::TestWithParam<unsigned> {
protected:
    [[nodiscard]] static runtime_options options() {
        return {.workers = GetParam(), .virtual_time = true};
    }
};
INSTANTIATE_TEST_SUITE_P(workers, runtime_on, testing::Values(1U, 4U));

// -- run --

TEST_P(runtime_on, run_gives_the_result_or_the_exception) {
    EXPECT_EQ(run(give(5), options()), 5);
    EXPECT_THROW(run(fail(), options()), std::runtime_error);
    run([]() -> coro<> { co_return; }(), options());
}

TEST_P(runtime_on, run_gives_references_and_move_only_values) {
    int target = 0;
    auto refer = [](int& to) -> coro<int&> { co_return to; };
    EXPECT_EQ(&run(refer(target), options()), &target);
    auto make = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
    EXPECT_EQ(*run(make(), options()), 5);
}

TEST_P(runtime_on, run_may_be_called_again_and_again) {
    for (int i = 0; i != 10; ++i) {
        EXPECT_EQ(run(give(i), options()), i);
    }
}

TEST(run, of_a_function_stores_it_and_its_arguments) {
    const auto number = std::make_unique<int>(5);
    auto body = [&number](std::string text) -> coro<std::string> {
        co_await yield();
        co_return text + std::to_string(*number);
    };
    EXPECT_EQ(run(body, "five: "), "five: 5");
    EXPECT_EQ(run([&body] { return body("six: "); }, {.workers = 1}), "six: 5");
}

TEST(run, the_main_task_was_created_by_the_line_that_runs_it) {
    auto own_line = []() -> coro<unsigned> { co_return current_task().creation_site().line(); };
    EXPECT_EQ(run(own_line()), unsigned{__LINE__});
    EXPECT_EQ(run(own_line), unsigned{__LINE__});
}

TEST(run, several_threads_may_each_run_their_own) {
    std::atomic<int> sum = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
        threads.emplace_back([&] { sum += run(give(1), {.workers = 2, .virtual_time = true}); });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    EXPECT_EQ(sum, 4);
}

TEST_P(runtime_on, a_nested_run_is_refused) {
    report_log reports; // of the coroutine that is not run
    std::string text;
    run(
        [](std::string& text) -> coro<> {
            try {
                run(give(5));
            } catch (const already_running& error) {
                text = error.what();
            }
            co_return;
        }(text),
        options());
    EXPECT_EQ(text, "run() cannot be called from a running event loop");
    EXPECT_LE(reports.size(), 1U);
}

TEST(run, of_an_empty_coro_throws_invalid_argument) {
    auto body = give(5);
    EXPECT_EQ(run(std::move(body)), 5);
    EXPECT_THROW(run(std::move(body)), std::invalid_argument);
}

// -- run_until_complete, run_forever, stop --

TEST_P(runtime_on, it_runs_one_coroutine_after_the_other) {
    runtime loops(options());
    for (int i = 0; i != 10; ++i) {
        EXPECT_EQ(loops.run_until_complete(give(i)), i);
    }
    EXPECT_THROW(loops.run_until_complete(fail()), std::runtime_error);
    EXPECT_EQ(loops.run_until_complete(give(11)), 11);
}

TEST_P(runtime_on, tasks_wait_between_two_runs_and_go_on_in_the_next) {
    runtime loops(options());
    int rounds = 0;
    auto t = loops.create_task([](int& rounds) -> coro<> {
        for (;;) {
            ++rounds;
            co_await sleep(1s);
        }
    }(rounds));
    loops.run_until_complete([]() -> coro<> { co_await sleep(2500ms); }());
    EXPECT_EQ(rounds, 3);
    EXPECT_FALSE(t.done());
    loops.run_until_complete([]() -> coro<> { co_await sleep(2s); }());
    EXPECT_EQ(rounds, 5);
    EXPECT_FALSE(loops.is_running());
}

TEST_P(runtime_on, run_forever_ends_with_a_stop_of_a_task) {
    runtime loops(options());
    event_log log;
    loops.create_task([](runtime& loops, event_log& log) -> coro<> {
        EXPECT_TRUE(loops.is_running());
        co_await sleep(1h);
        log.add("stop");
        loops.stop();
    }(loops, log));
    loops.run_forever();
    EXPECT_EQ(log.text(), "stop");
    EXPECT_FALSE(loops.is_running());
    EXPECT_EQ(loops.run_until_complete(give(5)), 5);
}

TEST_P(runtime_on, run_forever_ends_with_a_stop_of_another_thread) {
    runtime loops({.workers = GetParam()});
    promise<> running;
    loops.loop().call_soon([&] { running.set_value(); });
    std::thread other([&] {
        while (!running.done()) {
            std::this_thread::yield();
        }
        loops.stop();
    });
    loops.run_forever();
    other.join();
}

TEST_P(runtime_on, a_stop_before_the_run_ends_that_run) {
    runtime loops(options());
    loops.stop();
    loops.run_forever();
    EXPECT_EQ(loops.run_until_complete(give(5)), 5);
}

TEST_P(runtime_on, a_run_that_is_stopped_before_its_end_says_so) {
    runtime loops(options());
    auto body = [](runtime& loops) -> coro<> {
        loops.stop();
        co_await sleep(1h);
    };
    try {
        loops.run_until_complete(body(loops));
        ADD_FAILURE() << "no exception";
    } catch (const invalid_state_error& error) {
        EXPECT_NE(std::string(error.what()).find("stopped before"), std::string::npos);
    }
}

TEST_P(runtime_on, a_runtime_that_runs_cannot_be_run_again) {
    runtime loops(options());
    report_log ignored;
    loops.run_until_complete([](runtime& loops) -> coro<> {
        EXPECT_THROW(loops.run_until_complete(give(1)), already_running);
        EXPECT_THROW(loops.run_forever(), already_running);
        co_return;
    }(loops));
}

TEST_P(runtime_on, a_runtime_that_another_thread_runs_cannot_be_run) {
    report_log ignored;
    runtime loops(options());
    promise<> refused;
    std::thread other;
    loops.run_until_complete([](runtime& loops, promise<>& refused, std::thread& other) -> coro<> {
        other = std::thread([&] {
            EXPECT_THROW(loops.run_until_complete(give(1)), already_running);
            EXPECT_THROW(loops.run_forever(), already_running);
            refused.set_value();
        });
        co_await refused.get_future();
    }(loops, refused, other));
    other.join();
}

TEST_P(runtime_on, create_task_from_outside_runs_with_the_next_run) {
    runtime loops(options());
    auto t = loops.create_task(give(5), {.name = "five"});
    EXPECT_EQ(t.stage(), task_state::scheduled);
    EXPECT_EQ(loops.all_tasks().size(), 1U);
    auto wait_for_it = [](task<int> t) -> coro<int> { co_return co_await t; };
    EXPECT_EQ(loops.run_until_complete(wait_for_it(t)), 5);
    EXPECT_EQ(loops.all_tasks().size(), 0U);
}

TEST_P(runtime_on, create_task_from_another_thread_while_it_runs) {
    runtime loops(options());
    std::optional<task<int>> t;
    std::thread other;
    loops.run_until_complete(
        [](runtime& loops, std::optional<task<int>>& t, std::thread& other) -> coro<> {
            promise<> created;
            other = std::thread([&] {
                t = loops.create_task(give(5));
                created.set_value();
            });
            co_await created.get_future();
            EXPECT_EQ(co_await *t, 5);
        }(loops, t, other));
    other.join();
}

TEST_P(runtime_on, callbacks_given_before_the_run_are_called_in_it) {
    runtime loops(options());
    event_log log;
    loops.loop().call_soon([&] { log.add("soon"); });
    loops.loop().call_later(1s, [&] { log.add("later"); });
    loops.run_until_complete([]() -> coro<> { co_await sleep(2s); }());
    EXPECT_EQ(log.text(), "soon later");
}

TEST_P(runtime_on, it_has_as_many_loops_as_workers) {
    runtime loops(options());
    EXPECT_EQ(loops.workers(), GetParam());
    std::set<event_loop*> distinct;
    for (unsigned i = 0; i != loops.workers(); ++i) {
        distinct.insert(&loops.loop(i));
    }
    EXPECT_EQ(distinct.size(), GetParam());
}

// -- close --

TEST_P(runtime_on, what_is_left_is_cancelled_and_awaited) {
    event_log log;
    {
        runtime loops(options());
        auto body = [](event_log& log) -> coro<> {
            try {
                co_await sleep(1h);
            } catch (const cancelled_error& error) {
                log.add("cancelled");
                EXPECT_NE(error.reason(), "");
            }
            co_await sleep(1s);
            log.add("cleaned");
        };
        auto t = loops.create_task(body(log));
        loops.run_until_complete([]() -> coro<> { co_await sleep(1ms); }());
        loops.close();
        EXPECT_TRUE(t.done());
        EXPECT_TRUE(loops.is_closed());
        loops.close();
    }
    EXPECT_EQ(log.text(), "cancelled cleaned");
}

TEST_P(runtime_on, tasks_that_never_started_never_do) {
    bool ran = false;
    {
        runtime loops(options());
        loops.create_task([](bool& ran) -> coro<> {
            ran = true;
            co_return;
        }(ran));
    }
    EXPECT_FALSE(ran);
}

TEST_P(runtime_on, tasks_that_are_created_during_the_close_are_cancelled_too) {
    report_log reports;
    event_log log;
    {
        runtime loops(options());
        // Each, when cancelled, leaves another one behind: also where an earlier one has been.
        auto body = [](auto& self, event_log& log, int generations) -> coro<> {
            (void)co_await as_result(sleep(1h));
            log.add(std::to_string(generations));
            if (generations != 0) {
                co_await sleep(1ms);
                create_task(self(self, log, generations - 1));
                co_await sleep(1ms);
            }
        };
        loops.create_task(body(body, log, 9));
        loops.run_until_complete([]() -> coro<> { co_await sleep(1ms); }());
        loops.close();
    }
    EXPECT_EQ(log.text(), "9 8 7 6 5 4 3 2 1 0");
    EXPECT_EQ(reports.size(), 0U);
}

// In a process of its own: what refuses is abandoned, with the loops it may refer to.
TEST_P(runtime_on, a_task_that_refuses_to_end_is_reported_by_name) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto refuse = [] {
        auto slow = options();
        slow.grace = 5s;
        runtime loops(slow);
        auto body = []() -> coro<> {
            const promise<> unset;
            for (;;) {
                (void)co_await as_result(unset.get_future());
            }
        };
        loops.create_task(body(), {.name = "stubborn"});
        loops.run_until_complete([]() -> coro<> { co_await sleep(1ms); }());
        loops.close();
        std::_Exit(loops.is_closed() ? 0 : 1);
    };
    EXPECT_EXIT(refuse(), testing::ExitedWithCode(0),
                "still running after the grace period of a shutdown: stubborn");
}

TEST_P(runtime_on, after_the_close_it_says_that_it_is_closed) {
    report_log ignored;
    runtime loops(options());
    loops.close();
    EXPECT_THROW(loops.create_task(give(1)), runtime_closed);
    EXPECT_THROW(loops.run_until_complete(give(1)), runtime_closed);
    EXPECT_THROW(loops.run_forever(), runtime_closed);
    EXPECT_TRUE(loops.all_tasks().empty());
    EXPECT_EQ(loops.workers(), 0U);
    loops.stop();
}

TEST_P(runtime_on, run_cancels_and_awaits_what_is_left_before_it_returns) {
    event_log log;
    run(
        [](event_log& log) -> coro<> {
            create_task([](event_log& log) -> coro<> {
                (void)co_await as_result(sleep(1h));
                log.add("cancelled");
            }(log));
            co_await sleep(1ms);
        }(log),
        options());
    EXPECT_EQ(log.text(), "cancelled");
}

TEST_P(runtime_on, an_exception_of_main_comes_out_after_the_others_were_awaited) {
    event_log log;
    auto body = [](event_log& log) -> coro<> {
        create_task([](event_log& log) -> coro<> {
            (void)co_await as_result(sleep(1h));
            log.add("cancelled");
        }(log));
        co_await sleep(1ms);
        throw std::runtime_error("bad");
    };
    EXPECT_THROW(run(body(log), options()), std::runtime_error);
    EXPECT_EQ(log.text(), "cancelled");
}

TEST_P(runtime_on, no_frame_is_left_when_it_has_ended) {
    const std::int64_t before = frame_cache::live_hint();
    run(
        []() -> coro<> {
            for (int i = 0; i != 100; ++i) {
                create_task([]() -> coro<> { co_await sleep(1h); }());
                create_task([]() -> coro<> { co_await gather(give(1), give(2)); }());
            }
            co_await sleep(1ms);
        }(),
        options());
    EXPECT_EQ(frame_cache::live_hint(), before);
}

// -- options --

class variable {
public:
    variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;
    ~variable() { unsetenv(name_); }

private:
    const char* name_;
};

TEST(runtime_options, the_environment_gives_the_number_of_workers_unless_the_program_does) {
    const variable workers("EDDY_WORKERS", "3");
    EXPECT_EQ(runtime().workers(), 3U);
    EXPECT_EQ(runtime({.workers = 2}).workers(), 2U);
}

TEST(runtime_options, the_environment_may_switch_virtual_time_on) {
    const variable virtual_time("EDDY_VIRTUAL_TIME", "1");
    run([]() -> coro<> { co_await sleep(std::chrono::hours(1000)); }(), {.workers = 1});
}

TEST(runtime_options, without_any_there_is_at_least_one_worker) {
    EXPECT_GE(runtime().workers(), 1U);
}

TEST_P(runtime_on, on_suspend_is_called_at_each_suspension_with_the_task) {
    std::atomic<int> calls = 0;
    auto observed = options();
    observed.on_suspend = [&](const any_task& t) { calls += t.name() == "watched" ? 1 : 0; };
    runtime loops(observed);
    loops.run_until_complete(
        []() -> coro<> {
            co_await sleep(1s);
            co_await yield();
            co_await give(1); // one more inside
        }(),
        {.name = "watched"});
    EXPECT_EQ(calls, 3);
}

TEST_P(runtime_on, on_suspend_may_cancel) {
    for (int k = 1; k != 4; ++k) {
        int seen = 0;
        auto observed = options();
        observed.on_suspend = [&](const any_task& t) {
            if (t.name() == "victim" && ++seen == k) {
                t.cancel();
            }
        };
        int steps = 0;
        runtime loops(observed);
        auto body = [](int& steps) -> coro<> {
            for (;;) {
                co_await sleep(1s);
                ++steps;
            }
        };
        EXPECT_THROW(loops.run_until_complete(body(steps), {.name = "victim"}), cancelled_error);
        EXPECT_EQ(steps, k - 1);
    }
}

TEST_P(runtime_on, what_on_suspend_throws_is_reported) {
    report_log reports;
    auto observed = options();
    observed.on_suspend = [](const any_task&) { throw std::runtime_error("bad hook"); };
    EXPECT_EQ(run(give(5), observed), 5);
    EXPECT_GE(reports.count(report_kind::callback_failed), 1U);
}

TEST(runtime_options, debug_reports_a_step_that_is_too_long) {
    report_log reports;
    run(
        []() -> coro<> {
            auto t = create_task(
                []() -> coro<> {
                    const auto begun = clock::now();
                    while (clock::now() - begun < 5ms) { // a blocking call
                    }
                    co_return;
                }(),
                {.name = "blocker"});
            co_await t;
        }(),
        {.workers = 1, .debug = true, .slow_step = 2ms});
    EXPECT_EQ(reports.count(report_kind::slow_step), 1U);
    EXPECT_EQ(reports.only().task_name, "blocker");
    EXPECT_NE(reports.only().message.find("runtime_test.cpp"), std::string::npos)
        << reports.only().message;
}

TEST(runtime_options, the_environment_may_switch_the_reports_of_slow_steps_on) {
    const variable debug("EDDY_DEBUG", "1");
    report_log reports;
    run(
        []() -> coro<> {
            const auto begun = clock::now();
            while (clock::now() - begun < 5ms) { // a blocking call
            }
            co_return;
        }(),
        {.workers = 1, .slow_step = 2ms});
    EXPECT_EQ(reports.count(report_kind::slow_step), 1U);
}

TEST(runtime_options, a_slow_step_is_reported_by_another_worker_while_it_lasts) {
    report_log reports;
    run(
        [](report_log& reports) -> coro<> {
            auto t = create_task(
                [](report_log& reports) -> coro<> {
                    const auto begun = clock::now();
                    // until it is reported
                    while (reports.size() == 0 && clock::now() - begun < 10s) {
                        std::this_thread::yield();
                    }
                    co_return;
                }(reports),
                {.name = "blocker"});
            co_await t;
        }(reports),
        {.workers = 2, .slow_step = 5ms});
    EXPECT_EQ(reports.only().kind, report_kind::slow_step);
    EXPECT_EQ(reports.only().task_name, "blocker");
}

TEST_P(runtime_on, sleeping_tasks_need_no_threads) {
    const std::size_t before = living_threads();
    run(
        [](std::size_t before) -> coro<> {
            std::vector<task<>> sleepers;
            for (int i = 0; i != 1000; ++i) {
                sleepers.push_back(create_task([]() -> coro<> { co_await sleep(1s); }()));
            }
            co_await sleep(1ms);
            EXPECT_EQ(living_threads(), before + GetParam() - 1);
            co_await gather(sleepers);
        }(before),
        options());
}

TEST(runtime_options, without_debug_a_step_that_is_not_too_long_is_not_reported) {
    report_log reports;
    run(
        []() -> coro<> {
            const auto begun = clock::now();
            while (clock::now() - begun < 2ms) {
            }
            co_return;
        }(),
        {.workers = 1});
    EXPECT_EQ(reports.size(), 0U);
}

} // namespace
} // namespace eddy
