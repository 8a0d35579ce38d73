// executor_job_test.cpp — a call that an executor makes, without an executor.
//
// Covers:    the result, an exception, a withdrawn call, what the call holds.
// Not here:  threads -> thread_pool_executor_test.cpp.

#include <eddy/exec/executor_job.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace {

TEST(executor_job, the_future_has_what_the_call_gives) {
    const auto add = [](int a, int b) { return a + b; };
    eddy::executor_call<int, decltype(add), int, int> job(add, 2, 3);
    const eddy::future<int> result = job.result();
    EXPECT_FALSE(result.done());
    job.run();
    EXPECT_EQ(result.result(), 5);
}

TEST(executor_job, the_future_has_what_the_call_throws) {
    const auto fail = [] { throw std::runtime_error("no"); };
    eddy::executor_call<void, decltype(fail)> job(fail);
    const eddy::future<void> result = job.result();
    job.run();
    EXPECT_THROW(result.result(), std::runtime_error);
}

TEST(executor_job, a_call_whose_future_was_cancelled_is_not_made) {
    bool called = false;
    const auto note = [&called] { called = true; };
    eddy::executor_call<void, decltype(note)> job(note);
    EXPECT_TRUE(job.result().cancel());
    job.run();
    EXPECT_FALSE(called);
}

TEST(executor_job, a_job_that_is_cancelled_ends_its_future_and_lets_its_arguments_go) {
    const auto held = std::make_shared<int>(7);
    const auto read = [](const std::shared_ptr<int>& from) { return *from; };
    eddy::executor_call<int, decltype(read), std::shared_ptr<int>> job(read, held);
    EXPECT_EQ(held.use_count(), 2);
    job.cancel();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_TRUE(job.result().cancelled());
}

TEST(executor_job, its_arguments_are_gone_when_it_has_run) {
    const auto held = std::make_shared<int>(7);
    const auto read = [](const std::shared_ptr<int>& from) { return *from; };
    eddy::executor_call<int, decltype(read), std::shared_ptr<int>> job(read, held);
    job.run();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(job.result().result(), 7);
}

} // namespace
