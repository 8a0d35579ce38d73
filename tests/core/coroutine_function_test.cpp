// coroutine_function_test.cpp — functions that give a coro, kept while it runs.
//
// Covers:    what counts as one; who keeps the function and its arguments; a call that throws.

#include <eddy/core/coroutine_function.hpp>
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace eddy {
namespace {

using adds = coro<int> (*)(int, int);
static_assert(coroutine_function<adds, int, int>);
static_assert(!coroutine_function<adds, int>);
static_assert(!coroutine_function<int (*)(int), int>);

CO_TEST(kept_call, keeps_the_closure_and_its_arguments_until_the_end) {
    auto made = [] {
        const auto ten = std::make_shared<int>(10);
        return kept_call(
            [ten](std::unique_ptr<int> one) -> coro<int> {
                co_await yield();
                co_return *ten + *one;
            },
            std::make_unique<int>(1));
    }();
    EXPECT_EQ(co_await std::move(made), 11);
}

CO_TEST(call_and_await, refers_to_what_the_caller_keeps) {
    int seen = 0;
    auto count = [](int& target) -> coro<> {
        ++target;
        co_return;
    };
    co_await call_and_await(count, seen);
    EXPECT_EQ(seen, 1);
}

CO_TEST(call_and_await, throws_in_the_await_what_the_call_throws) {
    auto refuses = []() -> coro<> { throw std::runtime_error("no coroutine"); };
    auto made = call_and_await(refuses); // nothing is called yet
    EXPECT_TRUE((co_await as_result(std::move(made))).holds<std::runtime_error>());
}

} // namespace
} // namespace eddy
