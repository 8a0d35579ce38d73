// long_steps_stress.cpp — tasks that await often, but keep their loop for a while each time, and
// what else the loop owns meanwhile.
//
// Covers:    timers of a loop that is never stuck and never idle; two tasks of long steps after a
//            time in which it was not worth while to share tasks.
// Expect:    how many steps went by, as counted by those who made them: no times are compared.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

using namespace std::chrono_literals;

namespace {

class long_steps : public stress::stress_case {};
class long_steps_on : public long_steps, public testing::WithParamInterface<unsigned> {};

void work_for(std::chrono::nanoseconds span) {
    const eddy::clock::time_point end = eddy::clock::now() + span;
    while (eddy::clock::now() < end) {
    }
}

eddy::coro<> count_steps(std::chrono::nanoseconds each, std::atomic<unsigned>& steps,
                         const std::atomic<bool>& over) {
    while (!over.load()) {
        work_for(each);
        ++steps;
        co_await eddy::yield();
    }
}

// One task for each worker, and one more.
eddy::coro<> sleep_beside(unsigned workers, unsigned& steps_max) {
    std::atomic<bool> over{false};
    std::vector<std::atomic<unsigned>> steps(workers + 1);
    std::vector<eddy::task<>> busy;
    for (std::atomic<unsigned>& mine : steps) {
        busy.push_back(eddy::create_task(count_steps(2ms, mine, over)));
    }
    co_await eddy::sleep(100ms); // the loop has learned how long the steps are
    for (int i = 0; i != 5; ++i) {
        const unsigned before = steps[0].load();
        co_await eddy::sleep(1us);
        steps_max = std::max(steps_max, steps[0].load() - before);
    }
    over.store(true);
    for (const eddy::task<>& each : busy) {
        co_await each;
    }
}

TEST_P(long_steps_on, a_timer_of_a_busy_loop_does_not_wait_for_dozens_of_steps) {
    unsigned steps_max = 0;
    eddy::run(sleep_beside(GetParam(), steps_max), {.workers = GetParam()});
    EXPECT_LT(steps_max, 12U);
}

INSTANTIATE_TEST_SUITE_P(workers, long_steps_on, testing::Values(1U, 2U));

eddy::coro<> nothing() {
    co_return;
}

struct overlap {
    std::atomic<int> inside{0};
    std::atomic<int> steps{0};
    std::atomic<int> together{0};
};

eddy::coro<> note_overlap(overlap& seen) {
    while (seen.together.load() < 20 && seen.steps.load() < 1000) {
        ++seen.steps;
        if (seen.inside.fetch_add(1) != 0) {
            ++seen.together;
        }
        work_for(1ms);
        --seen.inside;
        co_await eddy::yield();
    }
}

eddy::coro<> share_after_tiny_tasks(overlap& seen) {
    for (std::size_t i = stress::scaled(400'000); i != 0; --i) {
        const auto a = eddy::create_task(nothing());
        const auto b = eddy::create_task(nothing());
        const auto c = eddy::create_task(nothing());
        co_await a;
        co_await b;
        co_await c;
    }
    co_await eddy::gather(eddy::create_task(note_overlap(seen)),
                          eddy::create_task(note_overlap(seen)));
}

TEST_F(long_steps, two_tasks_of_long_steps_run_on_two_workers_whatever_came_before) {
    overlap seen;
    eddy::run(share_after_tiny_tasks(seen), {.workers = 2});
    EXPECT_GE(seen.together.load(), 20);
}

} // namespace
