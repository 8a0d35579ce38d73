// op_test.cpp — the one way to wait.
//
// Covers:    an op of one's own: woken before and after it suspends, by other threads, and each
//            answer to a cancel.
// Not here:  wake-ups and cancels that race -> tests/model/branch_word_model.cpp, tests/stress.

#include <eddy/testing/co_test.hpp>

#include <atomic>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

// Waits until told; answers a cancel as it is told.
class bell final : public op {
public:
    explicit bell(abort_result answer = abort_result::aborted) noexcept : answer_(answer) {}

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise) {
        return park(promise, [this] {
            if (ring_in_arm) {
                wake();
            }
        });
    }
    void await_resume() { check_aborted(); }
    abort_result abort() noexcept override {
        ++asked;
        return answer_;
    }
    void ring() noexcept { wake(); }

    bool ring_in_arm = false;
    int asked = 0;
    using op::aborted;

private:
    abort_result answer_;
};

coro<> wait_in(bell& in) {
    co_await in;
}
coro<> until_suspended(any_task t) {
    while (t.stage() != task_state::suspended) {
        co_await yield();
    }
}

CO_TEST(op, a_wake_resumes_the_branch_on_a_worker) {
    bell in;
    auto t = create_task(wait_in(in));
    co_await until_suspended(t);
    EXPECT_TRUE(in.waiter().waiting());
    in.ring();
    co_await t;
}

CO_TEST(op, a_wake_before_the_suspension_is_enough) {
    bell in;
    in.ring_in_arm = true;
    co_await in;
}

CO_TEST(op, any_thread_may_wake) {
    bell in;
    auto t = create_task(wait_in(in));
    co_await until_suspended(t);
    std::thread other([&] { in.ring(); });
    co_await t;
    other.join();
}

CO_TEST(op, one_that_can_be_withdrawn_ends_with_the_cancel) {
    bell in;
    auto t = create_task(wait_in(in));
    co_await until_suspended(t);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_EQ(in.asked, 1);
    EXPECT_TRUE(in.aborted());
}

CO_TEST(op, one_whose_wake_up_is_on_its_way_gets_it_and_the_request_stays) {
    bell in(abort_result::completed);
    bool passed = false;
    auto body = [](bell& in, bool& passed) -> coro<> {
        co_await in;
        passed = true;
        co_await sleep(1h);
    };
    auto t = create_task(body(in, passed));
    co_await until_suspended(t);
    t.cancel();
    EXPECT_FALSE(t.done());
    in.ring();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_TRUE(passed);
    EXPECT_FALSE(in.aborted());
}

CO_TEST(op, one_that_passed_the_request_on_gets_no_error) {
    bell in(abort_result::forwarded);
    auto t = create_task(wait_in(in));
    co_await until_suspended(t);
    t.cancel();
    t.cancel();
    EXPECT_EQ(in.asked, 2);
    in.ring();
    co_await t;
    EXPECT_FALSE(t.cancelled());
}

CO_TEST(op, a_request_that_is_pending_withdraws_it_before_it_suspends) {
    bell in;
    auto body = [](bell& in) -> coro<> {
        current_task().cancel();
        co_await in;
    };
    auto t = create_task(body(in));
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

CO_TEST(op, a_request_that_is_pending_stays_if_the_wake_up_is_certain) {
    bell in(abort_result::completed);
    in.ring_in_arm = true;
    auto body = [](bell& in) -> coro<bool> {
        current_task().cancel();
        co_await in;
        co_return (co_await as_result(sleep(1h))).cancelled();
    };
    EXPECT_TRUE(co_await create_task(body(in)));
}

CO_TEST(op, it_may_be_awaited_inside_of_as_result_and_gather) {
    bell first;
    bell second;
    first.ring_in_arm = true;
    second.ring_in_arm = true;
    EXPECT_TRUE((co_await as_result(first)).has_value());
    bell third;
    third.ring_in_arm = true;
    co_await gather(wait_in(second), wait_in(third));
}

} // namespace
} // namespace eddy
