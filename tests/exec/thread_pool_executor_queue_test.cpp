// thread_pool_executor_queue_test.cpp — the bounded queue of a thread pool.
//
// Covers:    to_thread waits for room; what becomes of the arguments of a job that is withdrawn.
// Not here:  what all executors promise -> executor_queue_test.cpp; many at once ->
//            stress/executor_stress.cpp.

#include "exec/occupied.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>

namespace eddy {
namespace {

int twice(int x) {
    return 2 * x;
}
int read_from(const std::shared_ptr<int>& shared) {
    return *shared;
}

thread_pool_options bounded(std::size_t queue_max) {
    return {.threads_max = 1, .queue_max = queue_max};
}

CO_TEST(queue_max, to_thread_waits_for_room) {
    set_default_executor(std::make_shared<thread_pool_executor>(bounded(1)));
    const auto pool = default_executor();
    occupied busy(*pool, 1);
    (void)pool->submit(twice, 1);
    auto goes = create_task(to_thread(twice, 3));
    while (pool->queued() != 2) {
        co_await yield();
    }
    busy.release();
    EXPECT_EQ(co_await goes, 6);
}

// Not by who cancels, maybe in the middle of something.
TEST(queue_max, the_arguments_of_a_withdrawn_job_are_destroyed_by_the_next_one_that_submits) {
    thread_pool_executor pool(bounded(1));
    const occupied busy(pool, 1);
    const auto held = std::make_shared<int>(1);
    const auto withdrawn = pool.submit(read_from, held);
    EXPECT_TRUE(withdrawn.cancel());
    EXPECT_EQ(held.use_count(), 2);
    (void)pool.submit(twice, 1);
    EXPECT_EQ(held.use_count(), 1);
}

TEST(queue_max, the_arguments_of_a_withdrawn_job_are_destroyed_before_its_thread_sleeps) {
    const auto held = std::make_shared<int>(1);
    thread_pool_executor pool(bounded(1));
    {
        const occupied busy(pool, 1);
        EXPECT_TRUE(pool.submit(read_from, held).cancel());
    }
    pool.shutdown();
    EXPECT_EQ(held.use_count(), 1);
}

} // namespace
} // namespace eddy
