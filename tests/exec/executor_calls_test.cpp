// executor_calls_test.cpp — what an executor of a user's own gets for its submit.
//
// Covers:    which arguments are callbacks; apply, apply_async over a submit that runs at once.
// Not here:  the same, and map, over the executors there are -> executor_test.cpp.

#include <eddy/core/promise.hpp>
#include <eddy/exec/executor_calls.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <utility>

namespace eddy {
namespace {

int twice(int n) {
    return 2 * n;
}

struct on_result {
    void operator()(int) const {}
};
struct on_error {
    void operator()(const std::exception_ptr&) const {}
};

TEST(executor_calls, arguments_that_the_function_does_not_take_are_callbacks) {
    EXPECT_EQ((callbacks_among<int (*)(int), int>()), 0U);
    EXPECT_EQ((callbacks_among<int (*)(int), int, on_result>()), 1U);
    EXPECT_EQ((callbacks_among<int (*)(int), int, on_result, on_error>()), 2U);
    EXPECT_EQ((callbacks_among<int (*)(int), on_result>()), 3U);
}

/// Makes each call where it is submitted.
class at_once : public executor_calls<at_once> {
public:
    template <typename Fn, typename... Args>
    future<job_result_t<Fn, Args...>> submit(Fn fn, Args... args) {
        promise<job_result_t<Fn, Args...>> result;
        try {
            (void)result.try_set_value(fn(std::move(args)...));
        } catch (...) {
            (void)result.try_set_exception(std::current_exception());
        }
        return result.get_future();
    }
};

TEST(executor_calls, give_an_executor_with_a_submit_an_apply) {
    at_once here;
    EXPECT_EQ(here.apply(twice, 4), 8);
    EXPECT_THROW(here.apply([](int) -> int { throw std::runtime_error("planted"); }, 1),
                 std::runtime_error);
}

TEST(executor_calls, give_the_result_to_the_callback_of_apply_async) {
    at_once here;
    int got = 0;
    const auto result = here.apply_async(twice, 4, [&](int value) { got = value; });
    EXPECT_EQ(result.result(), 8);
    EXPECT_EQ(got, 8);
}

} // namespace
} // namespace eddy
