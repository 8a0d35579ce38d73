// run_in_executor_test.cpp — awaiting a call that runs elsewhere.
//
// Covers:    results, exceptions, cancel before and after the beginning, limits, gathers, deadlock
//            reports and virtual time while a job runs.

#include <eddy/testing/co_test.hpp>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

int twice(int x) {
    return 2 * x;
}

static_assert(executor<thread_pool_executor>);
static_assert(!executor<int>);

CO_TEST(run_in_executor, gives_the_result_and_goes_on_on_a_loop) {
    thread_pool_executor pool(2);
    EXPECT_EQ(co_await run_in_executor(pool, twice, 21), 42);
    EXPECT_NE(try_get_running_loop(), nullptr);
    co_await run_in_executor(pool, [] {});
    EXPECT_EQ(*co_await run_in_executor(
                  pool, [](std::unique_ptr<int> x) { return x; }, std::make_unique<int>(3)),
              3);
}

CO_TEST(run_in_executor, throws_what_the_function_throws) {
    thread_pool_executor pool(2);
    EXPECT_TRUE((co_await as_result(run_in_executor(pool, []() -> int {
                    throw std::runtime_error("bad");
                }))).holds<std::runtime_error>());
}

CO_TEST(run_in_executor, is_a_coro_that_begins_when_it_is_awaited) {
    thread_pool_executor pool(2);
    std::atomic<int> calls = 0;
    const auto count = [&] { return ++calls; };
    {
        auto lazy = run_in_executor(pool, count);
        EXPECT_EQ(calls, 0);
        EXPECT_EQ(co_await std::move(lazy), 1);
    }
    const auto [a, b] = co_await gather(run_in_executor(pool, count), run_in_executor(pool, count));
    EXPECT_EQ(a + b, 5);
    EXPECT_EQ(co_await create_task(run_in_executor(pool, count)), 4);
}

CO_TEST(run_in_executor, the_loop_goes_on_meanwhile) {
    thread_pool_executor pool(1);
    std::latch release(1);
    auto t = create_task(run_in_executor(pool, [&] { release.wait(); }));
    for (int i = 0; i != 10; ++i) {
        co_await yield();
    }
    EXPECT_FALSE(t.done());
    release.count_down();
    co_await t;
}

CO_TEST(run_in_executor, a_cancel_before_it_begins_withdraws_the_call) {
    thread_pool_executor pool(1);
    std::latch release(1);
    std::latch begun(1);
    std::atomic<bool> ran = false;
    const auto first = pool.submit([&] {
        begun.count_down();
        release.wait();
    });
    begun.wait();
    auto t = create_task(run_in_executor(pool, [&] { ran = true; }));
    while (pool.queued() == 0) {
        co_await yield();
    }
    EXPECT_TRUE(t.cancel());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    release.count_down();
    co_await first;
    co_await pool.aclose();
    EXPECT_FALSE(ran);
}

CO_TEST(run_in_executor, a_cancel_while_it_runs_is_delivered_at_once_and_the_result_is_dropped) {
    thread_pool_executor pool(1);
    std::latch begun(1);
    std::latch release(1);
    std::atomic<bool> ended = false;
    auto t = create_task(run_in_executor(pool, [&] {
        begun.count_down();
        release.wait();
        ended = true;
        return std::make_unique<int>(1);
    }));
    while (!begun.try_wait()) {
        co_await yield();
    }
    EXPECT_TRUE(t.cancel());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_FALSE(ended);
    release.count_down();
    co_await pool.aclose();
    EXPECT_TRUE(ended);
}

CO_TEST(run_in_executor, an_exception_that_comes_after_a_cancel_is_dropped_without_a_report) {
    thread_pool_executor pool(1);
    std::latch begun(1);
    std::latch release(1);
    auto t = create_task(run_in_executor(pool, [&]() -> int {
        begun.count_down();
        release.wait();
        throw std::runtime_error("too late");
    }));
    while (!begun.try_wait()) {
        co_await yield();
    }
    EXPECT_TRUE(t.cancel());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    release.count_down();
    co_await pool.aclose();
}

CO_TEST(run_in_executor, after_the_shutdown_of_the_pool_it_throws) {
    thread_pool_executor pool(1);
    co_await pool.aclose();
    EXPECT_TRUE((co_await as_result(run_in_executor(pool, twice, 1))).holds<executor_shut_down>());
}

// The tests above run in virtual time and call a deadlock an error: so does a job in real time.
CO_TEST(run_in_executor, a_virtual_clock_stands_still_while_a_job_runs) {
    thread_pool_executor pool(1);
    std::atomic<int> spun = 0;
    EXPECT_EQ(co_await wait_for(run_in_executor(pool,
                                                [&] {
                                                    while (++spun < 100'000) {
                                                        std::this_thread::yield();
                                                    }
                                                    return 5;
                                                }),
                                1ns),
              5);
    const auto before = get_running_loop().time();
    co_await sleep(1h); // and goes on after it
    EXPECT_EQ(get_running_loop().time() - before, 1h);
}

CO_TEST(run_in_executor, a_job_nobody_awaits_holds_the_clock_and_lets_it_go) {
    thread_pool_executor pool(1);
    std::atomic<bool> ran = false;
    (void)pool.submit([&] { ran = true; });
    co_await sleep(1h);
    EXPECT_TRUE(ran);
}

CO_TEST(run_in_executor, the_await_chain_says_what_is_waited_for) {
    thread_pool_executor pool(1);
    std::latch release(1);
    auto t = create_task(run_in_executor(pool, [&] { release.wait(); }));
    while (pool.threads() == 0) {
        co_await yield();
    }
    EXPECT_NE(to_string(t).find("a job of an executor"), std::string::npos) << to_string(t);
    release.count_down();
    co_await t;
}

} // namespace
} // namespace eddy
