// coro_test.cpp — a coroutine object is lazy, has one owner, and is awaited once.
//
// Covers:    laziness, ownership, kinds of results, exceptions, names and sites of a coroutine
//            object.
// Not here:  what must not compile -> tests/compile_fail; a million nested awaits -> tests/stress.

#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace eddy {
namespace {

static_assert(!std::is_default_constructible_v<coro<>>);
static_assert(!std::is_copy_constructible_v<coro<int>>);
static_assert(std::is_nothrow_move_constructible_v<coro<int>>);

coro<> set(bool& flag) {
    flag = true;
    co_return;
}

constexpr unsigned give_line = __LINE__ + 1;
coro<int> give(int value) {
    co_return value;
}

coro<> fail() {
    throw std::runtime_error("broken");
    co_return;
}

coro<int> nested(int depth) {
    if (depth == 0) {
        co_return 0;
    }
    co_return 1 + co_await nested(depth - 1);
}

CO_TEST(coro, a_call_runs_nothing_until_the_object_is_awaited) {
    bool ran = false;
    auto body = set(ran);
    EXPECT_FALSE(ran);
    co_await yield();
    EXPECT_FALSE(ran);
    co_await std::move(body);
    EXPECT_TRUE(ran);
}

CO_TEST(coro, an_await_gives_the_value) {
    EXPECT_EQ(co_await give(7), 7);
}

CO_TEST(coro, a_result_may_be_move_only) {
    auto make = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
    const std::unique_ptr<int> got = co_await make();
    EXPECT_EQ(*got, 3);
}

CO_TEST(coro, a_result_may_have_no_default_constructor) {
    struct point {
        explicit point(int at) : x(at) {}
        int x;
    };
    auto make = []() -> coro<point> { co_return point(4); };
    EXPECT_EQ((co_await make()).x, 4);
}

CO_TEST(coro, a_result_may_be_a_reference_to_the_very_object) {
    int value = 1;
    auto refer = [](int& to) -> coro<int&> { co_return to; };
    int& got = co_await refer(value);
    EXPECT_EQ(&got, &value);
}

CO_TEST(coro, a_result_may_be_const_or_a_reference_to_const) {
    const std::string text = "text";
    auto refer = [](const std::string& to) -> coro<const std::string&> { co_return to; };
    EXPECT_EQ(&co_await refer(text), &text);
    auto constant = []() -> coro<const int> { co_return 5; };
    EXPECT_EQ(co_await constant(), 5);
}

CO_TEST(coro, an_exception_comes_out_of_the_await) {
    std::string caught;
    try {
        co_await fail();
    } catch (const std::runtime_error& error) {
        caught = error.what();
    }
    EXPECT_EQ(caught, "broken");
}

CO_TEST(coro, an_exception_passes_through_awaiting_coroutines) {
    auto middle = []() -> coro<> { co_await fail(); };
    auto outer = [](auto inner) -> coro<> { co_await inner(); };
    EXPECT_TRUE((co_await as_result(outer(middle))).holds<std::runtime_error>());
}

CO_TEST(coro, locals_die_in_the_order_of_the_awaits) {
    std::string log;
    struct noisy {
        std::string& log;
        char name;
        ~noisy() { log += name; }
    };
    auto inner = [](std::string& log) -> coro<> {
        const noisy mine{log, 'i'};
        co_await yield();
    };
    {
        const noisy mine{log, 'o'};
        co_await inner(log);
        log += '-';
    }
    EXPECT_EQ(log, "i-o");
}

CO_TEST(coro, a_long_chain_of_awaits_does_not_grow_the_stack) {
    EXPECT_EQ(co_await nested(20'000), 20'000);
}

CO_TEST(coro, a_long_loop_of_awaits_does_not_grow_the_stack) {
    int sum = 0;
    for (int i = 0; i != 100'000; ++i) {
        sum += co_await give(1);
    }
    EXPECT_EQ(sum, 100'000);
}

TEST(coro, a_move_leaves_an_object_that_is_not_valid) {
    auto body = give(1);
    EXPECT_TRUE(body.valid());
    auto taken = std::move(body);
    EXPECT_FALSE(body.valid()); // NOLINT(bugprone-use-after-move): that is what is asked
    EXPECT_TRUE(taken.valid());
    EXPECT_EQ(run(std::move(taken)), 1);
}

CO_TEST(coro, an_await_of_an_empty_coro_throws_invalid_argument) {
    auto body = give(1);
    (void)co_await std::move(body);
    auto again = as_result([](coro<int> empty) -> coro<int> {
        co_return co_await std::move(empty);
    }(std::move(body))); // NOLINT(bugprone-use-after-move): that is what is asked
    EXPECT_TRUE((co_await std::move(again)).holds<std::invalid_argument>());
}

TEST(coro, the_object_knows_the_name_and_the_place_of_its_function) {
    report_log ignored;
    const auto body = give(1);
    EXPECT_NE(std::string_view(body.function_name()).find("give(int)"), std::string_view::npos);
    EXPECT_TRUE(std::string_view(body.source_location().file_name()).ends_with("coro_test.cpp"));
    EXPECT_EQ(body.source_location().line(), give_line);
}

TEST(coro, an_object_that_dies_unawaited_is_reported_with_name_and_place) {
    report_log log;
    const std::int64_t frames = frame_cache::live_hint();
    {
        const auto body = give(1);
    }
    EXPECT_EQ(frame_cache::live_hint(), frames);
    const report only = log.only();
    EXPECT_EQ(only.kind, report_kind::never_awaited);
    EXPECT_NE(only.message.find("give(int)"), std::string::npos) << only.message;
    EXPECT_NE(only.message.find("coro_test.cpp:" + std::to_string(give_line)), std::string::npos)
        << only.message;
    EXPECT_NE(only.message.find("was never awaited"), std::string::npos) << only.message;
}

TEST(coro, an_assignment_drops_the_coroutine_that_was_there) {
    report_log log;
    auto body = give(1);
    body = give(2);
    EXPECT_EQ(log.count(report_kind::never_awaited), 1U);
    EXPECT_EQ(run(std::move(body)), 2);
    EXPECT_EQ(log.size(), 1U);
}

TEST(coro, an_object_that_dies_while_an_exception_unwinds_is_not_reported) {
    report_log log;
    try {
        const auto body = give(1);
        throw std::runtime_error("first");
    } catch (const std::runtime_error&) { // expected
    }
    EXPECT_EQ(log.size(), 0U);
}

TEST(coro, its_arguments_die_with_an_unstarted_frame) {
    report_log ignored;
    auto owner = std::make_shared<int>(1);
    {
        auto keep = [](std::shared_ptr<int>) -> coro<> { co_return; };
        const auto body = keep(owner);
        EXPECT_EQ(owner.use_count(), 2);
    }
    EXPECT_EQ(owner.use_count(), 1);
}

} // namespace
} // namespace eddy
