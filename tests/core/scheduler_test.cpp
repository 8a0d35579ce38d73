// scheduler_test.cpp — what core knows of a worker.
//
// Covers:    what core sees of a worker: who is current, the budget of a step, jobs, callbacks.
// Not here:  what a worker does with it -> the tests of sched.

#include <eddy/testing/co_test.hpp>

#include <atomic>

namespace eddy {
namespace {

using namespace std::chrono_literals;

CO_TEST(scheduler, a_task_finds_the_one_that_runs_it) {
    scheduler* const here = scheduler::current();
    EXPECT_NE(here, nullptr);
    EXPECT_EQ(here->running(), current_task().base());
    co_return;
}

TEST(scheduler, outside_of_a_loop_there_is_none) {
    EXPECT_EQ(scheduler::current(), nullptr);
}

CO_TEST(scheduler, those_of_one_runtime_have_one_id_and_another_runtime_another) {
    const void* const mine = scheduler::current()->runtime_id();
    for (int i = 0; i != 20; ++i) {
        co_await sleep(1ms);
        EXPECT_EQ(scheduler::current()->runtime_id(), mine);
    }
    runtime other({.workers = 1});
    EXPECT_NE(static_cast<const void*>(&other), mine);
}

CO_TEST(scheduler, a_step_has_a_budget_and_the_next_one_a_new_one) {
    scheduler* here = scheduler::current();
    here->refill_budget();
    for (int i = 0; i != scheduler::budget_per_step; ++i) {
        EXPECT_TRUE(here->spend());
    }
    EXPECT_FALSE(here->spend());
    co_await yield();
    EXPECT_TRUE(scheduler::current()->spend());
}

class counted final : public job {
public:
    explicit counted(promise<scheduler*>& ran_on) noexcept : ran_on_(ran_on) {}

private:
    void discard() noexcept override {}
    void run() noexcept override { ran_on_.set_value(scheduler::current()); }
    promise<scheduler*>& ran_on_;
};

CO_TEST(scheduler, a_job_that_is_made_ready_or_posted_runs_once_on_a_worker) {
    promise<scheduler*> first;
    counted ready(first);
    scheduler::current()->make_ready(ready);
    EXPECT_NE(co_await first.get_future(), nullptr);
    promise<scheduler*> second;
    counted posted(second);
    scheduler::current()->post(posted);
    EXPECT_NE(co_await second.get_future(), nullptr);
}

} // namespace
} // namespace eddy
