// lock_test.cpp — one task at a time.
//
// Covers:    hand-over order, guards, try_lock; cancels of a waiter at each place, before and after
//            the hand-over; time limits; tasks on several workers.
// Not here:  interleavings -> tests/model/permit_pool_model.cpp; contention ->
//            tests/stress/sync_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> enter(lock& gate, event_log& log, std::string name) {
    const auto held = co_await gate.acquire();
    log.add(name);
    co_await sleep(1ms);
}

std::vector<task<>> start_four(lock& gate, event_log& log) {
    std::vector<task<>> tasks;
    for (const char* name : {"a", "b", "c", "d"}) {
        tasks.push_back(create_task(enter(gate, log, name)));
    }
    return tasks;
}

std::string four_without(std::size_t one) {
    std::string names = "a b c d";
    return names.erase(one == 3 ? 5 : 2 * one, 2);
}

CO_TEST(lock, it_is_held_while_its_guard_lives) {
    lock gate;
    EXPECT_FALSE(gate.locked());
    {
        const auto held = co_await gate.acquire();
        EXPECT_TRUE(held);
        EXPECT_TRUE(gate.locked());
    }
    EXPECT_FALSE(gate.locked());
}

CO_TEST_ON_1(lock, one_that_is_free_is_acquired_without_a_suspension) {
    event_log log;
    lock gate;
    auto other = create_task(enter(gate, log, "other"));
    {
        const auto held = co_await gate.acquire();
        log.add("first");
    }
    co_await other;
    EXPECT_EQ(log.text(), "first other");
}

CO_TEST_ON_1(lock, release_hands_it_to_the_waiter_that_asked_first) {
    event_log log;
    lock gate;
    const auto start = now();
    co_await gather(start_four(gate, log));
    EXPECT_EQ(log.text(), "a b c d");
    EXPECT_EQ(now() - start, 4ms);
}

CO_TEST_ON_1(lock, who_asks_after_a_release_comes_after_those_who_wait) {
    event_log log;
    lock gate;
    std::optional held = co_await gate.acquire();
    auto waiter = create_task(enter(gate, log, "waiter"));
    co_await yield();
    held.reset();
    EXPECT_TRUE(gate.locked()); // by the waiter, which has not run yet
    EXPECT_FALSE(gate.try_lock());
    held = co_await gate.acquire();
    log.add("again");
    EXPECT_EQ(log.text(), "waiter again");
    co_await waiter;
}

CO_TEST(lock, there_is_one_holder_on_any_number_of_workers) {
    lock gate;
    int plain = 0;
    auto body = [](lock& gate, int& plain) -> coro<> {
        for (int i = 0; i != 50; ++i) {
            const auto held = co_await gate.acquire();
            const int seen = plain;
            co_await yield();
            plain = seen + 1;
        }
    };
    std::vector<task<>> tasks;
    for (int i = 0; i != 20; ++i) {
        tasks.push_back(create_task(body(gate, plain)));
    }
    co_await gather(tasks);
    EXPECT_EQ(plain, 1000);
}

CO_TEST(lock, the_children_of_a_gather_wait_for_it_as_tasks_do) {
    event_log log;
    lock gate;
    const auto start = now();
    co_await gather(enter(gate, log, "a"), enter(gate, log, "b"), enter(gate, log, "c"));
    EXPECT_EQ(now() - start, 3ms);
}

// -- guards --

CO_TEST(lock, a_guard_may_be_moved_and_released_early) {
    lock gate;
    auto first = co_await gate.acquire();
    auto second = std::move(first);
    EXPECT_FALSE(first); // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_TRUE(second);
    first.release();
    EXPECT_TRUE(gate.locked());
    second.release();
    EXPECT_FALSE(second);
    EXPECT_FALSE(gate.locked());
    second.release();
    EXPECT_FALSE(gate.locked());
}

CO_TEST(lock, a_guard_that_is_assigned_releases_what_it_held) {
    lock one;
    lock two;
    auto held = co_await one.acquire();
    held = co_await two.acquire();
    EXPECT_FALSE(one.locked());
    EXPECT_TRUE(two.locked());
    held = lock::guard();
    EXPECT_FALSE(two.locked());
}

CO_TEST(lock, an_exception_releases_it) {
    lock gate;
    auto body = [](lock& gate) -> coro<> {
        const auto held = co_await gate.acquire();
        throw std::runtime_error("inside");
    };
    EXPECT_TRUE((co_await as_result(body(gate))).holds<std::runtime_error>());
    EXPECT_FALSE(gate.locked());
}

CO_TEST(lock, a_guard_may_be_released_by_another_task) {
    lock gate;
    auto releaser = [](lock::guard held) -> coro<> {
        co_await sleep(5ms);
        held.release();
    };
    const auto start = now();
    auto t = create_task(releaser(co_await gate.acquire()));
    const auto held = co_await gate.acquire();
    EXPECT_EQ(now() - start, 5ms);
    co_await t;
}

CO_TEST(lock, a_guard_may_be_released_by_a_thread_that_runs_no_loop) {
    lock gate;
    event_log log;
    auto held = co_await gate.acquire();
    auto t = create_task(enter(gate, log, "waiter"));
    while (t.stage() != task_state::suspended) {
        co_await yield();
    }
    std::thread releaser([&] { held.release(); });
    co_await t;
    releaser.join();
    EXPECT_FALSE(gate.locked());
}

TEST(lock, a_thread_may_try_it) {
    lock gate;
    auto held = gate.try_lock();
    EXPECT_TRUE(held);
    EXPECT_FALSE(gate.try_lock());
    EXPECT_TRUE(gate.locked());
    held.release();
    EXPECT_TRUE(gate.try_lock());
    EXPECT_FALSE(gate.locked());
}

CO_TEST(lock, it_knows_who_holds_it) {
    lock gate;
    EXPECT_EQ(gate.holder_hint(), nullptr);
    auto body = [](lock& gate) -> coro<> {
        const auto held = co_await gate.acquire();
        EXPECT_EQ(gate.holder_hint(), current_task().base());
        co_await sleep(5ms);
        EXPECT_EQ(gate.holder_hint(), current_task().base());
    };
    co_await gather(create_task(body(gate)), create_task(body(gate)));
}

// -- cancel --

CO_TEST_ON_1(lock, any_waiter_may_be_cancelled_and_the_others_keep_their_order) {
    for (std::size_t victim = 0; victim != 4; ++victim) {
        event_log log;
        lock gate;
        auto held = co_await gate.acquire();
        auto tasks = start_four(gate, log);
        co_await yield();
        tasks[victim].cancel();
        held.release();
        co_await wait(tasks);
        EXPECT_TRUE(tasks[victim].cancelled());
        EXPECT_EQ(log.text(), four_without(victim));
        EXPECT_FALSE(gate.locked());
    }
}

CO_TEST_ON_1(lock, a_cancel_after_the_hand_over_passes_it_on) {
    event_log log;
    lock gate;
    auto held = co_await gate.acquire();
    auto tasks = start_four(gate, log);
    co_await yield();
    held.release();
    tasks[0].cancel(); // it holds the lock, and has not run yet
    tasks[1].cancel();
    co_await wait(tasks);
    EXPECT_TRUE(tasks[0].cancelled());
    EXPECT_TRUE(tasks[1].cancelled());
    EXPECT_EQ(log.text(), "c d");
    EXPECT_FALSE(gate.locked());
}

CO_TEST_ON_1(lock, a_cancel_of_the_last_waiter_after_the_hand_over_leaves_it_free) {
    event_log log;
    lock gate;
    auto held = co_await gate.acquire();
    auto t = create_task(enter(gate, log, "never"));
    co_await yield();
    held.release();
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_FALSE(gate.locked());
}

CO_TEST(lock, a_pending_cancel_is_not_delivered_by_an_acquire_that_does_not_wait) {
    lock gate;
    bool inside = false;
    auto body = [](lock& gate, bool& inside) -> coro<> {
        current_task().cancel();
        const auto held = co_await gate.acquire();
        inside = true;
        co_await sleep(1h);
    };
    EXPECT_TRUE((co_await as_result(create_task(body(gate, inside)))).cancelled());
    EXPECT_TRUE(inside);
    EXPECT_FALSE(gate.locked());
}

CO_TEST(lock, a_pending_cancel_is_delivered_by_an_acquire_that_would_wait) {
    lock gate;
    auto body = [](lock& gate) -> coro<> {
        current_task().cancel();
        const auto held = co_await gate.acquire();
        ADD_FAILURE() << "not cancelled";
    };
    auto held = co_await gate.acquire();
    EXPECT_TRUE((co_await as_result(create_task(body(gate)))).cancelled());
    held.release();
    EXPECT_FALSE(gate.locked());
}

CO_TEST(lock, a_cancelled_gather_takes_its_children_out_of_the_queue) {
    event_log log;
    lock gate;
    auto held = co_await gate.acquire();
    auto both = [](lock& gate, event_log& log) -> coro<> {
        co_await gather(enter(gate, log, "a"), enter(gate, log, "b"));
    };
    auto t = create_task(both(gate, log));
    co_await sleep(1ms);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    held.release();
    EXPECT_FALSE(gate.locked());
    EXPECT_EQ(log.text(), "");
}

CO_TEST(lock, a_wait_for_it_may_be_limited) {
    lock gate;
    auto held = co_await gate.acquire();
    const auto start = now();
    EXPECT_TRUE((co_await as_result(wait_for(gate.acquire(), 20ms))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 20ms);
    held.release();
    EXPECT_FALSE(gate.locked());
    held = co_await wait_for(gate.acquire(), 20ms);
    EXPECT_TRUE(gate.locked());
}

CO_TEST_ON_1(lock, a_task_that_finds_it_free_again_and_again_does_not_keep_the_others_waiting) {
    lock gate;
    bool stop = false;
    auto greedy = [](lock& gate, const bool& stop) -> coro<> {
        while (!stop) {
            const auto held = co_await gate.acquire();
        }
    };
    auto stopper = [](bool& stop) -> coro<> {
        stop = true;
        co_return;
    };
    auto t = create_task(greedy(gate, stop));
    co_await create_task(stopper(stop));
    co_await t;
    EXPECT_FALSE(gate.locked());
}

} // namespace
} // namespace eddy
