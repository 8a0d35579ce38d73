// runtime_misuse_test.cpp — what a runtime answers to what it cannot do.
//
// Covers:    too many workers, loops that do not exist, closing while it runs, what others want of
//            it while it closes, fork.
// Not here:  running and closing -> runtime_test.cpp; the same from many threads ->
//            tests/stress/closing_stress.cpp.

#include <eddy/testing/co_test.hpp>

#include <cstdlib>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give(int value) {
    co_await yield();
    co_return value;
}
coro<> nothing() {
    co_await yield();
}
runtime_options virtual_on(unsigned workers) {
    return {.workers = workers, .virtual_time = true};
}

TEST(runtime_misuse, more_workers_than_there_can_be_are_refused_and_not_fewer_given) {
    EXPECT_THROW(runtime({.workers = 257}), std::invalid_argument);
    EXPECT_THROW(runtime({.workers = 10'000}), std::invalid_argument);
}

TEST(runtime_misuse, a_loop_that_does_not_exist_is_an_error_and_no_crash) {
    runtime loops(virtual_on(2));
    EXPECT_EQ(&loops.loop(1), &loops.loop(1));
    EXPECT_THROW((void)loops.loop(2), std::out_of_range);
    loops.close();
    EXPECT_THROW((void)loops.loop(0), runtime_closed);
}

TEST(runtime_misuse, a_task_cannot_close_its_own_runtime) {
    runtime loops(virtual_on(2));
    loops.run_until_complete([](runtime& own) -> coro<> {
        EXPECT_THROW(own.close(), already_running);
        co_await yield();
        EXPECT_THROW(own.close(), already_running);
    }(loops));
    EXPECT_EQ(loops.run_until_complete(give(3)), 3);
}

/// Runs `then` in a task that is cancelled by the close of `loops`, and closes it.
template <typename Fn>
void in_the_close(runtime& loops, Fn then) {
    loops.run_until_complete([](Fn then) -> coro<> {
        (void)create_task([](Fn then) -> coro<> {
            EXPECT_TRUE((co_await as_result(sleep(1h))).cancelled());
            co_await then();
        }(then));
        co_await sleep(1s);
    }(then));
    loops.close();
}

TEST(runtime_misuse, a_stop_during_the_close_does_not_cut_it_short) {
    report_log reports;
    runtime loops(virtual_on(2));
    bool ended = false;
    in_the_close(loops, [&]() -> coro<> {
        loops.stop();
        co_await sleep(1s);
        loops.stop();
        co_await sleep(1s);
        ended = true;
    });
    EXPECT_TRUE(ended);
    EXPECT_EQ(reports.size(), 0U);
}

TEST(runtime_misuse, what_another_thread_starts_during_the_close_is_refused) {
    runtime loops(virtual_on(2));
    int refused = 0;
    const std::int64_t frames = frame_cache::live_hint();
    in_the_close(loops, [&]() -> coro<> {
        event_loop& loop = get_running_loop();
        std::thread([&] {
            try {
                loops.create_task(give(1));
            } catch (const runtime_closed&) {
                ++refused;
            }
            try {
                run_coroutine_threadsafe(nothing(), loop);
            } catch (const runtime_closed&) {
                ++refused;
            }
        }).join();
        co_return;
    });
    EXPECT_EQ(refused, 2);
    EXPECT_EQ(frame_cache::live_hint(), frames);
}

TEST(runtime_misuse, its_own_tasks_may_start_others_during_the_close) {
    for (const auto after : {0s, 1s}) { // 1s: when all that were there have been cancelled
        report_log reports;
        runtime loops(virtual_on(2));
        bool ended = false;
        in_the_close(loops, [&]() -> coro<> {
            co_await sleep(after);
            auto t = loops.create_task([]() -> coro<> { co_await sleep(1h); }());
            // It is cancelled like all others.
            EXPECT_TRUE((co_await as_result(t)).cancelled());
            ended = true;
        });
        EXPECT_TRUE(ended);
        EXPECT_EQ(reports.size(), 0U);
    }
}

// -- fork --

/// Runs `child` in a forked process; gives its exit status, -1 if a signal ended it.
template <typename Fn>
int exit_of_child(Fn child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        std::_Exit(child() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

template <typename Fn>
bool refuses(Fn call) {
    try {
        call();
        return false;
    } catch (const runtime_closed&) {
        return true;
    }
}

TEST(runtime_misuse, in_a_forked_process_it_says_so_and_can_be_let_go) {
    auto loops = std::make_unique<runtime>(virtual_on(4));
    EXPECT_EQ(loops->run_until_complete(give(1)), 1);
    const auto child = [&] {
        const bool told = refuses([&] { (void)loops->run_until_complete(give(2)); }) &&
                          refuses([&] { (void)loops->create_task(give(2)); }) &&
                          refuses([&] { loops->run_forever(); });
        loops->stop();
        loops.reset();
        return told;
    };
    EXPECT_EQ(exit_of_child(child), 0);
    EXPECT_EQ(loops->run_until_complete(give(3)), 3);
}

TEST(runtime_misuse, a_task_that_forks_cannot_start_tasks_in_the_child) {
    const auto child = [] {
        try {
            (void)create_task(nothing());
        } catch (const no_running_loop&) {
            return try_get_running_loop() == nullptr;
        }
        return false;
    };
    EXPECT_EQ(run(
                  [](auto child) -> coro<int> {
                      co_await yield();
                      co_return exit_of_child(child);
                  }(child),
                  virtual_on(1)),
              0);
}

TEST(runtime_misuse, a_task_that_forks_does_not_go_on_in_the_child_nor_do_others) {
    const pid_t parent = ::getpid();
    int status = -1;
    int others = 0;
    try {
        run(
            [](pid_t parent, int& status, int& others) -> coro<> {
                (void)create_task([](int& others) -> coro<> {
                    co_await yield();
                    ++others;
                }(others));
                const pid_t pid = ::fork();
                if (pid != 0) {
                    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
                }
                co_await sleep(1s);
                if (::getpid() != parent) {
                    std::_Exit(1);
                }
            }(parent, status, others),
            virtual_on(1));
    } catch (const runtime_closed&) {
        std::_Exit(::getpid() != parent && others == 0 ? 0 : 2);
    }
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(others, 1);
}

} // namespace
} // namespace eddy
