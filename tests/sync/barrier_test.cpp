// barrier_test.cpp — nobody goes on before all have come.
//
// Covers:    rounds, numbers; cancels of each waiter; abort, reset, what is broken; misuse.
// Not here:  contention -> tests/stress/sync_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<std::uint32_t> arrive(barrier& at) {
    co_return co_await at.wait();
}

std::vector<task<std::uint32_t>> start(barrier& at, int count) {
    std::vector<task<std::uint32_t>> tasks;
    for (int i = 0; i != count; ++i) {
        tasks.push_back(create_task(arrive(at)));
    }
    return tasks;
}

CO_TEST_ON_1(barrier, all_go_on_when_the_last_one_has_come_each_with_its_number) {
    barrier at(4);
    EXPECT_EQ(at.parties(), 4U);
    auto tasks = start(at, 3);
    co_await sleep(1ms);
    EXPECT_EQ(at.n_waiting(), 3U);
    for (const auto& each : tasks) {
        EXPECT_FALSE(each.done());
    }
    EXPECT_EQ(co_await at.wait(), 3U);
    EXPECT_EQ(at.n_waiting(), 0U);
    EXPECT_EQ(co_await gather(tasks), (std::vector<std::uint32_t>{0, 1, 2}));
}

CO_TEST(barrier, it_is_used_again_and_again) {
    barrier at(5);
    atomic<int> arrived{0};
    auto body = [](barrier& at, atomic<int>& arrived) -> coro<> {
        for (int round = 1; round != 100; ++round) {
            arrived.fetch_add(1, relaxed);
            co_await at.wait();
            EXPECT_GE(arrived.load(relaxed), 5 * round);
            co_await at.wait();
        }
    };
    std::vector<task<>> tasks;
    for (int i = 0; i != 5; ++i) {
        tasks.push_back(create_task(body(at, arrived)));
    }
    co_await gather(tasks);
    EXPECT_EQ(at.n_waiting(), 0U);
}

CO_TEST(barrier, one_of_one_party_keeps_nobody_waiting) {
    barrier at(1);
    EXPECT_EQ(co_await at.wait(), 0U);
    EXPECT_EQ(co_await at.wait(), 0U);
}

TEST(barrier, one_without_parties_is_refused) {
    EXPECT_THROW(barrier(0), std::invalid_argument);
}

CO_TEST_ON_1(barrier, a_cancelled_waiter_is_not_counted_and_the_numbers_have_no_gap) {
    for (std::size_t victim = 0; victim != 3; ++victim) {
        barrier at(4);
        auto tasks = start(at, 3);
        co_await yield();
        tasks[victim].cancel();
        EXPECT_EQ(at.n_waiting(), 2U);
        EXPECT_TRUE((co_await as_result(tasks[victim])).cancelled());
        EXPECT_FALSE(at.broken());
        auto late = start(at, 1);
        co_await yield();
        EXPECT_EQ(co_await at.wait(), 3U);
        tasks.erase(tasks.begin() + static_cast<std::ptrdiff_t>(victim));
        EXPECT_EQ(co_await gather(tasks), (std::vector<std::uint32_t>{0, 1}));
        EXPECT_EQ(co_await late[0], 2U);
    }
}

CO_TEST_ON_1(barrier, a_cancel_after_the_last_one_has_come_is_delivered_at_the_next_suspension) {
    barrier at(2);
    auto body = [](barrier& at, std::uint32_t& index) -> coro<> {
        index = co_await at.wait();
        co_await sleep(1h);
    };
    std::uint32_t index = 7;
    auto t = create_task(body(at, index));
    co_await yield();
    co_await at.wait();
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(index, 0U);
}

CO_TEST(barrier, a_wait_may_be_limited) {
    barrier at(2);
    EXPECT_TRUE((co_await as_result(wait_for(at.wait(), 20ms))).holds<timeout_error>());
    EXPECT_EQ(at.n_waiting(), 0U);
    EXPECT_FALSE(at.broken());
}

// -- broken --

CO_TEST(barrier, abort_breaks_it_for_those_who_wait_and_for_those_who_come) {
    barrier at(4);
    auto tasks = start(at, 3);
    co_await sleep(1ms);
    at.abort();
    EXPECT_TRUE(at.broken());
    EXPECT_EQ(at.n_waiting(), 0U);
    for (const auto& each : tasks) {
        EXPECT_TRUE((co_await as_result(each)).holds<broken_barrier_error>());
    }
    EXPECT_TRUE((co_await as_result(at.wait())).holds<broken_barrier_error>());
    at.abort();
    EXPECT_TRUE(at.broken());
}

CO_TEST(barrier, reset_makes_it_as_new) {
    barrier at(2);
    at.abort();
    at.reset();
    EXPECT_FALSE(at.broken());
    auto tasks = start(at, 1);
    co_await sleep(1ms);
    EXPECT_EQ(co_await at.wait(), 1U);
    EXPECT_EQ(co_await tasks[0], 0U);
}

CO_TEST(barrier, reset_sends_those_who_wait_away_and_breaks_nothing) {
    barrier at(3);
    auto tasks = start(at, 2);
    co_await sleep(1ms);
    at.reset();
    EXPECT_FALSE(at.broken());
    EXPECT_EQ(at.n_waiting(), 0U);
    for (const auto& each : tasks) {
        EXPECT_TRUE((co_await as_result(each)).holds<broken_barrier_error>());
    }
}

} // namespace
} // namespace eddy
