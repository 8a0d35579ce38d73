// co_test_test.cpp — tests whose body is a coroutine, and what makes them fail.
//
// Covers:    CO_TEST, CO_TEST_F, CO_EXPLORE and the assertions; each thing a body may do wrong is
//            caught and named.

#include <eddy/base/syscall.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest-spi.h>

#include <array>
#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

/// The failures of `action`, which then do not count.
template <typename Action>
std::vector<std::string> failures_of(Action action) {
    testing::TestPartResultArray caught;
    {
        const testing::ScopedFakeTestPartResultReporter reporter(
            testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &caught);
        action();
    }
    std::vector<std::string> out;
    for (int i = 0; i != caught.size(); ++i) {
        out.emplace_back(caught.GetTestPartResult(i).message());
    }
    return out;
}

/// The failures of a CO_TEST with that body, on four threads and simulated: the same ones.
std::vector<std::string> failures_in(const co_test_body& body) {
    auto real = failures_of([&] { run_co_test_on(4, body); });
    auto simulated_ones = failures_of([&] { run_co_test(body, simulated(1)); });
    EXPECT_EQ(real.size(), simulated_ones.size());
    return simulated_ones;
}

#define EXPECT_ONE_FAILURE(failures, words)                                                        \
    ASSERT_EQ((failures).size(), 1U);                                                              \
    EXPECT_NE((failures)[0].find(words), std::string::npos) << (failures)[0]

// -- ways --

CO_TEST(co_test, each_body_is_run_in_three_ways) {
    const auto begun = now();
    co_await sleep(24h);
    EXPECT_EQ(now() - begun, 24h);
}
TEST(co_test_ways, each_body_was_run_in_three_ways) {
    std::set<std::string> names;
    const auto& unit = *testing::UnitTest::GetInstance();
    for (int i = 0; i != unit.total_test_suite_count(); ++i) {
        const auto& suite = *unit.GetTestSuite(i);
        for (int k = 0; suite.name() == std::string("co_test") && k != suite.total_test_count();
             ++k) {
            names.insert(suite.GetTestInfo(k)->name());
        }
    }
    for (const char* way : {"_on_1", "_on_4", "_simulated"}) {
        EXPECT_TRUE(names.contains(std::string("each_body_is_run_in_three_ways") + way)) << way;
    }
}

constexpr unsigned line_before = __LINE__;
CO_TEST(co_test, its_line_is_the_creation_site_of_the_task_that_runs_the_body) {
    const std::source_location site = current_task().creation_site();
    EXPECT_EQ(site.line(), line_before + 1);
    EXPECT_NE(std::string(site.file_name()).find("co_test_test.cpp"), std::string::npos);
    co_return;
}

CO_TEST_ON_1(co_test, one_worker_has_the_order_of_asyncio) {
    std::string log;
    auto add = [](std::string& log, char letter) -> coro<> {
        log += letter;
        co_return;
    };
    auto a = create_task(add(log, 'a'));
    auto b = create_task(add(log, 'b'));
    co_await a;
    co_await b;
    EXPECT_EQ(log, "ab");
}
CO_TEST_ON_4(co_test, four_workers_are_four_threads) {
    std::atomic<int> here = 0;
    auto meet = [](std::atomic<int>& here) -> coro<> {
        ++here;
        while (here != 2) { // the other one is on another thread
            std::this_thread::yield();
        }
        co_return;
    };
    auto a = create_task(meet(here));
    auto b = create_task(meet(here));
    co_await gather(a, b);
}

// -- fixtures --

class co_fixture : public testing::Test {
protected:
    void SetUp() override { text_ = "set up"; }
    void TearDown() override { EXPECT_EQ(text_, "changed"); }
    std::string text_;
};
CO_TEST_F(co_fixture, is_set_up_before_the_body_and_torn_down_after_it) {
    EXPECT_EQ(text_, "set up");
    co_await sleep(1s);
    text_ = "changed";
}
TEST_F(co_fixture, may_have_other_tests_too) {
    text_ = "changed";
}

// -- seeds --

int explored = 0;
CO_EXPLORE(co_explore, it_runs_under_many_seeds, 20) {
    ++explored;
    co_await yield();
}
TEST(co_explore, it_has_run_under_many_seeds) {
    EXPECT_EQ(explored % 20, 0);
}
TEST(co_explore, it_stops_at_the_first_seed_that_fails_and_prints_it) {
    int runs = 0;
    testing::internal::CaptureStderr();
    const auto failures = failures_of([&] {
        simulate_co_test(
            [&]() -> coro<> {
                co_await yield();
                if (++runs == 3) {
                    throw std::runtime_error("planted");
                }
            },
            5, std::source_location::current());
    });
    const std::string printed = testing::internal::GetCapturedStderr();
    EXPECT_EQ(runs, 3);
    EXPECT_ONE_FAILURE(failures, "planted");
    EXPECT_NE(printed.find("run 3 of 5 failed"), std::string::npos) << printed;
    EXPECT_NE(printed.find("EDDY_SEED=0x"), std::string::npos) << printed;
}

// -- what is wrong with a body --

TEST(co_test_fails, if_the_body_throws) {
    const auto failures = failures_in([]() -> coro<> {
        co_await yield();
        throw std::runtime_error("planted");
    });
    EXPECT_ONE_FAILURE(failures, "the body threw: planted");
}

TEST(co_test_fails, if_an_expectation_fails) {
    const auto failures = failures_in([]() -> coro<> {
        co_await yield();
        EXPECT_EQ(1, 2) << "planted";
    });
    EXPECT_ONE_FAILURE(failures, "planted");
}

TEST(co_test_fails, if_a_task_is_left_which_it_names) {
    const promise<> unset;
    const auto failures = failures_in([&unset]() -> coro<> {
        (void)create_task([](future<> of) -> coro<> { co_await of; }(unset.get_future()),
                          {.name = "straggler"});
        co_await sleep(1ms);
    });
    EXPECT_ONE_FAILURE(failures, "left behind: task straggler");
}

TEST(co_test_passes, if_a_task_is_about_to_end) {
    const auto failures = failures_in([]() -> coro<> {
        (void)create_task([]() -> coro<> { co_await yield(); });
        co_return;
    });
    EXPECT_TRUE(failures.empty());
}

TEST(co_test_fails, if_a_timer_is_left) {
    const auto failures = failures_in([]() -> coro<> {
        (void)get_running_loop().call_later(1h, [] {});
        co_return;
    });
    EXPECT_ONE_FAILURE(failures, "left behind: 1 timer");
}

TEST(co_test_fails, if_a_descriptor_is_watched_still) {
    const auto ends = sys::pipe2();
    const auto failures = failures_in([fd = ends[0]]() -> coro<> {
        get_running_loop().add_reader(fd, [] {});
        co_return;
    });
    EXPECT_ONE_FAILURE(failures, "left behind: a wait for descriptor " + std::to_string(ends[0]));
    (void)sys::close(ends[0]);
    (void)sys::close(ends[1]);
}

TEST(co_test_fails, if_a_descriptor_is_open_still) {
    std::vector<std::array<int, 2>> opened;
    const auto failures = failures_of([&] {
        run_co_test_on(1, [&]() -> coro<> {
            opened.push_back(sys::pipe2());
            co_return;
        });
    });
    ASSERT_EQ(failures.size(), 2U);
    EXPECT_NE(failures[0].find("leaked: descriptor "), std::string::npos) << failures[0];
    (void)sys::close(opened[0][0]);
    (void)sys::close(opened[0][1]);
}

#ifndef EDDY_FRAME_CACHE_OFF // AddressSanitizer aligns frames itself: they are not counted there
TEST(co_test_fails, if_a_frame_is_left) {
    std::vector<coro<>> kept;
    const auto failures = failures_of([&] {
        run_co_test_on(1, [&]() -> coro<> {
            kept.push_back([]() -> coro<> { co_return; }());
            co_return;
        });
    });
    EXPECT_ONE_FAILURE(failures, "leaked: 1 coroutine frame");
    const report_log ignored; // never awaited
    kept.clear();
}
#endif

TEST(co_test_fails, if_something_is_reported) {
    const auto failures = failures_in([]() -> coro<> {
        get_running_loop().call_soon([] { throw std::runtime_error("planted"); });
        co_await sleep(1ms);
    });
    EXPECT_ONE_FAILURE(failures, "planted");
}

TEST(co_test_fails, if_nothing_can_wake_the_body) {
    const auto failures = failures_in([]() -> coro<> {
        const promise<> unset;
        co_await unset.get_future();
    });
    EXPECT_ONE_FAILURE(failures, "deadlock");
}

TEST(co_test_passes, if_what_is_left_is_left_on_purpose) {
    const auto failures = failures_in([]() -> coro<> {
        allow_leftovers();
        (void)create_task([]() -> coro<> { co_await sleep(1h); }());
        co_await sleep(1ms);
    });
    EXPECT_TRUE(failures.empty());
}

CO_TEST(co_test_passes, if_the_body_catches_the_reports) {
    const report_log reports;
    get_running_loop().call_soon([] { throw std::runtime_error("planted"); });
    co_await sleep(1ms);
    EXPECT_EQ(reports.size(), 1U);
}

// -- assertions --

TEST(co_assert, a_failure_ends_the_coroutine_it_stands_in) {
    std::string log;
    const auto failures = failures_of([&] {
        run_co_test_on(1, [&log]() -> coro<> {
            auto inner = [](std::string& log) -> coro<> {
                log += "inner ";
                co_await yield();
                CO_ASSERT_EQ(1, 2) << "planted";
                log += "not reached ";
            };
            co_await inner(log);
            log += "outer";
        });
    });
    EXPECT_EQ(log, "inner outer");
    EXPECT_ONE_FAILURE(failures, "planted");
}

TEST(co_assert, each_of_them_fails_where_it_does_not_hold) {
    const std::vector<co_test_body> bodies{
        []() -> coro<> { CO_ASSERT_TRUE(false); },
        []() -> coro<> { CO_ASSERT_FALSE(true); },
        []() -> coro<> { CO_ASSERT_EQ(1, 2); },
        []() -> coro<> { CO_ASSERT_NE(1, 1); },
        []() -> coro<> { CO_ASSERT_LT(1, 1); },
        []() -> coro<> { CO_ASSERT_LE(2, 1); },
        []() -> coro<> { CO_ASSERT_GT(1, 1); },
        []() -> coro<> { CO_ASSERT_GE(1, 2); },
        []() -> coro<> { CO_ASSERT_STREQ("a", "b"); },
        []() -> coro<> { CO_ASSERT_THROW(co_await yield(), std::exception); },
        []() -> coro<> { CO_ASSERT_NO_THROW(throw std::runtime_error("planted")); },
        []() -> coro<> { CO_FAIL(); },
    };
    for (const co_test_body& each : bodies) {
        const auto failures = failures_of([&] { run_co_test_on(1, each); });
        EXPECT_EQ(failures.size(), 1U);
    }
}

CO_TEST(co_assert, none_of_them_fails_where_it_holds) {
    CO_ASSERT_TRUE(true);
    CO_ASSERT_FALSE(false);
    CO_ASSERT_EQ(co_await []() -> coro<int> { co_return 1; }(), 1);
    CO_ASSERT_NE(1, 2);
    CO_ASSERT_LT(1, 2);
    CO_ASSERT_LE(1, 1);
    CO_ASSERT_GT(2, 1);
    CO_ASSERT_GE(1, 1);
    CO_ASSERT_STREQ("a", "a");
    CO_ASSERT_THROW(
        co_await []() -> coro<> { throw std::runtime_error("bad"); }(), std::runtime_error);
    CO_ASSERT_NO_THROW(co_await yield());
}

CO_TEST_ON_1(co_assert, a_body_may_skip_itself) {
    CO_SKIP() << "on purpose";
    co_await sleep(1h);
}

} // namespace
} // namespace eddy
