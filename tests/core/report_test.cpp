// report_test.cpp — where things go that nobody asked for.
//
// Covers:    the handler of the process: set, restored, default, one that throws; the texts of
//            reports.
// Not here:  who reports what -> coro_test.cpp, task_test.cpp, sched/event_loop_test.cpp,
//            sched/runtime_test.cpp.

#include <eddy/testing/report_log.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace eddy {
namespace {

report a_report() {
    return {.kind = report_kind::callback_failed,
            .message = "something went wrong",
            .task_name = "five",
            .site = {},
            .error = nullptr};
}

TEST(report, it_goes_to_the_handler_that_was_set_last) {
    report_log outer;
    {
        report_log inner;
        emit(a_report());
        EXPECT_EQ(inner.only().message, "something went wrong");
        EXPECT_EQ(inner.only().task_name, "five");
    }
    EXPECT_EQ(outer.size(), 0U);
    emit(a_report());
    EXPECT_EQ(outer.size(), 1U);
}

TEST(report, setting_a_handler_gives_the_one_before) {
    int calls = 0;
    auto original = on_unhandled([&](const report&) { ++calls; });
    auto mine = on_unhandled({});
    mine(a_report());
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(on_unhandled(std::move(original)));
}

TEST(report, without_a_handler_a_line_goes_to_stderr) {
    auto original = on_unhandled({});
    testing::internal::CaptureStderr();
    emit(a_report());
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "eddy: something went wrong\n");
    on_unhandled(std::move(original));
}

TEST(report, what_a_handler_throws_is_dropped) {
    auto original =
        on_unhandled([](const report&) { throw std::runtime_error("from the handler"); });
    testing::internal::CaptureStderr();
    EXPECT_NO_THROW(emit(a_report()));
    EXPECT_NE(testing::internal::GetCapturedStderr(), "");
    on_unhandled(std::move(original));
}

TEST(report, a_handler_may_set_another_one) {
    auto original = on_unhandled([](const report&) { on_unhandled([](const report&) {}); });
    emit(a_report());
    on_unhandled(std::move(original));
}

TEST(report, a_failed_callback_is_reported_with_what_it_threw) {
    report_log log;
    emit_callback_failure("a callback", std::make_exception_ptr(std::runtime_error("bad")));
    EXPECT_EQ(log.only().kind, report_kind::callback_failed);
    EXPECT_EQ(log.only().message, "a callback threw: bad");
    EXPECT_NE(log.only().error, nullptr);
}

TEST(report, an_exception_is_described_by_its_what) {
    EXPECT_EQ(describe(std::make_exception_ptr(std::runtime_error("bad"))), "bad");
    EXPECT_EQ(describe(std::make_exception_ptr(5)), "unknown exception");
}

} // namespace
} // namespace eddy
