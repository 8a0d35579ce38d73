// random_number_test.cpp — numbers that the runtime's seed decides.

#include <eddy/eddy.hpp>
#include <eddy/testing/simulate.hpp>

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace eddy {
namespace {

using numbers = std::vector<std::uint64_t>;

coro<numbers> draw() {
    numbers out;
    for (int i = 0; i != 10; ++i) {
        out.push_back(random_below(1'000'000));
        co_await yield();
    }
    co_return out;
}

TEST(random_number, a_seed_has_its_numbers) {
    std::set<numbers> distinct;
    for (std::uint64_t seed = 0; seed != 10; ++seed) {
        const numbers first = simulate(seed, draw());
        EXPECT_EQ(simulate(seed, draw()), first);
        distinct.insert(first);
    }
    EXPECT_EQ(distinct.size(), 10U);
}

TEST(random_number, one_worker_draws_the_same_in_each_run_of_a_process) {
    const numbers first = run(draw(), {.workers = 1});
    EXPECT_EQ(run(draw(), {.workers = 1}), first);
}

TEST(random_number, they_are_below_the_limit) {
    run([]() -> coro<> {
        std::set<std::uint64_t> seen;
        for (int i = 0; i != 1000; ++i) {
            seen.insert(random_below(3));
        }
        EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2}));
        co_return;
    }());
}

TEST(random_number, outside_of_a_loop_there_is_no_runtime_to_ask) {
    EXPECT_THROW((void)random_below(3), no_running_loop);
}

} // namespace
} // namespace eddy
