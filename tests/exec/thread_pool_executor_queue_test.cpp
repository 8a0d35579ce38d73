// thread_pool_executor_queue_test.cpp — a queue that takes so many jobs and no more.
//
// Covers:    queue_max: submit is refused, submit_async and the others wait in turn; cancels of the
//            wait; shutdown while some wait.
// Not here:  many at once -> stress/executor_stress.cpp.

#include "exec/occupied.hpp"
#include <eddy/testing/co_test.hpp>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace eddy {
namespace {

int twice(int x) {
    return 2 * x;
}

// What ran, in order.
class call_log {
public:
    auto adds(std::string name) {
        return [this, name = std::move(name)] {
            const std::lock_guard hold(lock_);
            text_ += name;
        };
    }
    [[nodiscard]] std::string text() {
        const std::lock_guard hold(lock_);
        return text_;
    }

private:
    std::mutex lock_;
    std::string text_;
};

thread_pool_options bounded(std::size_t queue_max) {
    return {.threads_max = 1, .queue_max = queue_max};
}

TEST(queue_max, submit_to_a_full_queue_is_refused_and_says_why) {
    thread_pool_executor pool(bounded(2));
    const occupied busy(pool, 1);
    (void)pool.submit(twice, 1);
    (void)pool.submit(twice, 2);
    EXPECT_EQ(pool.queued(), 2U);
    try {
        (void)pool.submit(twice, 3);
        ADD_FAILURE();
    } catch (const executor_queue_full& error) {
        EXPECT_NE(std::string(error.what()).find("has 2 jobs"), std::string::npos) << error.what();
    }
    EXPECT_EQ(pool.queued(), 2U);
}

TEST(queue_max, a_job_that_begins_makes_room) {
    thread_pool_executor pool(bounded(1));
    for (int i = 0; i != 100; ++i) {
        EXPECT_EQ(pool.apply(twice, i), 2 * i);
    }
    EXPECT_EQ(pool.queued(), 0U);
}

CO_TEST(queue_max, submit_async_waits_for_room_in_turn) {
    thread_pool_executor pool(bounded(1));
    call_log ran;
    occupied busy(pool, 1);
    EXPECT_TRUE((co_await pool.submit_async(ran.adds("a"))).valid()); // there is room for it
    std::vector<task<>> waiting;
    for (const char* const name : {"b", "c", "d"}) {
        waiting.push_back(create_task([](auto& pool, auto fn) -> coro<> {
            const auto result = co_await pool.submit_async(fn);
            co_await result;
        }(pool, ran.adds(name))));
        while (pool.queued() != 1 + waiting.size()) {
            co_await yield();
        }
    }
    EXPECT_THROW(pool.submit(twice, 1), executor_queue_full);
    busy.release();
    for (const auto& each : waiting) {
        co_await each;
    }
    EXPECT_EQ(ran.text(), "abcd");
    co_await pool.aclose();
}

CO_TEST(queue_max, a_cancelled_wait_submits_nothing_and_the_others_keep_their_turns) {
    thread_pool_executor pool(bounded(1));
    call_log ran;
    occupied busy(pool, 1);
    (void)pool.submit(ran.adds("a"));
    std::vector<task<>> waiting;
    for (const char* const name : {"b", "c", "d"}) {
        waiting.push_back(create_task([](auto& pool, auto fn) -> coro<> {
            co_await co_await pool.submit_async(fn);
        }(pool, ran.adds(name))));
        while (pool.queued() != 1 + waiting.size()) {
            co_await yield();
        }
    }
    EXPECT_TRUE(waiting[1].cancel());
    EXPECT_TRUE((co_await as_result(waiting[1])).cancelled());
    EXPECT_EQ(pool.queued(), 3U);
    busy.release();
    co_await waiting[0];
    co_await waiting[2];
    EXPECT_EQ(ran.text(), "abd");
    co_await pool.aclose();
}

CO_TEST(queue_max, who_awaits_the_result_waits_for_room_too) {
    set_default_executor(std::make_shared<thread_pool_executor>(bounded(1)));
    const auto pool = default_executor();
    occupied busy(*pool, 1);
    (void)pool->submit(twice, 1);
    auto runs = create_task(run_in_executor(*pool, twice, 2));
    auto goes = create_task(to_thread(twice, 3));
    auto maps = create_task([](auto& pool) -> coro<int> {
        int sum = 0;
        EDDY_FOR(const int each, pool.map(twice, std::vector{1, 2, 3}, {.in_flight = 3})) {
            sum += each;
        }
        co_return sum;
    }(*pool));
    while (pool->queued() != 6) {
        co_await yield();
    }
    busy.release();
    EXPECT_EQ(co_await runs, 4);
    EXPECT_EQ(co_await goes, 6);
    EXPECT_EQ(co_await maps, 12);
}

CO_TEST(queue_max, a_shutdown_runs_what_waits_for_room) {
    thread_pool_executor pool(bounded(1));
    call_log ran;
    occupied busy(pool, 1);
    (void)pool.submit(ran.adds("a"));
    auto waits = create_task([](auto& pool, auto fn) -> coro<> {
        co_await co_await pool.submit_async(fn);
    }(pool, ran.adds("b")));
    while (pool.queued() != 2) {
        co_await yield();
    }
    pool.shutdown({.wait = false});
    busy.release();
    co_await waits;
    co_await pool.aclose();
    EXPECT_EQ(ran.text(), "ab");
    const auto late = [](auto& pool) -> coro<> { (void)co_await pool.submit_async(twice, 1); };
    EXPECT_TRUE((co_await as_result(late(pool))).template holds<executor_shut_down>());
}

CO_TEST(queue_max, a_shutdown_that_cancels_ends_what_waits_for_room) {
    thread_pool_executor pool(bounded(1));
    call_log ran;
    occupied busy(pool, 1);
    const auto queued = pool.submit(ran.adds("a"));
    auto waits = create_task([](auto& pool, auto fn) -> coro<> {
        const auto result = co_await pool.submit_async(fn);
        EXPECT_TRUE((co_await as_result(result)).cancelled());
    }(pool, ran.adds("b")));
    while (pool.queued() != 2) {
        co_await yield();
    }
    pool.shutdown({.wait = false, .cancel_pending = true});
    EXPECT_TRUE(queued.cancelled());
    co_await waits;
    busy.release();
    co_await pool.aclose();
    EXPECT_EQ(ran.text(), "");
}

} // namespace
} // namespace eddy
