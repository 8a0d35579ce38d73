// outcome_test.cpp — an await that throws nothing.
//
// Covers:    as_result: values, exceptions and cancels as values; what an outcome answers.
// Not here:  as_result of a task -> task_test.cpp.

#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace eddy {
namespace {

coro<int> give(int value) {
    co_return value;
}
coro<int> fail() {
    co_await yield();
    throw std::out_of_range("far");
}

CO_TEST(outcome, a_value_is_there_and_no_error) {
    auto result = co_await as_result(give(3));
    EXPECT_TRUE(result.has_value());
    EXPECT_TRUE(static_cast<bool>(result));
    EXPECT_EQ(result.value(), 3);
    EXPECT_EQ(*result, 3);
    EXPECT_EQ(result.error(), nullptr);
    EXPECT_FALSE(result.cancelled());
}

CO_TEST(outcome, an_exception_is_kept_and_thrown_by_value) {
    auto result = co_await as_result(fail());
    EXPECT_FALSE(result.has_value());
    EXPECT_FALSE(result.cancelled());
    EXPECT_THROW((void)result.value(), std::out_of_range);
    EXPECT_THROW((void)*result, std::out_of_range);
    EXPECT_EQ(describe(result.error()), "far");
}

CO_TEST(outcome, holds_asks_for_a_type_or_what_it_derives_from) {
    auto result = co_await as_result(fail());
    EXPECT_TRUE(result.holds<std::out_of_range>());
    EXPECT_TRUE(result.holds<std::logic_error>());
    EXPECT_FALSE(result.holds<std::runtime_error>());
    EXPECT_FALSE(result.holds<cancelled_error>());
}

CO_TEST(outcome, a_cancel_is_an_outcome_and_not_thrown) {
    bool seen = false;
    auto victim = [](bool& seen) -> coro<> {
        seen = (co_await as_result(sleep(std::chrono::hours(1)))).cancelled();
    };
    auto t = create_task(victim(seen));
    co_await yield();
    while (t.stage() != task_state::suspended) {
        co_await yield();
    }
    t.cancel();
    co_await t;
    EXPECT_TRUE(seen);
}

CO_TEST(outcome, void_references_and_move_only_values) {
    int target = 0;
    auto refer = [](int& to) -> coro<int&> { co_return to; };
    auto reference = co_await as_result(refer(target));
    EXPECT_EQ(&reference.value(), &target);

    auto nothing = co_await as_result([]() -> coro<> { co_return; }());
    EXPECT_TRUE(nothing.has_value());
    nothing.value();

    auto make = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(8); };
    auto owner = co_await as_result(make());
    EXPECT_EQ(**owner.operator->(), 8);
    const std::unique_ptr<int> taken = std::move(owner).value();
    EXPECT_EQ(*taken, 8);
}

CO_TEST(outcome, an_arrow_reaches_the_members) {
    auto text = []() -> coro<std::string> { co_return "four"; };
    auto result = co_await as_result(text());
    EXPECT_EQ(result->size(), 4U);
}

TEST(outcome, one_that_is_const_or_a_temporary_gives_its_value_too) {
    const outcome<std::string> kept(std::string("kept"));
    EXPECT_EQ(*kept, "kept");
    EXPECT_EQ(kept.value(), "kept");
    EXPECT_EQ(kept->size(), 4u);
    const std::string moved = *outcome<std::string>(std::string("moved"));
    EXPECT_EQ(moved, "moved");
    const outcome<void> nothing(true);
    EXPECT_NO_THROW(nothing.value());
}

} // namespace
} // namespace eddy
