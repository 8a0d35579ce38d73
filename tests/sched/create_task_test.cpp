// create_task_test.cpp — how tasks begin, and in which order they run.
//
// Covers:    create_task in all its forms, the order of tasks, pinned, eager, current_task,
//            all_tasks, the budget.
// Not here:  what a handle can do -> core/task_test.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<> note(event_log& log, std::string word) {
    log.add(word);
    co_return;
}
coro<> note_twice(event_log& log, std::string word) {
    log.add(word);
    co_await yield();
    log.add(word + "'");
}

CO_TEST(create_task, what_can_be_awaited_becomes_a_task_and_its_result_that_of_the_task) {
    const auto start = now();
    task<> slept = create_task(sleep(20ms));
    promise<std::unique_ptr<int>> later;
    task<std::unique_ptr<int>> taken = create_task(later.get_future(), {.name = "a future"});
    EXPECT_EQ(taken.name(), "a future");
    later.set_value(std::make_unique<int>(7));
    EXPECT_EQ(*co_await std::move(taken), 7);
    co_await slept;
    EXPECT_EQ(now() - start, 20ms);
}

CO_TEST(create_task, a_cancel_reaches_what_is_awaited) {
    task<> slept = create_task(sleep(1h));
    co_await yield();
    slept.cancel();
    const auto ended = co_await as_result(slept);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_TRUE(slept.cancelled());
}

CO_TEST_ON_1(create_task, the_child_does_not_run_at_once_and_tasks_run_in_the_order_of_creation) {
    event_log log;
    create_task(note_twice(log, "a"));
    create_task(note_twice(log, "b"));
    create_task(note_twice(log, "c"));
    log.add("main");
    co_await yield();
    EXPECT_EQ(log.text(), "main a b c");
    co_await yield();
    EXPECT_EQ(log.text(), "main a b c a' b' c'");
}

CO_TEST_ON_1(create_task, a_task_that_a_task_creates_comes_after_those_that_are_ready) {
    event_log log;
    auto parent = [](event_log& log) -> coro<> {
        log.add("parent");
        create_task(note(log, "child"));
        co_return;
    };
    create_task(parent(log));
    create_task(note(log, "sibling"));
    co_await yield();
    co_await yield();
    EXPECT_EQ(log.text(), "parent sibling child");
}

CO_TEST_ON_1(create_task, more_tasks_than_the_ready_ring_holds_keep_their_order) {
    std::vector<int> order;
    auto body = [](std::vector<int>& order, int i) -> coro<> {
        order.push_back(i);
        co_await yield();
        order.push_back(i);
    };
    std::vector<task<>> tasks;
    for (int i = 0; i != 1000; ++i) {
        tasks.push_back(create_task(body(order, i)));
    }
    co_await gather(tasks);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.begin() + 1000));
    EXPECT_TRUE(std::is_sorted(order.begin() + 1000, order.end()));
    EXPECT_EQ(order.size(), 2000U);
}

CO_TEST(create_task, a_closure_lives_as_long_as_its_coroutine) {
    auto owner = std::make_shared<int>(5);
    task<int> t;
    {
        auto closure = [copy = owner]() -> coro<int> {
            co_await sleep(1ms);
            co_return *copy;
        };
        t = create_task(closure);
    }
    EXPECT_GE(owner.use_count(), 2);
    EXPECT_EQ(co_await t, 5);
    EXPECT_EQ(owner.use_count(), 1);
}

CO_TEST(create_task, arguments_are_stored_with_the_task) {
    auto body = [](const std::string& text, std::unique_ptr<int> number) -> coro<std::string> {
        co_await sleep(1ms);
        co_return text + std::to_string(*number);
    };
    task<std::string> t;
    {
        std::string text = "a text that is too long to be kept inside of the string itself ";
        t = create_task(body, text, std::make_unique<int>(5));
        text.assign(text.size(), 'x');
    }
    EXPECT_EQ(co_await t, "a text that is too long to be kept inside of the string itself 5");
    auto named =
        create_task_with({.name = "five"}, body, std::string("a"), std::make_unique<int>(1));
    EXPECT_EQ(named.name(), "five");
    EXPECT_EQ(co_await named, "a1");
}

CO_TEST(create_task, the_creation_site_is_the_line_that_asks) {
    auto body = [](auto...) -> coro<> { co_return; };
    std::vector<any_task> tasks;
    const unsigned line = __LINE__ + 1;
    tasks.push_back(create_task(body()));
    tasks.push_back(create_task(body));
    tasks.push_back(create_task(body, 1));
    tasks.push_back(create_task(body, 1, 2));
    tasks.push_back(create_task_with({}, body, 1, 2, 3));
    tasks.push_back(create_task_with({.name = "five"}, body));
    for (unsigned i = 0; i != tasks.size(); ++i) {
        const std::source_location site = tasks[i].creation_site();
        EXPECT_STREQ(site.file_name(), std::source_location::current().file_name()) << i;
        EXPECT_EQ(site.line(), line + i);
    }
    co_await wait(tasks);
}

CO_TEST(create_task, the_creation_site_is_the_line_that_asks_for_what_makes_a_task) {
    auto own_line = []() -> coro<unsigned> { co_return current_task().creation_site().line(); };
    EXPECT_EQ(co_await shield(own_line()), unsigned{__LINE__});
    std::vector<coro<unsigned>> bodies;
    bodies.push_back(own_line());
    bodies.push_back(own_line());
    const unsigned line = __LINE__ + 1;
    auto waited = co_await wait(std::move(bodies));
    EXPECT_EQ(waited.done.at(0).result(), line);
    std::vector<coro<unsigned>> others;
    others.push_back(own_line());
    const unsigned order_line = __LINE__ + 1;
    auto order = as_completed(std::move(others));
    EXPECT_EQ((co_await order.next()).value().result(), order_line);
}

CO_TEST(create_task, of_an_empty_coro_throws_invalid_argument) {
    auto body = []() -> coro<> { co_return; };
    coro<> empty = body();
    co_await std::move(empty);
    EXPECT_THROW(create_task(std::move(empty)), std::invalid_argument);
}

TEST(create_task, outside_of_a_loop_it_throws_and_says_so) {
    report_log ignored; // of the coroutine that is not started
    try {
        create_task([]() -> coro<> { co_return; }());
        ADD_FAILURE() << "no exception";
    } catch (const no_running_loop& error) {
        EXPECT_NE(std::string(error.what()).find("create_task() needs a running event loop"),
                  std::string::npos);
    }
    EXPECT_THROW((void)current_task(), no_running_loop);
    EXPECT_THROW((void)all_tasks(), no_running_loop);
}

// -- eager --

CO_TEST(create_task, an_eager_one_runs_up_to_its_first_suspension_at_once) {
    event_log log;
    auto t = create_task(note_twice(log, "eager"), {.eager = true});
    EXPECT_EQ(log.text().substr(0, 5), "eager");
    log.add("main");
    co_await t;
    EXPECT_NE(log.text().find("eager'"), std::string::npos);
}

CO_TEST(create_task, an_eager_one_that_never_suspends_is_done_when_create_task_returns) {
    const std::string mine = current_task().name();
    std::string inside;
    auto body = [](std::string& inside) -> coro<int> {
        inside = current_task().name();
        co_return 5;
    };
    auto t = create_task(body(inside), {.name = "eager one", .eager = true});
    EXPECT_TRUE(t.done());
    EXPECT_EQ(t.result(), 5);
    EXPECT_EQ(inside, "eager one");
    EXPECT_EQ(current_task().name(), mine);
    co_return;
}

CO_TEST(create_task, eager_ones_may_nest_deeply) {
    auto dig = [](auto& self, int depth) -> coro<int> {
        if (depth == 0) {
            co_return 0;
        }
        co_return 1 + co_await create_task(self(self, depth - 1), {.eager = true});
    };
    EXPECT_EQ(co_await dig(dig, 1000), 1000);
}

// -- pinned --

CO_TEST_ON_4(create_task, a_pinned_one_stays_on_its_thread) {
    std::atomic<int> moved = 0;
    auto body = [](std::atomic<int>& moved) -> coro<> {
        const auto thread = std::this_thread::get_id();
        for (int i = 0; i != 50; ++i) {
            co_await (i % 2 == 0 ? sleep(1us) : sleep(0us));
            moved += std::this_thread::get_id() == thread ? 0 : 1;
        }
    };
    std::vector<task<>> tasks;
    for (int i = 0; i != 20; ++i) {
        tasks.push_back(create_task(body(moved), {.pinned = true}));
    }
    co_await gather(tasks);
    EXPECT_EQ(moved, 0);
}

CO_TEST_ON_4(create_task, the_children_of_a_gather_in_a_pinned_one_stay_there_too) {
    std::atomic<int> moved = 0;
    auto child = [](std::thread::id home, std::atomic<int>& moved) -> coro<> {
        for (int i = 0; i != 10; ++i) {
            moved += std::this_thread::get_id() == home ? 0 : 1;
            co_await yield();
        }
    };
    auto body = [&]() -> coro<> {
        const auto home = std::this_thread::get_id();
        co_await gather(child(home, moved), child(home, moved), child(home, moved));
        moved += std::this_thread::get_id() == home ? 0 : 1;
    };
    co_await create_task(body(), {.pinned = true});
    EXPECT_EQ(moved, 0);
}

CO_TEST_ON_4(create_task, pinned_ones_of_one_loop_run_in_order) {
    event_log log;
    auto parent = [](event_log& log) -> coro<> {
        auto a = create_task(note_twice(log, "a"), {.pinned = true});
        auto b = create_task(note_twice(log, "b"), {.pinned = true});
        co_await a;
        co_await b;
    };
    co_await create_task(parent(log), {.pinned = true});
    EXPECT_EQ(log.text(), "a b a' b'");
}

// -- who runs --

CO_TEST(create_task, current_task_is_the_one_that_asks) {
    auto body = []() -> coro<std::string> {
        co_await yield();
        co_return current_task().name();
    };
    auto a = create_task(body(), {.name = "a"});
    auto b = create_task(body(), {.name = "b"});
    EXPECT_EQ(co_await a, "a");
    EXPECT_EQ(co_await b, "b");
}

CO_TEST(create_task, current_task_is_the_same_in_a_coroutine_that_is_awaited_and_in_a_gather) {
    const any_task me = current_task();
    auto ask = []() -> coro<any_task> { co_return current_task(); };
    EXPECT_TRUE(co_await ask() == me);
    const auto [a, b] = co_await gather(ask(), ask());
    EXPECT_TRUE(a == me);
    EXPECT_TRUE(b == me);
}

CO_TEST(create_task, all_tasks_are_those_that_have_not_ended) {
    auto wait_an_hour = []() -> coro<> { co_await sleep(1h); };
    auto ended = create_task([]() -> coro<> { co_return; }(), {.name = "ended"});
    co_await ended;
    auto waits = create_task(wait_an_hour(), {.name = "waits"});
    auto fresh = create_task(wait_an_hour(), {.name = "fresh"});
    std::set<std::string> names;
    for (const any_task& each : all_tasks()) {
        names.insert(each.name());
    }
    EXPECT_EQ(names, (std::set<std::string>{current_task().name(), "waits", "fresh"}));
    waits.cancel();
    fresh.cancel();
    (void)co_await as_result(waits);
    (void)co_await as_result(fresh);
    EXPECT_EQ(all_tasks().size(), 1U);
}

TEST(create_task, unnamed_ones_are_numbered_in_the_order_of_creation) {
    run_virtual(1, []() -> coro<> {
        const auto number = [](const any_task& t) { return std::stoi(t.name().substr(5)); };
        auto body = []() -> coro<> { co_return; };
        auto a = create_task(body());
        auto b = create_task(body());
        EXPECT_EQ(number(a), number(current_task()) + 1);
        EXPECT_EQ(number(b), number(a) + 1);
        co_await gather(a, b);
    });
}

// -- fairness --

CO_TEST_ON_1(create_task, a_loop_over_futures_that_are_set_does_not_starve_the_others) {
    promise<> set;
    set.set_value();
    bool other_ran = false;
    auto other = [](bool& ran) -> coro<> {
        ran = true;
        co_return;
    };
    create_task(other(other_ran));
    const future<> ready = set.get_future();
    int rounds = 0;
    while (!other_ran && rounds != 10'000) {
        co_await ready;
        ++rounds;
    }
    EXPECT_LE(rounds, 200);
}

CO_TEST_ON_1(create_task, a_loop_of_yields_lets_timers_fire) {
    auto t = create_task([]() -> coro<> { co_await sleep(1ns); }());
    int rounds = 0;
    auto stop = create_task([](task<> t) -> coro<> { co_await t; }(t));
    co_await sleep(2ns);
    while (!stop.done() && rounds != 10'000) {
        co_await yield();
        ++rounds;
    }
    EXPECT_TRUE(stop.done());
}

} // namespace
} // namespace eddy
