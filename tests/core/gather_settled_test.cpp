// gather_settled_test.cpp — what became of each of several.
//
// Covers:    outcomes of coroutines, tasks and operations, alone and in a range; cancel.
// Not here:  how they run at the same time -> gather_test.cpp.

#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> give_after(std::chrono::milliseconds delay, int value) {
    co_await sleep(delay);
    co_return value;
}
coro<int> fail_after(std::chrono::milliseconds delay) {
    co_await sleep(delay);
    throw std::runtime_error("bad");
}

CO_TEST(gather_settled, each_has_its_outcome_and_nothing_is_thrown) {
    const auto start = now();
    auto [one, failed, nothing] =
        co_await gather_settled(give_after(3ms, 1), fail_after(1ms), sleep(2ms));
    EXPECT_EQ(now() - start, 3ms);
    EXPECT_EQ(*one, 1);
    EXPECT_TRUE(failed.holds<std::runtime_error>());
    EXPECT_TRUE(nothing.has_value());
}

CO_TEST(gather_settled, of_tasks_all_are_awaited_and_keep_their_results) {
    auto fails = create_task(fail_after(1ms));
    auto gives = create_task(give_after(2ms, 2));
    auto [failed, two] = co_await gather_settled(fails, gives);
    EXPECT_TRUE(gives.done());
    EXPECT_TRUE(failed.holds<std::runtime_error>());
    static_assert(std::is_same_v<decltype(*two), const int&>);
    EXPECT_EQ(&*two, &gives.result());
}

CO_TEST(gather_settled, a_task_that_was_cancelled_is_an_outcome) {
    auto t = create_task(give_after(1h, 1));
    t.cancel();
    const auto [gone] = co_await gather_settled(t);
    EXPECT_TRUE(gone.cancelled());
}

CO_TEST(gather_settled, a_result_that_cannot_be_copied_is_moved_out) {
    auto make = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
    auto [owned, taken] = co_await gather_settled(make(), create_task(make()));
    EXPECT_EQ(**owned, 3);
    EXPECT_EQ(**taken, 3);
}

CO_TEST(gather_settled, of_a_range_gives_a_vector_in_its_order) {
    std::vector<coro<int>> bodies;
    bodies.push_back(give_after(2ms, 1));
    bodies.push_back(fail_after(1ms));
    auto settled = co_await gather_settled(std::move(bodies));
    CO_ASSERT_EQ(settled.size(), 2U);
    EXPECT_EQ(*settled[0], 1);
    EXPECT_TRUE(settled[1].holds<std::runtime_error>());
    std::vector<task<int>> tasks{create_task(give_after(1ms, 4))};
    EXPECT_EQ(*(co_await gather_settled(tasks))[0], 4);
    EXPECT_TRUE((co_await gather_settled(std::vector<coro<int>>())).empty());
}

CO_TEST(gather_settled, a_cancel_reaches_all_and_is_thrown) {
    auto inner = create_task(give_after(1h, 1));
    auto outer = create_task(
        [](task<int> inner) -> coro<> { (void)co_await gather_settled(inner, sleep(1h)); }(inner));
    co_await sleep(1ms);
    outer.cancel();
    EXPECT_TRUE((co_await as_result(outer)).cancelled());
    EXPECT_TRUE(inner.cancelled());
}

CO_TEST(gather_settled, an_empty_coro_is_an_error) {
    coro<int> used = give_after(1ms, 1);
    co_await std::move(used);
    // NOLINTNEXTLINE(bugprone-use-after-move): that is the case
    EXPECT_THROW((void)gather_settled(std::move(used)), std::invalid_argument);
}

} // namespace
} // namespace eddy
