// co_test.hpp — CO_TEST: a test whose body is a coroutine, run on one worker and on four, in
// virtual time.
//
// Each run must give back every frame it took, and must report nothing that the body does not catch
// itself with a report_log.

#pragma once

#include "support/report_log.hpp"
#include <eddy/eddy.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace eddy::inline v0 {

/// Runs `body` to its end; gives what it gives.
template <typename Body>
auto run_virtual(unsigned workers, Body body) {
    return run(body(), {.workers = workers, .virtual_time = true});
}

/// The check of a CO_TEST around its body.
inline void run_co_test(unsigned workers, coro<> (*body)()) {
    report_log unexpected;
    const std::int64_t frames = frame_cache::live_hint();
    try {
        run_virtual(workers, body);
    } catch (const std::exception& error) {
        ADD_FAILURE() << "the body threw: " << error.what();
    }
    EXPECT_EQ(frame_cache::live_hint(), frames) << "frames or control blocks leaked";
    for (const report& each : unexpected.all()) {
        ADD_FAILURE() << "reported: " << each.message;
    }
}

} // namespace eddy::inline v0

// NOLINTBEGIN(cppcoreguidelines-macro-usage): GoogleTest registers by macro.
#define CO_TEST(suite, name)                                                                       \
    static eddy::coro<> suite##_##name##_body();                                                   \
    TEST(suite, name##_on_1) {                                                                     \
        eddy::run_co_test(1, suite##_##name##_body);                                               \
    }                                                                                              \
    TEST(suite, name##_on_4) {                                                                     \
        eddy::run_co_test(4, suite##_##name##_body);                                               \
    }                                                                                              \
    static eddy::coro<> suite##_##name##_body()

/// For what only one worker promises: asyncio's order.
#define CO_TEST_ON_1(suite, name)                                                                  \
    static eddy::coro<> suite##_##name##_body();                                                   \
    TEST(suite, name##_on_1) {                                                                     \
        eddy::run_co_test(1, suite##_##name##_body);                                               \
    }                                                                                              \
    static eddy::coro<> suite##_##name##_body()

#define CO_TEST_ON_4(suite, name)                                                                  \
    static eddy::coro<> suite##_##name##_body();                                                   \
    TEST(suite, name##_on_4) {                                                                     \
        eddy::run_co_test(4, suite##_##name##_body);                                               \
    }                                                                                              \
    static eddy::coro<> suite##_##name##_body()
// NOLINTEND(cppcoreguidelines-macro-usage)
