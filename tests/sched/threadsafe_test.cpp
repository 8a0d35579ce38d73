// threadsafe_test.cpp — the way in for other threads.
//
// Covers:    run_coroutine_threadsafe: results, exceptions, limits, cancel, refusal on a loop's
//            thread.

#include <eddy/testing/co_test.hpp>

#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give(int value) {
    co_await yield();
    co_return value;
}
coro<> fail() {
    co_await yield();
    throw std::runtime_error("bad");
}
coro<> never() {
    promise<> unset;
    co_await unset.get_future();
}

// Runs `outside(loop)` on a thread that runs no loop, while a runtime runs; awaits its end.
template <typename Outside>
coro<> with_thread(Outside outside) {
    promise<> ended;
    event_loop& loop = get_running_loop();
    std::thread other([&] {
        outside(loop);
        ended.set_value();
    });
    co_await ended.get_future();
    other.join();
}

CO_TEST(threadsafe, a_coroutine_of_another_thread_runs_on_the_loop_and_gives_its_result) {
    co_await with_thread([](event_loop& loop) {
        EXPECT_EQ(run_coroutine_threadsafe(give(5), loop).result(), 5);
        EXPECT_EQ(run_coroutine_threadsafe(give(6), loop).result(1h), 6);
    });
}

CO_TEST(threadsafe, an_exception_is_thrown_by_result) {
    co_await with_thread([](event_loop& loop) {
        EXPECT_THROW(run_coroutine_threadsafe(fail(), loop).result(), std::runtime_error);
    });
}

CO_TEST(threadsafe, a_result_that_takes_too_long_is_a_timeout_and_the_task_goes_on) {
    co_await with_thread([](event_loop& loop) {
        auto handle = run_coroutine_threadsafe(never(), loop);
        EXPECT_THROW(handle.result(1ms), timeout_error);
        EXPECT_THROW(handle.result(0ms), timeout_error);
        EXPECT_THROW(handle.result(-1ms), timeout_error);
        EXPECT_FALSE(handle.done());
        EXPECT_TRUE(handle.cancel("enough"));
        EXPECT_THROW(handle.result(), cancelled_error);
        EXPECT_TRUE(handle.done());
        EXPECT_FALSE(handle.cancel());
    });
}

CO_TEST(threadsafe, many_threads_may_do_so_at_the_same_time) {
    event_loop& loop = get_running_loop();
    promise<> ended;
    std::atomic<int> sum = 0;
    std::atomic<int> left = 4;
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k != 50; ++k) {
                sum += run_coroutine_threadsafe(give(1), loop).result();
            }
            if (--left == 0) {
                ended.set_value();
            }
        });
    }
    co_await ended.get_future();
    for (std::thread& each : threads) {
        each.join();
    }
    EXPECT_EQ(sum, 200);
}

CO_TEST(threadsafe, on_a_loop_thread_a_blocking_wait_is_refused) {
    auto handle = run_coroutine_threadsafe(give(5), get_running_loop());
    EXPECT_THROW(handle.result(), already_running);
    EXPECT_THROW(handle.result(1s), already_running);
    EXPECT_EQ(co_await handle.handle(), 5);
}

CO_TEST(threadsafe, the_task_knows_where_it_was_created) {
    const unsigned line = __LINE__ + 1;
    auto handle = run_coroutine_threadsafe(give(5), get_running_loop());
    EXPECT_EQ(handle.handle().creation_site().line(), line);
    co_await handle.handle();
}

TEST(threadsafe, of_an_empty_coro_throws_invalid_argument) {
    run_virtual(1, []() -> coro<> {
        auto body = give(5);
        (void)co_await std::move(body);
        EXPECT_THROW(run_coroutine_threadsafe(std::move(body), get_running_loop()),
                     std::invalid_argument);
    });
}

} // namespace
} // namespace eddy
