// queued_job_test.cpp — a job and the desk that gives places, without an executor.
//
// Covers:    who is told of the end of a future, and once; who keeps a job; a place that is there,
//            one that is waited for in vain, and a desk that refuses.
// Not here:  the desks of executors, and who is let in -> executor_queue_test.cpp; claims of
//            processes -> model/job_claims_model.cpp.

#include <eddy/eddy.hpp>
#include <eddy/exec/executor_job.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace eddy {
namespace {

/// Takes jobs or lets them wait, for ever, and never makes a call.
class idle_desk final : public job_desk {
public:
    enum class room : std::uint8_t { some, none, closed };

    explicit idle_desk(room has = room::some) : has_(has) {}

    [[nodiscard]] bool admit(admission_op& who, when_full then) override {
        if (has_ == room::closed) {
            throw executor_shut_down("closed");
        }
        if (has_ == room::some) {
            taken.push_back(who.take_job());
        } else if (then == when_full::wait) {
            waits = &who;
        }
        return has_ == room::some;
    }
    [[nodiscard]] bool leave_line(admission_op& who) noexcept override {
        return std::exchange(waits, nullptr) == &who;
    }
    void job_done(job_pointer<> /*watched*/) noexcept override { ++told; }

    std::vector<job_pointer<>> taken;
    admission_op* waits = nullptr;
    int told = 0;

private:
    room has_;
};

/// A job that holds `what`, and its future.
auto job_with(std::shared_ptr<int> what) {
    return make_executor_job([](const std::shared_ptr<int>& from) { return *from; },
                             std::move(what));
}

auto place_at(std::shared_ptr<job_desk> desk, std::shared_ptr<int> what) {
    auto [job, result] = job_with(std::move(what));
    return submit_op<int>(std::move(desk), std::move(job), std::move(result));
}

TEST(queued_job, its_desk_is_told_once_of_a_cancel) {
    const auto desk = std::make_shared<idle_desk>();
    auto [job, result] = job_with(std::make_shared<int>(1));
    job->watch(desk);
    EXPECT_TRUE(result.cancel());
    EXPECT_FALSE(result.cancel());
    EXPECT_EQ(desk->told, 1);
}

TEST(queued_job, its_desk_is_told_of_its_result) {
    const auto desk = std::make_shared<idle_desk>();
    auto [job, result] = job_with(std::make_shared<int>(1));
    job->watch(desk);
    job->run();
    EXPECT_EQ(result.result(), 1);
    EXPECT_EQ(desk->told, 1);
}

TEST(queued_job, after_unwatch_nobody_is_told) {
    const auto desk = std::make_shared<idle_desk>();
    auto [job, result] = job_with(std::make_shared<int>(1));
    job->watch(desk);
    job->unwatch();
    EXPECT_TRUE(result.cancel());
    EXPECT_EQ(desk->told, 0);
}

TEST(queued_job, it_lives_until_it_has_been_told_of_although_its_owner_lets_it_go) {
    const auto held = std::make_shared<int>(1);
    const auto desk = std::make_shared<idle_desk>();
    auto [job, result] = job_with(held);
    job->watch(desk);
    job.reset();
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_TRUE(result.cancel());
    EXPECT_EQ(held.use_count(), 1);
}

CO_TEST(submit_op, a_place_that_is_there_is_taken_without_a_wait) {
    const auto desk = std::make_shared<idle_desk>();
    const auto before = now();
    const future<int> result = co_await place_at(desk, std::make_shared<int>(7));
    EXPECT_EQ(now(), before);
    CO_ASSERT_EQ(desk->taken.size(), 1U);
    static_cast<executor_job&>(*desk->taken.front()).run();
    EXPECT_EQ(result.result(), 7);
}

CO_TEST_ON_1(submit_op, a_cancel_of_the_wait_leaves_the_line_and_lets_the_job_go) {
    const auto held = std::make_shared<int>(1);
    const auto desk = std::make_shared<idle_desk>(idle_desk::room::none);
    const auto waiter = create_task([&]() -> coro<> { (void)co_await place_at(desk, held); });
    co_await yield();
    EXPECT_NE(desk->waits, nullptr);
    EXPECT_EQ(held.use_count(), 2);
    waiter.cancel();
    EXPECT_TRUE((co_await as_result(waiter)).cancelled());
    EXPECT_EQ(desk->waits, nullptr);
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_TRUE(desk->taken.empty());
}

CO_TEST(submit_op, what_the_desk_throws_comes_out_of_the_await) {
    const auto held = std::make_shared<int>(1);
    const auto desk = std::make_shared<idle_desk>(idle_desk::room::closed);
    CO_ASSERT_THROW((void)co_await place_at(desk, held), executor_shut_down);
    EXPECT_EQ(held.use_count(), 1);
}

} // namespace
} // namespace eddy
