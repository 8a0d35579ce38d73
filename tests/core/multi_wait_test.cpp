// multi_wait_test.cpp — one wait for several states.
//
// Covers:    what ends a wait for several states, and that a wait that has ended touches none of
//            them.
// Not here:  the public forms of it -> gather_test.cpp, sched/wait_test.cpp.

#include <eddy/core/multi_wait.hpp>
#include <eddy/testing/co_test.hpp>

#include <stdexcept>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

class wait_for_states final : public multi_wait {
public:
    wait_for_states(const std::vector<future<int>>& of, until condition)
        : multi_wait(states_of(of), condition, on_abort::stop_waiting) {}
    void await_resume() { finish(); }
};

struct sources {
    std::vector<promise<int>> promises = std::vector<promise<int>>(3);
    [[nodiscard]] std::vector<future<int>> futures() const {
        std::vector<future<int>> out;
        for (const auto& each : promises) {
            out.push_back(each.get_future());
        }
        return out;
    }
    void fail(std::size_t index) {
        promises[index].set_exception(std::make_exception_ptr(std::runtime_error("bad")));
    }
    ~sources() {
        for (auto& each : promises) {
            each.try_set_value(0);
        }
    }
};

coro<> wait_until(const sources& of, multi_wait::until condition) {
    const auto futures = of.futures();
    wait_for_states all(futures, condition);
    co_await all;
}
task<> start(const sources& of, multi_wait::until condition) {
    return create_task(wait_until(of, condition));
}

CO_TEST(multi_wait, for_all_ends_with_the_last) {
    sources of;
    auto t = start(of, multi_wait::until::all);
    for (auto& each : of.promises) {
        co_await sleep(1ms);
        EXPECT_FALSE(t.done());
        each.set_value(1);
    }
    co_await t;
}

CO_TEST(multi_wait, for_the_first_ends_with_any) {
    sources of;
    auto t = start(of, multi_wait::until::first);
    co_await sleep(1ms);
    of.promises[1].set_value(1);
    co_await t;
}

CO_TEST(multi_wait, for_the_first_exception_passes_over_values_and_cancels) {
    sources of;
    auto t = start(of, multi_wait::until::first_exception);
    co_await sleep(1ms);
    of.promises[0].set_value(1);
    of.promises[1].get_future().cancel();
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    of.fail(2);
    co_await t;
}

CO_TEST(multi_wait, for_the_first_failure_passes_over_values_only) {
    sources of;
    auto t = start(of, multi_wait::until::first_failure);
    co_await sleep(1ms);
    of.promises[0].set_value(1);
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    of.promises[1].get_future().cancel();
    co_await t;
}

CO_TEST(multi_wait, states_that_are_done_before_it_begins_count) {
    sources of;
    for (auto& each : of.promises) {
        each.set_value(1);
    }
    co_await wait_until(of, multi_wait::until::all);
    co_await wait_until(of, multi_wait::until::first);
}

CO_TEST(multi_wait, a_cancel_ends_it_and_leaves_the_states) {
    sources of;
    auto t = start(of, multi_wait::until::all);
    co_await sleep(1ms);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    of.promises[0].set_value(1); // touches nothing of the wait
    EXPECT_FALSE(of.promises[1].done());
}

CO_TEST(multi_wait, one_that_has_ended_has_left_the_states_that_are_not_done) {
    sources of;
    of.promises[0].set_value(1);
    co_await wait_until(of, multi_wait::until::first);
    of.promises[1].set_value(1);
    of.promises[2].set_value(1);
}

} // namespace
} // namespace eddy
