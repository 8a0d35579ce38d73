// foreign_op_test.cpp — awaitables that know nothing of eddy.
//
// Covers:    awaitables that know nothing of eddy: where they go on, results, exceptions, cancel.

#include <eddy/testing/co_test.hpp>

#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace eddy {
namespace {

using namespace std::chrono_literals;

// Resumes on a thread of its own.
struct on_a_thread {
    std::thread& runs_on;
    int value;

    static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        runs_on = std::thread([waiter] { waiter.resume(); });
    }
    [[nodiscard]] int await_resume() const { return value; }
};

struct ready_at_once {
    static bool await_ready() noexcept { return true; }
    static void await_suspend(std::coroutine_handle<>) noexcept {}
    static std::string await_resume() { return "ready"; }
};

struct with_member {
    auto operator co_await() const noexcept { return ready_at_once{}; } // NOLINT: static in C++23
};

struct with_free {};
ready_at_once operator co_await(with_free) {
    return {};
}

struct throws {
    static bool await_ready() { return true; }
    static void await_suspend(std::coroutine_handle<>) {}
    static void await_resume() { throw std::runtime_error("foreign"); }
};

// Resumes when told to.
struct on_demand {
    std::coroutine_handle<>& waiting;
    static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) const noexcept { waiting = waiter; }
    static void await_resume() noexcept {}
};

static_assert(awaitable<on_a_thread>);
static_assert(awaitable<with_member>);
static_assert(awaitable<with_free>);
static_assert(!awaitable<int>);

CO_TEST(foreign_op, after_a_resume_on_another_thread_the_task_goes_on_on_a_worker) {
    const event_loop* before = &get_running_loop();
    std::thread other;
    EXPECT_EQ(co_await on_a_thread(other, 5), 5);
    EXPECT_NE(try_get_running_loop(), nullptr);
    EXPECT_NE(std::this_thread::get_id(), other.get_id());
    EXPECT_TRUE(current_task().valid());
    (void)before;
    other.join();
}

CO_TEST(foreign_op, one_that_is_ready_gives_its_result) {
    EXPECT_EQ(co_await ready_at_once(), "ready");
    ready_at_once mine;
    EXPECT_EQ(co_await mine, "ready");
}

CO_TEST(foreign_op, operator_co_await_is_found_as_a_member_and_as_a_function) {
    EXPECT_EQ(co_await with_member(), "ready");
    EXPECT_EQ(co_await with_free(), "ready");
}

CO_TEST(foreign_op, its_exception_comes_out_of_the_await) {
    EXPECT_TRUE((co_await as_result(throws())).holds<std::runtime_error>());
}

CO_TEST(foreign_op, it_may_be_a_child_of_a_gather_and_be_waited_for) {
    std::thread other;
    const auto [a, b] = co_await gather(on_a_thread(other, 5), ready_at_once());
    EXPECT_EQ(a, 5);
    EXPECT_EQ(b, "ready");
    other.join();
    EXPECT_EQ(co_await wait_for(ready_at_once(), 1h), "ready");
}

CO_TEST(foreign_op, a_cancel_waits_until_it_completes_and_is_delivered_at_the_next_await) {
    std::coroutine_handle<> waiting;
    bool completed = false;
    auto body = [](std::coroutine_handle<>& waiting, bool& completed) -> coro<> {
        co_await on_demand(waiting);
        completed = true;
        co_await sleep(1h);
    };
    auto t = create_task(body(waiting, completed));
    co_await sleep(1ms);
    EXPECT_TRUE(t.cancel());
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    waiting.resume();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_TRUE(completed);
}

} // namespace
} // namespace eddy
