// two_runtimes_stress.cpp — tasks of one runtime that those of another one deal with.
//
// Covers:    a done callback that was added by a runtime which is gone when it is due.

#include <eddy/eddy.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <utility>

namespace {

eddy::coro<> wait_for(eddy::future<> awaited) {
    co_await awaited;
}

eddy::coro<> add_callback(eddy::task<> to, bool& called) {
    to.add_done_callback([&called](const eddy::any_task&) { called = true; });
    co_return;
}

eddy::coro<> end(eddy::promise<> what, eddy::task<> waiting, bool& called) {
    what.set_value();
    co_await waiting;
    while (!called) {
        co_await eddy::yield();
    }
}

TEST(two_runtimes, a_done_callback_outlives_the_runtime_that_added_it) {
    eddy::promise<> what;
    eddy::runtime lasting({.workers = 1});
    const eddy::task<> waiting = lasting.create_task(wait_for(what.get_future()));
    bool called = false;
    std::thread([&] { eddy::run(add_callback(waiting, called), {.workers = 1}); }).join();
    lasting.run_until_complete(end(std::move(what), waiting, called));
    EXPECT_TRUE(called);
}

} // namespace
