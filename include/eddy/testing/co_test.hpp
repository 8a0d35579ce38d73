// co_test.hpp — GoogleTest tests whose body is a coroutine: CO_TEST, CO_TEST_F, CO_ASSERT_*.
//
//     CO_TEST(answer, is_given_after_an_hour) {
//         auto t = eddy::create_task(compute());
//         co_await eddy::sleep(1h);            // takes no time
//         CO_ASSERT_TRUE(t.done());            // ends the body if it is not so
//         EXPECT_EQ(co_await t, 42);
//     }
//
// The body becomes three tests, all of them in virtual time:
//     answer.is_given_after_an_hour_on_1          one worker: asyncio's order
//     answer.is_given_after_an_hour_on_4          four workers, each a thread
//     answer.is_given_after_an_hour_simulated     four virtual workers, in an order that EDDY_SEED
//                                                 decides
// Each fails if the body throws; if tasks, timers, descriptors, frames or reports are left behind
// (allow_leftovers() permits the first three); and if tasks wait that nothing can wake.
//
// Threads:    the assertions may stand in any task, on any worker.

#pragma once

#include <eddy/eddy.hpp>
#include <eddy/testing/checked_run.hpp>
#include <eddy/testing/report_log.hpp>
#include <eddy/testing/simulate.hpp>

#include <gtest/gtest.h> // tidy-allow(third-party): this header is for programs that use it

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <source_location>
#include <string>
#include <utility>

namespace eddy::inline v0 {

/// Runs `body()`, a coroutine, on `workers` threads in virtual time; gives what it gives. For parts
/// of a test that need a runtime of their own.
template <typename Body>
auto run_virtual(unsigned workers, Body body,
                 std::source_location site = std::source_location::current()) {
    return run(body(), {.workers = workers, .virtual_time = true}, site);
}

using co_test_body = std::function<coro<>()>;

/// How a body is run, as a test of its own.
struct co_test_way {
    const char* suffix; // of the test's name
    void (*run)(const co_test_body& body, std::size_t seeds, std::source_location site);
    std::size_t seeds = 1;
};

/// Runs `body()` and makes a failure of everything that is wrong after it. True: nothing was. Its
/// task says that it was created at `site`.
inline bool run_co_test(const co_test_body& body, runtime_options options,
                        std::source_location site = std::source_location::current()) {
    const checked_result result = run_checked(body, std::move(options), {}, site);
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    if (result.error != nullptr) {
        ADD_FAILURE_AT(test.file(), test.line()) << "the body threw: " << describe(result.error);
    }
    for (const std::string& each : result.problems) {
        ADD_FAILURE_AT(test.file(), test.line()) << each;
    }
    return result.error == nullptr && result.problems.empty() && !testing::Test::HasFailure();
}

/// Runs it on `workers` threads, in virtual time.
inline void run_co_test_on(unsigned workers, const co_test_body& body,
                           std::source_location site = std::source_location::current()) {
    (void)run_co_test(
        body,
        {.workers = workers, .virtual_time = true, .deadlock = runtime_options::on_deadlock::stop},
        site);
}

/// Runs it under `seeds` seeds, that of the process and those that follow, until one fails.
inline void simulate_co_test(const co_test_body& body, std::size_t seeds,
                             std::source_location site) {
    for (std::size_t i = 0; i != seeds; ++i) {
        if (!run_co_test(body, simulated(process_seed() + i), site)) {
            print_failed_seed(process_seed() + i, i + 1, seeds, nullptr);
            return;
        }
    }
}

inline constexpr co_test_way co_test_on_1{
    "_on_1", [](const co_test_body& body, std::size_t, std::source_location site) {
        run_co_test_on(1, body, site);
    }};
inline constexpr co_test_way co_test_on_4{
    "_on_4", [](const co_test_body& body, std::size_t, std::source_location site) {
        run_co_test_on(4, body, site);
    }};
inline constexpr co_test_way co_test_simulated{"_simulated", simulate_co_test};

/// One test: a fixture that runs its coroutine co_body() in one way.
template <typename Case>
class co_test_case final : public Case {
public:
    co_test_case(co_test_way way, std::source_location site) : way_(way), site_(site) {}

private:
    void TestBody() override {
        way_.run([this] { return this->co_body(); }, way_.seeds, site_);
    }
    co_test_way way_;
    std::source_location site_;
};

/// Registers `Case`, which derives from `Fixture` and was written at `site`, once for each of the
/// ways.
template <typename Fixture, typename Case>
int register_co_test(const char* suite, const char* name, std::source_location site,
                     std::initializer_list<co_test_way> ways) {
    for (const co_test_way& way : ways) {
        testing::RegisterTest(
            suite, (std::string(name) + way.suffix).c_str(), nullptr, nullptr, site.file_name(),
            static_cast<int>(site.line()),
            [way, site]() -> Fixture* { return new co_test_case<Case>(way, site); });
    }
    return 0;
}

} // namespace eddy::inline v0

// NOLINTBEGIN(cppcoreguidelines-macro-usage): GoogleTest registers and asserts by macro.

#define EDDY_CO_TEST(suite, name, fixture, ...)                                                    \
    class suite##_##name##_co_test : public fixture {                                              \
    public:                                                                                        \
        eddy::coro<> co_body();                                                                    \
    };                                                                                             \
    [[maybe_unused]] static const int suite##_##name##_registered =                                \
        eddy::register_co_test<fixture, suite##_##name##_co_test>(                                 \
            #suite, #name, std::source_location::current(), {__VA_ARGS__});                        \
    eddy::coro<> suite##_##name##_co_test::co_body()

/// A test whose body, which follows in braces, is a coroutine.
#define CO_TEST(suite, name)                                                                       \
    EDDY_CO_TEST(suite, name, testing::Test, eddy::co_test_on_1, eddy::co_test_on_4,               \
                 eddy::co_test_simulated)
/// For what only one worker promises: asyncio's order.
#define CO_TEST_ON_1(suite, name) EDDY_CO_TEST(suite, name, testing::Test, eddy::co_test_on_1)
/// For what needs threads: blocking, or spinning until another worker has done something.
#define CO_TEST_ON_4(suite, name) EDDY_CO_TEST(suite, name, testing::Test, eddy::co_test_on_4)
/// Under `seeds` seeds, that of the process (EDDY_SEED, else a random one) and those that follow.
#define CO_EXPLORE(suite, name, seeds)                                                             \
    EDDY_CO_TEST(suite, name, testing::Test, eddy::co_test_way{"", eddy::simulate_co_test, seeds})

/// The same for a fixture; each way gets a fixture of its own.
#define CO_TEST_F(fixture, name)                                                                   \
    EDDY_CO_TEST(fixture, name, fixture, eddy::co_test_on_1, eddy::co_test_on_4,                   \
                 eddy::co_test_simulated)
#define CO_TEST_F_ON_1(fixture, name) EDDY_CO_TEST(fixture, name, fixture, eddy::co_test_on_1)
#define CO_TEST_F_ON_4(fixture, name) EDDY_CO_TEST(fixture, name, fixture, eddy::co_test_on_4)
#define CO_EXPLORE_F(fixture, name, seeds)                                                         \
    EDDY_CO_TEST(fixture, name, fixture, eddy::co_test_way{"", eddy::simulate_co_test, seeds})

// GoogleTest's ASSERT_* return, which a coroutine must not; these co_return. They end the coroutine
// they stand in, which gives nothing (coro<>), and not the one that awaits it.

#define EDDY_CO_FATAL(message)                                                                     \
    co_return GTEST_MESSAGE_(message, ::testing::TestPartResult::kFatalFailure)
#define EDDY_CO_COMPARE(compare, left, right)                                                      \
    GTEST_PRED_FORMAT2_(::testing::internal::compare, left, right, EDDY_CO_FATAL)

#define CO_ASSERT_TRUE(condition)                                                                  \
    GTEST_TEST_BOOLEAN_(condition, #condition, false, true, EDDY_CO_FATAL)
#define CO_ASSERT_FALSE(condition)                                                                 \
    GTEST_TEST_BOOLEAN_(!(condition), #condition, true, false, EDDY_CO_FATAL)
#define CO_ASSERT_EQ(left, right) EDDY_CO_COMPARE(EqHelper::Compare, left, right)
#define CO_ASSERT_NE(left, right) EDDY_CO_COMPARE(CmpHelperNE, left, right)
#define CO_ASSERT_LT(left, right) EDDY_CO_COMPARE(CmpHelperLT, left, right)
#define CO_ASSERT_LE(left, right) EDDY_CO_COMPARE(CmpHelperLE, left, right)
#define CO_ASSERT_GT(left, right) EDDY_CO_COMPARE(CmpHelperGT, left, right)
#define CO_ASSERT_GE(left, right) EDDY_CO_COMPARE(CmpHelperGE, left, right)
#define CO_ASSERT_STREQ(left, right) EDDY_CO_COMPARE(CmpHelperSTREQ, left, right)
#define CO_ASSERT_THROW(statement, exception) GTEST_TEST_THROW_(statement, exception, EDDY_CO_FATAL)
#define CO_ASSERT_NO_THROW(statement) GTEST_TEST_NO_THROW_(statement, EDDY_CO_FATAL)
#define CO_FAIL() EDDY_CO_FATAL("Failed")
#define CO_SKIP() co_return GTEST_MESSAGE_("", ::testing::TestPartResult::kSkip)

// NOLINTEND(cppcoreguidelines-macro-usage)
