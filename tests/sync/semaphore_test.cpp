// semaphore_test.cpp — at most so many at a time.
//
// Covers:    permits, order among those who want few and many, guards; cancels at each place,
//            before and after the hand-over; the bound and its errors.
// Not here:  interleavings -> tests/model/permit_pool_model.cpp; contention ->
//            tests/stress/sync_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> take(semaphore& from, std::uint32_t wanted, event_log& log, std::string name) {
    const auto held = co_await from.acquire(wanted);
    log.add(name);
    co_await sleep(1ms);
}

TEST(semaphore, it_has_as_many_permits_as_it_was_made_with) {
    semaphore of(2);
    EXPECT_EQ(of.value_hint(), 2U);
    auto one = of.try_acquire();
    auto two = of.try_acquire();
    EXPECT_TRUE(one);
    EXPECT_EQ(two.count(), 1U);
    EXPECT_TRUE(of.locked());
    EXPECT_FALSE(of.try_acquire());
    one.release();
    EXPECT_EQ(one.count(), 0U);
    EXPECT_FALSE(of.locked());
    EXPECT_EQ(of.value_hint(), 1U);
    EXPECT_EQ(semaphore().value_hint(), 1U);
}

CO_TEST(semaphore, as_many_tasks_as_there_are_permits_hold_one_at_a_time) {
    semaphore of(3);
    atomic<int> inside{0};
    auto body = [](semaphore& of, atomic<int>& inside) -> coro<> {
        const auto held = co_await of.acquire();
        EXPECT_LE(inside.fetch_add(1, relaxed), 2);
        co_await sleep(1ms);
        inside.fetch_sub(1, relaxed);
    };
    const auto start = now();
    std::vector<task<>> tasks;
    for (int i = 0; i != 9; ++i) {
        tasks.push_back(create_task(body(of, inside)));
    }
    co_await gather(tasks);
    EXPECT_EQ(now() - start, 3ms);
    EXPECT_EQ(of.value_hint(), 3U);
}

CO_TEST_ON_1(semaphore, who_wants_many_is_not_overtaken_by_those_who_want_few) {
    event_log log;
    semaphore of(3);
    auto held = co_await of.acquire(2);
    auto many = create_task(take(of, 3, log, "many"));
    auto few = create_task(take(of, 1, log, "few"));
    co_await yield();
    EXPECT_EQ(of.value_hint(), 1U);
    EXPECT_TRUE(of.locked());
    EXPECT_FALSE(of.try_acquire());
    held.release();
    co_await gather(many, few);
    EXPECT_EQ(log.text(), "many few");
    EXPECT_EQ(of.value_hint(), 3U);
}

CO_TEST_ON_1(semaphore, one_release_may_let_several_go_on) {
    event_log log;
    semaphore of(0);
    auto a = create_task(take(of, 1, log, "a"));
    auto b = create_task(take(of, 2, log, "b"));
    auto c = create_task(take(of, 2, log, "c"));
    co_await yield();
    of.release(4);
    EXPECT_EQ(of.value_hint(), 1U);
    co_await yield();
    EXPECT_EQ(log.text(), "a b");
    co_await gather(a, b, c);
    EXPECT_EQ(log.text(), "a b c");
    EXPECT_EQ(of.value_hint(), 4U);
}

CO_TEST(semaphore, permits_may_be_passed_from_task_to_task_by_hand) {
    semaphore items(0);
    auto producer = [](semaphore& items) -> coro<> {
        for (int i = 0; i != 10; ++i) {
            co_await sleep(1ms);
            items.release();
        }
    };
    auto t = create_task(producer(items));
    const auto start = now();
    for (int i = 0; i != 10; ++i) {
        (co_await items.acquire()).detach();
    }
    EXPECT_EQ(now() - start, 10ms);
    EXPECT_EQ(items.value_hint(), 0U);
    co_await t;
}

CO_TEST(semaphore, a_guard_may_be_moved_assigned_and_detached) {
    semaphore of(5);
    auto two = co_await of.acquire(2);
    auto moved = std::move(two);
    EXPECT_FALSE(two); // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_EQ(moved.count(), 2U);
    moved = co_await of.acquire(3);
    EXPECT_EQ(of.value_hint(), 2U);
    moved.detach();
    EXPECT_FALSE(moved);
    moved.release();
    EXPECT_EQ(of.value_hint(), 2U);
    of.release(3);
    EXPECT_EQ(of.value_hint(), 5U);
}

CO_TEST(semaphore, it_may_be_released_by_a_thread_that_runs_no_loop) {
    semaphore of(0);
    event_log log;
    auto t = create_task(take(of, 2, log, "taken"));
    while (t.stage() != task_state::suspended) {
        co_await yield();
    }
    std::thread other([&] { of.release(2); });
    co_await t;
    other.join();
    EXPECT_EQ(of.value_hint(), 2U);
}

// -- cancel --

CO_TEST_ON_1(semaphore, a_cancel_of_who_wants_many_lets_those_behind_it_go_on) {
    event_log log;
    semaphore of(2);
    auto many = create_task(take(of, 3, log, "many"));
    auto few = create_task(take(of, 1, log, "few"));
    auto next = create_task(take(of, 1, log, "next"));
    auto last = create_task(take(of, 1, log, "last"));
    co_await yield();
    EXPECT_EQ(log.text(), "");
    many.cancel();
    EXPECT_EQ(of.value_hint(), 0U);
    EXPECT_TRUE((co_await as_result(many)).cancelled());
    co_await gather(few, next, last);
    EXPECT_EQ(log.text(), "few next last");
    EXPECT_EQ(of.value_hint(), 2U);
}

CO_TEST_ON_1(semaphore, any_waiter_may_be_cancelled_and_no_permit_is_lost) {
    for (std::size_t victim = 0; victim != 4; ++victim) {
        event_log log;
        semaphore of(2);
        auto held = co_await of.acquire(2);
        std::vector<task<>> tasks;
        for (const char* name : {"a", "b", "c", "d"}) {
            tasks.push_back(create_task(take(of, 1, log, name)));
        }
        co_await yield();
        tasks[victim].cancel();
        held.release();
        co_await wait(tasks);
        EXPECT_TRUE(tasks[victim].cancelled());
        std::string expected = "a b c d";
        EXPECT_EQ(log.text(), expected.erase(victim == 3 ? 5 : 2 * victim, 2));
        EXPECT_EQ(of.value_hint(), 2U);
    }
}

CO_TEST_ON_1(semaphore, a_cancel_after_the_hand_over_gives_the_permits_to_the_next) {
    event_log log;
    semaphore of(0);
    auto first = create_task(take(of, 2, log, "first"));
    auto second = create_task(take(of, 1, log, "second"));
    auto third = create_task(take(of, 1, log, "third"));
    co_await yield();
    of.release(2);
    first.cancel();
    co_await gather(second, third);
    EXPECT_TRUE((co_await as_result(first)).cancelled());
    EXPECT_EQ(log.text(), "second third");
    EXPECT_EQ(of.value_hint(), 2U);
}

CO_TEST(semaphore, a_wait_for_permits_may_be_limited) {
    semaphore of(1);
    const auto start = now();
    EXPECT_TRUE((co_await as_result(wait_for(of.acquire(2), 20ms))).holds<timeout_error>());
    EXPECT_EQ(now() - start, 20ms);
    EXPECT_EQ((co_await wait_for(of.acquire(), 20ms)).count(), 1U);
    EXPECT_EQ(of.value_hint(), 1U);
}

// -- bounded --

CO_TEST(bounded_semaphore, a_guard_gives_back_what_it_took) {
    bounded_semaphore of(2);
    {
        const auto one = co_await of.acquire();
        const auto other = of.try_acquire();
        EXPECT_TRUE(of.locked());
        EXPECT_FALSE(of.try_acquire());
    }
    EXPECT_EQ(of.value_hint(), 2U);
    EXPECT_EQ(of.bound(), 2U);
}

CO_TEST(bounded_semaphore, one_release_too_many_is_an_invalid_state_and_changes_nothing) {
    bounded_semaphore of(2);
    EXPECT_THROW(of.release(), invalid_state_error);
    (co_await of.acquire()).detach();
    EXPECT_THROW(of.release(2), invalid_state_error);
    EXPECT_EQ(of.value_hint(), 1U);
    of.release();
    EXPECT_EQ(of.value_hint(), 2U);
    try {
        of.release();
        ADD_FAILURE() << "no exception";
    } catch (const invalid_state_error& error) {
        EXPECT_STREQ(error.what(), "bounded_semaphore released too many times");
    }
}

CO_TEST_ON_1(bounded_semaphore, one_release_too_many_is_refused_while_somebody_waits_too) {
    bounded_semaphore of(2);
    auto body = [](bounded_semaphore& of) -> coro<> { const auto both = co_await of.acquire(2); };
    (co_await of.acquire()).detach();
    auto t = create_task(body(of));
    co_await yield();
    EXPECT_THROW(of.release(2), invalid_state_error);
    EXPECT_FALSE(t.done());
    of.release();
    co_await t;
    EXPECT_EQ(of.value_hint(), 2U);
}

CO_TEST(bounded_semaphore, more_permits_than_there_ever_are_cannot_be_asked_for) {
    bounded_semaphore of(2);
    EXPECT_THROW((void)of.acquire(3), std::invalid_argument);
    EXPECT_FALSE(of.try_acquire(3));
    EXPECT_EQ((co_await of.acquire(2)).count(), 2U);
}

} // namespace
} // namespace eddy
