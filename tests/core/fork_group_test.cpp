// fork_group_test.cpp — children of a gather that other workers take.
//
// Covers:    children that idle workers take: they run at the same time, each once, and the group
//            joins.
// Not here:  results, exceptions, cancel -> gather_test.cpp; the deque ->
//            lockfree/forks_deque_test.cpp.

#include <eddy/testing/co_test.hpp>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

// Blocks its worker until `others` arrive too: ends only if another worker runs them.
coro<int> meet(std::latch& others, int value) {
    others.arrive_and_wait();
    co_return value;
}

CO_TEST_ON_4(fork_group, a_child_is_taken_by_another_worker_while_its_sibling_blocks_this_one) {
    std::latch both(2);
    const auto [a, b] = co_await gather(meet(both, 1), meet(both, 2));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
}

CO_TEST_ON_4(fork_group, as_many_children_as_workers_run_at_the_same_time) {
    std::latch all(4);
    std::vector<coro<int>> bodies;
    for (int i = 0; i != 4; ++i) {
        bodies.push_back(meet(all, i));
    }
    EXPECT_EQ(co_await gather(std::move(bodies)), (std::vector{0, 1, 2, 3}));
}

CO_TEST(fork_group, each_of_many_children_runs_once) {
    std::vector<std::atomic<int>> runs(5000);
    auto child = [](std::atomic<int>& runs) -> coro<> {
        ++runs;
        co_return;
    };
    std::vector<coro<>> bodies;
    for (auto& each : runs) {
        bodies.push_back(child(each));
    }
    co_await gather(std::move(bodies));
    for (const auto& each : runs) {
        EXPECT_EQ(each, 1);
    }
}

CO_TEST(fork_group, children_that_wait_and_children_that_do_not_are_joined) {
    auto child = [](int i) -> coro<int> {
        if (i % 3 == 0) {
            co_await sleep(i * 1us);
        } else if (i % 3 == 1) {
            co_await yield();
        }
        co_return i;
    };
    std::vector<coro<int>> bodies;
    for (int i = 0; i != 300; ++i) {
        bodies.push_back(child(i));
    }
    const auto got = co_await gather(std::move(bodies));
    for (int i = 0; i != 300; ++i) {
        EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
    }
}

CO_TEST(fork_group, what_children_wrote_is_seen_by_the_parent) {
    std::vector<int> plain(64); // no atomics: the join orders them
    auto child = [](int& mine, int value) -> coro<> {
        mine = value;
        co_return;
    };
    for (int round = 1; round != 50; ++round) {
        std::vector<coro<>> bodies;
        for (int& each : plain) {
            bodies.push_back(child(each, round));
        }
        co_await gather(std::move(bodies));
        for (const int each : plain) {
            EXPECT_EQ(each, round);
        }
    }
}

} // namespace
} // namespace eddy
