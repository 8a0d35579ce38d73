// deadlock_test.cpp — when all tasks wait and nothing can wake one, it is said, with names.
//
// Covers:    who waits for whom, circles, locks and their holders; what keeps hope; once and not
//            again; report and stop.
// Not here:  announced work -> outside_work_test.cpp; other threads, and tasks that only seem to
//            wait -> stress/deadlock_stress.cpp.

#include "base/thread_state.hpp"
#include "sched/deadlock.hpp"
#include "sched/runtime_core.hpp"
#include <eddy/base/syscall.hpp>
#include <eddy/eddy.hpp>
#include <eddy/io/fd.hpp>
#include <eddy/testing/report_log.hpp>
#include <eddy/testing/simulate.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include <sys/timerfd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

runtime_options stopping(unsigned workers) {
    return {
        .workers = workers, .virtual_time = true, .deadlock = runtime_options::on_deadlock::stop};
}

/// The text of the deadlock that `body` ends in, on four threads.
template <typename Body>
std::string deadlock_of(Body body) {
    try {
        runtime loops(stopping(4));
        loops.run_until_complete(body(), {.name = "main"});
    } catch (const deadlock_error& error) {
        return error.what();
    }
    return {};
}

/// A sanitizer has a thread of its own, and then nothing is certain.
bool is_certain() {
    return living_threads() == 1;
}

#define EXPECT_SAYS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

coro<> await_it(future<task<>> other) {
    const task<> kept = co_await std::move(other);
    co_await kept;
}

// -- who waits for whom --

TEST(deadlock, every_task_is_named_with_the_place_where_it_waits) {
    const std::string text = deadlock_of([]() -> coro<> {
        const promise<> unset;
        auto child = create_task([](future<> of) -> coro<> { co_await of; }(unset.get_future()),
                                 {.name = "child"});
        co_await child;
    });
    EXPECT_TRUE(text.starts_with(
        is_certain() ? "deadlock: all 2 tasks wait, and nothing can wake one\n"
                     : "possible deadlock: all 2 tasks wait, and nothing in this runtime can"))
        << text;
    EXPECT_SAYS(text, "main (suspended)");
    EXPECT_SAYS(text, "child (suspended)");
    EXPECT_SAYS(text, "waits for a future");
    EXPECT_SAYS(text, "deadlock_test.cpp:");
    EXPECT_EQ(text.find("circle"), std::string::npos) << text;
}

TEST(deadlock, tasks_that_await_each_other_are_a_circle) {
    const std::string text = deadlock_of([]() -> coro<> {
        promise<task<>> first;
        promise<task<>> second;
        auto a = create_task(await_it(second.get_future()), {.name = "a"});
        auto b = create_task(await_it(first.get_future()), {.name = "b"});
        first.set_value(a);
        second.set_value(b);
        co_await gather(a, b);
    });
    const bool named = text.find("circle: a waits for b, which waits for a") != std::string::npos ||
                       text.find("circle: b waits for a, which waits for b") != std::string::npos;
    EXPECT_TRUE(named) << text;
}

coro<> take_both(lock& first, lock& second) {
    auto one = co_await first.acquire();
    co_await sleep(1ms);
    auto other = co_await second.acquire();
}

TEST(deadlock, locks_know_their_holders) {
    lock a;
    lock b; // of who outlives the tasks
    const std::string text = deadlock_of([&]() -> coro<> {
        auto left = create_task(take_both(a, b), {.name = "left"});
        auto right = create_task(take_both(b, a), {.name = "right"});
        co_await gather(left, right);
    });
    EXPECT_SAYS(text, "waits for a lock, which left holds");
    EXPECT_SAYS(text, "waits for a lock, which right holds");
    const bool named =
        text.find("circle: left waits for right, which waits for left") != std::string::npos ||
        text.find("circle: right waits for left, which waits for right") != std::string::npos;
    EXPECT_TRUE(named) << text;
}

TEST(deadlock, a_lock_taken_twice_is_a_circle_of_one) {
    const std::string text = deadlock_of([]() -> coro<> {
        lock gate;
        auto held = co_await gate.acquire();
        auto again = co_await gate.acquire();
    });
    EXPECT_SAYS(text, "deadlock: the only task waits");
    EXPECT_SAYS(text, "circle: main waits for main");
}

TEST(deadlock, a_circle_through_the_children_of_a_gather_is_found) {
    const std::string text = deadlock_of([]() -> coro<> {
        lock gate;
        auto held = co_await gate.acquire();
        auto wanting = [](lock& gate) -> coro<> { auto held = co_await gate.acquire(); };
        co_await gather(wanting(gate), sleep(1ms));
    });
    EXPECT_SAYS(text, "circle: main waits for main");
}

TEST(deadlock, a_simulation_says_the_same) {
    for (std::uint64_t seed = 0; seed != 10; ++seed) {
        try {
            simulate(seed, []() -> coro<> {
                lock gate;
                auto held = co_await gate.acquire();
                auto again = co_await gate.acquire();
            }());
            ADD_FAILURE() << "no error";
        } catch (const deadlock_error& error) {
            EXPECT_SAYS(std::string(error.what()), "circle: Task-1 waits for Task-1");
        }
    }
}

TEST(deadlock, what_other_things_are_waited_for) {
    const std::string text = deadlock_of([]() -> coro<> {
        event never;
        semaphore none(0);
        rw_lock shared;
        barrier two(2);
        condition changed;
        auto writing = co_await shared.exclusive();
        auto on_condition = [](condition& of) -> coro<> {
            auto held = co_await of.acquire();
            co_await of.wait(held);
        };
        auto on_semaphore = [](semaphore& of) -> coro<> { auto held = co_await of.acquire(); };
        auto on_shared = [](rw_lock& of) -> coro<> { auto held = co_await of.shared(); };
        auto on_barrier = [](barrier& of) -> coro<> { (void)co_await of.wait(); };
        co_await gather(on_condition(changed), on_semaphore(none), on_shared(shared),
                        on_barrier(two), never.wait());
    });
    for (const char* what : {"a condition", "a permit of a semaphore", "a shared lock",
                             "the other parties of a barrier", "an event or a latch"}) {
        EXPECT_SAYS(text, std::string("waits for ") + what);
    }
}

// -- what keeps hope --

TEST(deadlock, a_timer_keeps_hope) {
    EXPECT_EQ(deadlock_of([]() -> coro<> {
                  promise<> set;
                  (void)get_running_loop().call_later(24h, [&set] { set.set_value(); });
                  co_await set.get_future();
              }),
              "");
}

TEST(deadlock, a_sleep_without_an_end_keeps_none) {
    const std::string text =
        deadlock_of([]() -> coro<> { co_await sleep_until(clock::time_point::max()); });
    EXPECT_SAYS(text, "main (suspended)");
    EXPECT_SAYS(text, "waits for a timer");
}

TEST(deadlock, a_descriptor_keeps_hope) {
    const owned_fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const itimerspec soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 20'000'000}};
    ASSERT_EQ(::timerfd_settime(timer.get(), 0, &soon, nullptr), 0);
    EXPECT_EQ(deadlock_of([fd = timer.get()]() -> coro<> { co_await readable(fd); }), "");
}

TEST(deadlock, an_awaitable_of_another_library_is_work_outside) {
    std::coroutine_handle<> waiting;
    struct foreign {
        std::coroutine_handle<>& to;
        static bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) const noexcept { to = waiter; }
        static void await_resume() noexcept {}
    };
    runtime loops(stopping(1));
    auto t = loops.create_task(
        [](std::coroutine_handle<>& to) -> coro<> { co_await foreign{to}; }(waiting));
    runtime_core& core = loops.loop().owner().runtime();
    loops.run_until_complete([]() -> coro<> { co_await sleep(1ms); }());
    EXPECT_EQ(core.deadlocks().hope_left(), hope::some);
    waiting.resume();
    EXPECT_NE(core.deadlocks().hope_left(), hope::some);
    loops.run_until_complete([](task<> t) -> coro<> { co_await t; }(t));
}

TEST(deadlock, a_runtime_without_tasks_is_idle) {
    runtime loops(stopping(2));
    const owned_fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const itimerspec soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 1'000'000}};
    ASSERT_EQ(::timerfd_settime(timer.get(), 0, &soon, nullptr), 0);
    loops.loop().call_soon([&] {
        get_running_loop().add_reader(timer.get(), [&] {
            get_running_loop().remove_reader(timer.get());
            loops.stop();
        });
    });
    loops.run_forever();
}

// -- what is done about it --

/// What is reported while `body(future)` runs, whose future is set at the first report.
template <typename Body>
std::vector<report> told_of(Body body) {
    std::vector<report> told;
    runtime loops({.workers = 2, .virtual_time = true});
    promise<> set;
    const auto previous = on_unhandled([&](const report& what) {
        told.push_back(what);
        loops.loop().call_soon_threadsafe([&set] { set.set_value(); });
    });
    loops.run_until_complete(body(set.get_future()), {.name = "waiting"});
    on_unhandled(previous);
    return told;
}

TEST(deadlock, by_default_it_is_reported_and_the_run_goes_on) {
    const auto told = told_of([](future<> of) -> coro<> { co_await of; });
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].kind, report_kind::deadlock);
    EXPECT_SAYS(told[0].message, "waiting (suspended)");
}

// Who posts by itself may do so again, and a runtime that has seen that says nothing: it would
// hang.
TEST(deadlock, who_has_answered_a_job_is_not_waited_for) {
    const auto told = told_of([](future<> of) -> coro<> {
        event_loop& loop = get_running_loop();
        std::thread([&loop] {
            const outside_job::settling answer;
            loop.call_soon_threadsafe([] {});
        }).join();
        co_await of;
    });
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].kind, report_kind::deadlock);
}

TEST(deadlock, it_is_said_once_for_each_silence) {
    int told = 0;
    const promise<> unset;
    runtime loops({.workers = 2, .virtual_time = true});
    const auto previous = on_unhandled([&](const report&) {
        ++told;
        if (told == 3) {
            loops.stop();
        } else {
            loops.loop().call_soon_threadsafe([] {}); // a step, and silence again
        }
    });
    EXPECT_THROW(
        loops.run_until_complete([](future<> of) -> coro<> { co_await of; }(unset.get_future())),
        invalid_state_error);
    on_unhandled(previous);
    EXPECT_EQ(told, 3);
}

TEST(deadlock, a_run_that_was_stopped_by_one_may_be_followed_by_another) {
    const promise<> unset;
    runtime loops(stopping(2));
    auto t = loops.create_task([](future<> of) -> coro<> { co_await of; }(unset.get_future()));
    for (int i = 0; i != 3; ++i) {
        EXPECT_THROW(loops.run_forever(), deadlock_error);
    }
    loops.run_until_complete([]() -> coro<> { co_await sleep(1h); }());
}

} // namespace
} // namespace eddy
