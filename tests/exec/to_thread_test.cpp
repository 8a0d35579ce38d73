// to_thread_test.cpp — the pool that a runtime has of its own.
//
// Covers:    to_thread, default_executor, set_default_executor, the end of the runtime.

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

CO_TEST(to_thread, runs_a_call_off_the_loop) {
    EXPECT_EQ(co_await to_thread(twice, 21), 42);
    EXPECT_EQ(co_await to_thread([] { return try_get_running_loop(); }), nullptr);
    const auto [a, b] = co_await gather(to_thread(twice, 1), to_thread(twice, 2));
    EXPECT_EQ(a + b, 6);
}

CO_TEST(to_thread, throws_what_the_function_throws) {
    EXPECT_TRUE((co_await as_result(to_thread([] {
                    throw std::runtime_error("bad");
                }))).holds<std::runtime_error>());
}

CO_TEST(default_executor, is_one_for_the_whole_runtime) {
    const auto pool = default_executor();
    EXPECT_EQ(pool, default_executor());
    EXPECT_EQ(pool, co_await create_task([]() -> coro<std::shared_ptr<thread_pool_executor>> {
                  co_await yield();
                  co_return default_executor();
              }));
}

TEST(default_executor, belongs_to_a_runtime) {
    EXPECT_THROW((void)default_executor(), no_running_loop);
    EXPECT_THROW(set_default_executor(std::make_shared<thread_pool_executor>()), no_running_loop);
}

CO_TEST(set_default_executor, to_thread_uses_the_one_that_was_set) {
    set_default_executor(std::make_shared<thread_pool_executor>(
        thread_pool_options{.threads_max = 1, .name = "mine"}));
    EXPECT_EQ(default_executor()->threads_max(), 1U);
    EXPECT_EQ(co_await to_thread(twice, 2), 4);
    EXPECT_THROW(set_default_executor(nullptr), std::invalid_argument);
}

CO_TEST(set_default_executor, the_one_before_goes_on_with_what_it_has) {
    std::latch release(1);
    const auto old = default_executor()->submit([&] { release.wait(); });
    set_default_executor(std::make_shared<thread_pool_executor>(2));
    set_default_executor(std::make_shared<thread_pool_executor>(2));
    EXPECT_EQ(co_await to_thread(twice, 2), 4);
    release.count_down();
    co_await old;
}

TEST(default_executor, what_was_submitted_has_run_when_the_runtime_is_closed) {
    std::atomic<int> ran = 0;
    run_virtual(2, [&]() -> coro<> {
        for (int i = 0; i != 100; ++i) {
            (void)default_executor()->submit([&] { ++ran; });
        }
        co_return;
    });
    EXPECT_EQ(ran, 100);
}

TEST(default_executor, a_job_that_does_not_end_is_named_and_left_after_the_grace_period) {
    const report_log reports;
    auto release = std::make_shared<std::latch>(1);
    auto gone = std::make_shared<std::latch>(1);
    run(
        [](std::shared_ptr<std::latch> release, std::shared_ptr<std::latch> gone) -> coro<> {
            std::latch begun(1);
            (void)create_task(to_thread([release, gone, &begun] {
                begun.count_down();
                release->wait();
                gone->count_down();
            }));
            while (!begun.try_wait()) {
                co_await yield();
            }
        }(release, gone),
        {.workers = 1, .grace = 1ms});
    EXPECT_EQ(reports.count(report_kind::refuses_to_end), 1U);
    release->count_down();
    gone->wait();
}

TEST(default_executor, is_refused_when_the_runtime_closes) {
    run_virtual(1, []() -> coro<> {
        (void)create_task([]() -> coro<> {
            const auto gone = co_await as_result(sleep(1h));
            EXPECT_TRUE(gone.cancelled());
            EXPECT_EQ(co_await to_thread(twice, 2), 4); // cleanup may use it still
        });
        co_await yield();
    });
}

} // namespace
} // namespace eddy
