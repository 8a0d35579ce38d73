// awaitable_test.cpp — what can stand behind co_await.
//
// Covers:    what counts as awaitable, and what an await of each kind gives.
// Not here:  how each behaves -> coro_test.cpp, task_test.cpp, future_test.cpp, op_test.cpp,
//            foreign_op_test.cpp.

#include <eddy/testing/co_test.hpp>

#include <coroutine>
#include <memory>
#include <string>
#include <type_traits>

namespace eddy {
namespace {

struct foreign {
    static bool await_ready() noexcept { return true; }
    static void await_suspend(std::coroutine_handle<>) noexcept {}
    static int await_resume() noexcept { return 7; }
};

class native final : public op {
public:
    static bool await_ready() noexcept { return true; }
    static bool await_suspend(promise_base&) noexcept { return false; }
    static int await_resume() noexcept { return 8; }
    abort_result abort() noexcept override { return abort_result::completed; }
};

struct almost {
    static bool await_ready() noexcept { return true; }
    static int await_resume() noexcept { return 7; }
};

static_assert(awaitable<coro<>> && awaitable<task<>> && awaitable<future<>>);
static_assert(awaitable<task<int>&> && awaitable<const future<int>&>);
static_assert(awaitable<foreign> && awaitable<foreign&> && awaitable<native&>);
static_assert(awaitable<sleep_op> && awaitable<yield_op>);
static_assert(!awaitable<int> && !awaitable<std::string> && !awaitable<almost>);

static_assert(std::is_same_v<await_result_t<coro<int>>, int>);
static_assert(std::is_same_v<await_result_t<coro<int&>>, int&>);
static_assert(std::is_same_v<await_result_t<coro<std::unique_ptr<int>>>, std::unique_ptr<int>>);
static_assert(std::is_void_v<await_result_t<coro<>>>);
static_assert(std::is_same_v<await_result_t<task<int>&>, const int&>);
static_assert(std::is_same_v<await_result_t<task<int>>, int>);
static_assert(std::is_same_v<await_result_t<task<int&>&>, int&>);
static_assert(std::is_same_v<await_result_t<future<int>&>, const int&>);
static_assert(std::is_same_v<await_result_t<future<int>>, int>);
static_assert(std::is_same_v<await_result_t<foreign>, int>);
static_assert(std::is_same_v<await_result_t<native&>, int>);

CO_TEST(awaitable, the_five_kinds_in_one_coroutine) {
    auto body = []() -> coro<int> { co_return 1; };
    promise<int> source;
    source.set_value(3);
    native own;
    EXPECT_EQ(co_await body(), 1);
    EXPECT_EQ(co_await create_task(body()), 1);
    EXPECT_EQ(co_await source.get_future(), 3);
    EXPECT_EQ(co_await foreign(), 7);
    EXPECT_EQ(co_await own, 8);
}

CO_TEST(awaitable, each_kind_may_be_gathered_waited_for_and_taken_as_a_result) {
    auto body = []() -> coro<int> { co_return 1; };
    promise<int> source;
    source.set_value(3);
    const auto [a, b, c, d] =
        co_await gather(body(), create_task(body()), source.get_future(), foreign());
    EXPECT_EQ(a + b + c + d, 12);
    const auto limit = std::chrono::seconds(1);
    EXPECT_EQ(co_await wait_for(body(), limit) + co_await wait_for(create_task(body()), limit) +
                  co_await wait_for(source.get_future(), limit) +
                  co_await wait_for(foreign(), limit),
              12);
    EXPECT_EQ((co_await as_result(foreign())).value(), 7);
}

} // namespace
} // namespace eddy
