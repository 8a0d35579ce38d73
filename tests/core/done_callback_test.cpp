// done_callback_test.cpp — the loop that calls a done callback, and what becomes of one without it.
//
// Covers:    other threads, the end of the loop, the context, handles of the wrong kind.
// Not here:  when a callback is called -> task_test.cpp, future_test.cpp.

#include <eddy/testing/co_test.hpp>

#include <atomic>
#include <memory>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

CO_TEST(done_callback, one_of_a_future_that_a_thread_sets_is_called_by_a_loop) {
    promise<> source;
    promise<event_loop*> called_by;
    source.get_future().add_done_callback(
        [&](const future<>&) { called_by.set_value(try_get_running_loop()); });
    std::thread setter([&] { source.set_value(); });
    EXPECT_NE(co_await called_by.get_future(), nullptr);
    setter.join();
}

CO_TEST(done_callback, it_sees_the_values_that_were_set_where_it_was_added) {
    static context_var<int> depth(0);
    promise<> source;
    promise<int> seen;
    {
        const auto bound = depth.set(7);
        source.get_future().add_done_callback(
            [&](const future<>&) { seen.set_value(depth.get()); });
    }
    source.set_value();
    EXPECT_EQ(co_await seen.get_future(), 7);
}

CO_TEST(done_callback, a_handle_of_a_task_removes_nothing_from_a_future) {
    promise<> source;
    auto t = create_task([]() -> coro<> { co_await sleep(1ms); });
    EXPECT_FALSE(
        source.get_future().remove_done_callback(t.add_done_callback([](const any_task&) {})));
    co_await t;
    co_await sleep(1ms);
}

TEST(done_callback, one_whose_loop_has_ended_is_dropped_uncalled) {
    auto alive = std::make_shared<int>();
    promise<> source;
    run_virtual(2, [&]() -> coro<> {
        source.get_future().add_done_callback(
            [alive](const future<>&) { ADD_FAILURE() << "called without a loop"; });
        co_return;
    });
    EXPECT_EQ(alive.use_count(), 2);
    source.set_value();
    EXPECT_EQ(alive.use_count(), 1);
}

TEST(done_callback, one_that_was_queued_when_its_loop_ended_is_dropped) {
    auto alive = std::make_shared<int>();
    run_virtual(1, [&]() -> coro<> {
        promise<> source;
        source.get_future().add_done_callback([alive](const future<>&) {});
        source.set_value();
        co_return;
    });
    EXPECT_EQ(alive.use_count(), 1);
}

TEST(done_callback, its_future_may_be_set_while_its_loop_ends) {
    for (int round = 0; round != 200; ++round) {
        auto alive = std::make_shared<int>();
        promise<> source;
        std::atomic<bool> added{false};
        std::thread setter([&] {
            while (!added.load()) {
                std::this_thread::yield();
            }
            source.set_value();
        });
        run_virtual(2, [&]() -> coro<> {
            source.get_future().add_done_callback([alive](const future<>&) {});
            added.store(true);
            co_return;
        });
        setter.join();
        EXPECT_EQ(alive.use_count(), 1);
    }
}

TEST(done_callback, one_of_a_task_of_another_runtime_is_called_by_the_loop_that_added_it) {
    promise<task<>> shared;
    promise<> added;
    bool called_here = false;
    std::thread other([&] {
        run_virtual(1, [&]() -> coro<> {
            auto t =
                create_task([](future<> go_on) -> coro<> { co_await go_on; }, added.get_future());
            shared.set_value(t);
            co_await t;
        });
    });
    run_virtual(1, [&]() -> coro<> {
        const void* const mine = scheduler::current()->runtime_id();
        promise<> called;
        const task<> t = co_await shared.get_future();
        t.add_done_callback([&](const any_task&) {
            called_here = scheduler::current()->runtime_id() == mine;
            called.set_value();
        });
        added.set_value();
        co_await called.get_future();
    });
    other.join();
    EXPECT_TRUE(called_here);
}

} // namespace
} // namespace eddy
