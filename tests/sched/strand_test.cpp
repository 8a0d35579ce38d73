// strand_test.cpp — tasks that run one at a time.
//
// Covers:    a strand's tasks run one at a time and in order, wherever; its life.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <atomic>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

CO_TEST(strand, its_tasks_never_run_two_at_a_time) {
    strand serial;
    int plain = 0; // no lock, no atomic
    std::atomic<int> inside = 0;
    std::atomic<int> overlaps = 0;
    auto body = [&]() -> coro<> {
        for (int i = 0; i != 20; ++i) {
            overlaps += inside++ == 0 ? 0 : 1;
            ++plain;
            for (int spin = 0; spin != 50; ++spin) {
                native_sync::pause();
            }
            --inside;
            co_await (i % 3 == 0 ? sleep(1us) : sleep(0us));
        }
    };
    std::vector<task<>> tasks;
    for (int i = 0; i != 20; ++i) {
        tasks.push_back(serial.create_task(body()));
    }
    co_await gather(tasks);
    EXPECT_EQ(overlaps, 0);
    EXPECT_EQ(plain, 400);
}

CO_TEST(strand, its_tasks_run_in_the_order_in_which_they_became_ready) {
    strand serial;
    event_log log;
    auto body = [](event_log& log, std::string name) -> coro<> {
        log.add(name);
        co_await yield();
        log.add(name + "'");
    };
    std::vector<task<>> tasks;
    auto parent = [&]() -> coro<> { // on the strand, so that nothing starts before all are there
        for (const char* name : {"a", "b", "c"}) {
            tasks.push_back(serial.create_task(body(log, name)));
        }
        co_return;
    };
    co_await serial.create_task(parent());
    co_await gather(tasks);
    EXPECT_EQ(log.text(), "a b c a' b' c'");
}

CO_TEST(strand, the_children_of_a_gather_on_it_run_on_it_too) {
    strand serial;
    std::atomic<int> inside = 0;
    std::atomic<int> overlaps = 0;
    auto child = [&]() -> coro<> {
        for (int i = 0; i != 20; ++i) {
            overlaps += inside++ == 0 ? 0 : 1;
            native_sync::pause();
            --inside;
            co_await yield();
        }
    };
    auto body = [&]() -> coro<> { co_await gather(child(), child(), child()); };
    auto a = serial.create_task(body());
    auto b = serial.create_task(body());
    co_await gather(a, b);
    EXPECT_EQ(overlaps, 0);
}

CO_TEST(strand, two_strands_do_not_wait_for_each_other) {
    strand first;
    strand second;
    promise<> gate;
    auto waits =
        first.create_task([](future<> gate) -> coro<> { co_await gate; }(gate.get_future()));
    auto runs = second.create_task([](promise<>& gate) -> coro<> {
        gate.set_value();
        co_return;
    }(gate));
    co_await waits;
    co_await runs;
}

CO_TEST(strand, results_exceptions_and_options_are_those_of_a_task) {
    strand serial;
    auto t = serial.create_task([]() -> coro<int> { co_return 5; }(), {.name = "five"});
    EXPECT_EQ(t.name(), "five");
    EXPECT_EQ(co_await t, 5);
    auto bad = serial.create_task([]() -> coro<> {
        throw std::runtime_error("bad");
        co_return;
    }());
    EXPECT_TRUE((co_await as_result(bad)).holds<std::runtime_error>());
}

CO_TEST(strand, an_eager_task_does_not_run_inside_of_another_one) {
    strand serial;
    event_log log;
    auto child = [](event_log& log) -> coro<> {
        log.add("child");
        co_return;
    };
    auto body = [](strand& serial, event_log& log, auto child) -> coro<> {
        auto t = serial.create_task(child(log), {.eager = true});
        log.add("body");
        co_await t;
    };
    co_await serial.create_task(body(serial, log, child));
    EXPECT_EQ(log.text(), "body child");
}

CO_TEST(strand, its_tasks_can_be_cancelled) {
    strand serial;
    auto t = serial.create_task([]() -> coro<> { co_await sleep(1h); }());
    co_await sleep(1ms);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

CO_TEST(strand, the_object_may_die_before_its_tasks) {
    std::optional<strand> serial(std::in_place);
    auto t = serial->create_task([]() -> coro<int> {
        co_await sleep(1ms);
        co_return 5;
    }());
    serial.reset();
    EXPECT_EQ(co_await t, 5);
}

TEST(strand, outside_of_a_loop_it_creates_no_task) {
    report_log ignored;
    strand serial;
    EXPECT_THROW(serial.create_task([]() -> coro<> { co_return; }()), no_running_loop);
}

} // namespace
} // namespace eddy
