// await_chain_test.cpp — what a live task waits for, and in which words.
//
// Covers:    chains of coroutines, gathers, tasks and other waits; where a look is cut; awaiters;
//            the texts; that a look changes nothing.
// Not here:  looks that race -> tests/model/branch_word_model.cpp,
//            tests/stress/await_chain_stress.cpp.

#include <eddy/testing/co_test.hpp>

#include <array>
#include <coroutine>
#include <string>
#include <string_view>

#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;
using state = await_chain::state;

coro<> until_suspended(any_task task) {
    while (task.stage() != task_state::suspended) {
        co_await yield();
    }
}

coro<> end(any_task task) {
    (void)task.cancel();
    while (!task.done()) {
        co_await yield();
    }
}

constexpr unsigned line_of_sleep = __LINE__ + 3;

coro<> sleeper() {
    co_await sleep(1h);
}
coro<> middle() {
    co_await sleeper();
}
coro<> outer() {
    co_await middle();
}
coro<> deep(int levels) {
    if (levels == 0) {
        co_await sleeper();
    } else {
        co_await deep(levels - 1);
    }
}

bool names(const std::source_location& frame, std::string_view function) {
    return std::string_view(frame.function_name()).find(function) != std::string_view::npos;
}
bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

CO_TEST(await_chain, names_each_suspended_coroutine_from_the_outermost_one_on) {
    auto t = create_task(outer());
    co_await until_suspended(t);
    const await_chain chain = capture_await_chain(t);
    EXPECT_EQ(chain.now, state::waits);
    EXPECT_EQ(chain.waits_for, "a timer");
    EXPECT_EQ(chain.children_in_all, 0U);
    EXPECT_FALSE(chain.cut);
    EXPECT_EQ(chain.frames.size(), 3U);
    if (chain.frames.size() == 3) {
        EXPECT_TRUE(names(chain.frames[0], "outer"));
        EXPECT_TRUE(names(chain.frames[1], "middle"));
        EXPECT_TRUE(names(chain.frames[2], "sleeper"));
        EXPECT_EQ(chain.frames[2].line(), line_of_sleep);
        EXPECT_TRUE(contains(chain.frames[2].file_name(), "await_chain_test.cpp"));
    }
    co_await end(t);
}

CO_TEST(await_chain, of_a_task_that_runs_says_only_that) {
    const await_chain chain = capture_await_chain(current_task());
    EXPECT_EQ(chain.now, state::runs);
    EXPECT_TRUE(chain.frames.empty());
    co_return;
}

CO_TEST(await_chain, of_a_task_that_has_ended_says_only_that) {
    auto t = create_task(sleeper());
    co_await end(t);
    EXPECT_EQ(capture_await_chain(t).now, state::ended);
}

CO_TEST(await_chain, names_the_task_that_is_awaited) {
    auto awaited = create_task(sleeper(), {.name = "awaited"});
    auto t = create_task([](task<> awaited) -> coro<> { co_await awaited; }(awaited));
    co_await until_suspended(t);
    const await_chain chain = capture_await_chain(t);
    EXPECT_EQ(chain.waits_for, "");
    EXPECT_EQ(chain.tasks, std::vector<any_task>{awaited});
    EXPECT_EQ(awaiters_of(awaited), std::vector<any_task>{t});
    co_await end(t);
    EXPECT_TRUE(awaiters_of(awaited).empty());
}

CO_TEST(await_chain, names_the_tasks_of_a_wait_that_have_not_ended) {
    auto a = create_task(sleeper());
    auto b = create_task(sleeper());
    auto c = create_task([]() -> coro<> { co_return; }());
    co_await c;
    const std::vector<task<>> all{a, b, c};
    const std::vector<any_task> left{a, b};
    auto waits = create_task([](auto all) -> coro<> { co_await wait(all); }(all));
    co_await until_suspended(waits); // the older one of those that await
    auto gathers = create_task([](auto all) -> coro<> { co_await gather(all); }(all));
    auto iterates = create_task([](auto all) -> coro<> {
        for (auto each = as_completed(all); co_await each.next();) {
        }
    }(all));
    for (const any_task& t : {any_task(waits), any_task(gathers), any_task(iterates)}) {
        do {
            co_await yield();
        } while (capture_await_chain(t).tasks != left);
    }
    EXPECT_EQ(awaiters_of(a), (std::vector<any_task>{waits, gathers}));
    co_await end(waits);
    co_await end(iterates);
    co_await end(gathers); // cancels a and b
    co_await end(a);
    co_await end(b);
}

CO_TEST(await_chain, names_a_future_and_a_descriptor) {
    promise<int> never;
    auto f = create_task([](future<int> f) -> coro<> { (void)co_await f; }(never.get_future()));
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    auto r = create_task([](int fd) -> coro<> { co_await readable(fd); }(ends[0]));
    co_await until_suspended(f);
    co_await until_suspended(r);
    EXPECT_EQ(capture_await_chain(f).waits_for, "a future");
    EXPECT_EQ(capture_await_chain(r).waits_for, "input on descriptor " + std::to_string(ends[0]));
    co_await end(f);
    co_await end(r);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

CO_TEST(await_chain, goes_down_into_the_children_of_a_gather) {
    auto body = []() -> coro<> {
        auto nested = []() -> coro<> { co_await gather(sleeper(), middle()); };
        co_await gather(sleeper(), nested(), []() -> coro<> { co_return; }());
    };
    auto t = create_task(body());
    await_chain chain;
    do { // a sibling may be about to start the last child
        co_await yield();
        chain = capture_await_chain(t);
    } while (chain.children.size() != 2 || chain.children[1].children.size() != 2);
    EXPECT_EQ(chain.children_in_all, 3U);
    EXPECT_EQ(chain.frames.size(), 1U);
    EXPECT_EQ(chain.children[0].index, 0U);
    EXPECT_EQ(chain.children[0].frames.size(), 1U);
    EXPECT_EQ(chain.children[0].waits_for, "a timer");
    EXPECT_EQ(chain.children[1].index, 1U);
    EXPECT_EQ(chain.children[1].children_in_all, 2U);
    EXPECT_EQ(chain.children[1].children[1].index, 1U);
    EXPECT_EQ(chain.children[1].children[1].frames.size(), 2U);
    co_await end(t);
}

CO_TEST(await_chain, keeps_the_innermost_frames_of_a_long_chain) {
    auto t = create_task(deep(1000));
    co_await until_suspended(t);
    const await_chain chain = capture_await_chain(t);
    EXPECT_TRUE(chain.cut);
    EXPECT_EQ(chain.frames.size(), 64U);
    EXPECT_TRUE(names(chain.frames.back(), "sleeper"));
    EXPECT_TRUE(contains(to_string(chain), "..."));
    co_await end(t);
}

CO_TEST(await_chain, of_many_children_that_wait_shows_the_first_ones) {
    auto body = []() -> coro<> {
        std::vector<coro<>> sleepers;
        for (int i = 0; i != 1000; ++i) {
            sleepers.push_back(sleeper());
        }
        co_await gather(std::move(sleepers));
    };
    auto t = create_task(body());
    await_chain chain;
    do {
        co_await yield();
        chain = capture_await_chain(t);
    } while (!chain.cut);
    EXPECT_EQ(chain.children_in_all, 1000U);
    EXPECT_GT(chain.children.size(), 50U);
    co_await end(t);
}

CO_TEST(await_chain, finds_the_last_of_many_children) {
    auto body = []() -> coro<> {
        std::vector<coro<>> all;
        for (int i = 0; i != 1000; ++i) {
            all.push_back([]() -> coro<> { co_return; }());
        }
        all.push_back(middle());
        co_await gather(std::move(all));
    };
    auto t = create_task(body());
    await_chain chain;
    do {
        co_await yield();
        chain = capture_await_chain(t);
    } while (chain.children.empty());
    EXPECT_FALSE(chain.cut);
    EXPECT_EQ(chain.children[0].index, 1000U);
    EXPECT_EQ(chain.children[0].frames.size(), 2U);
    co_await end(t);
}

// Suspends until it is resumed by hand; knows nothing of eddy.
struct foreign_bell {
    std::coroutine_handle<> waiter;
    bool rung = false;

    [[nodiscard]] bool await_ready() const noexcept { return rung; }
    void await_suspend(std::coroutine_handle<> handle) noexcept { waiter = handle; }
    void await_resume() const noexcept {}
};

CO_TEST(await_chain, is_read_while_a_cancel_is_pending_too) {
    foreign_bell bell;
    auto t = create_task([](foreign_bell& bell) -> coro<> {
        co_await bell;
        co_await sleep(1h);
    }(bell));
    co_await until_suspended(t);
    EXPECT_TRUE(t.cancel()); // stays pending: a foreign awaitable cannot be withdrawn
    const await_chain chain = capture_await_chain(t);
    EXPECT_EQ(chain.now, state::waits);
    EXPECT_EQ(chain.waits_for, "an awaitable of another library");
    EXPECT_EQ(chain.frames.size(), 1U);
    bell.waiter.resume();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

CO_TEST(await_chain, a_look_changes_nothing) {
    auto t = create_task([]() -> coro<int> {
        auto first = co_await as_result(sleep(1h));
        co_await sleep(1ms);
        co_return first.cancelled() ? 1 : 0;
    }());
    co_await until_suspended(t);
    (void)capture_await_chain(t);
    EXPECT_EQ(t.stage(), task_state::suspended);
    EXPECT_TRUE(t.cancel());
    EXPECT_EQ(co_await t, 1);
}

CO_TEST(await_chain, awaiters_are_given_oldest_first_and_at_most_sixteen) {
    auto awaited = create_task(sleeper());
    std::vector<task<>> awaiters;
    for (int i = 0; i != 20; ++i) {
        awaiters.push_back(
            create_task([](task<> awaited) -> coro<> { co_await shield(awaited); }(awaited)));
        co_await until_suspended(awaiters.back());
    }
    const std::vector<any_task> found = awaiters_of(awaited);
    EXPECT_EQ(found, std::vector<any_task>(awaiters.end() - 16, awaiters.end()));
    for (const task<>& each : awaiters) {
        co_await end(each);
    }
    co_await end(awaited);
}

CO_TEST(to_string, says_where_a_task_waits_for_what_and_who_awaits_it) {
    auto inner = create_task(middle(), {.name = "inner"});
    auto t = create_task([](task<> inner) -> coro<> { co_await inner; }(inner), {.name = "outer"});
    co_await until_suspended(inner);
    co_await until_suspended(t);
    const std::string text = to_string(inner);
    EXPECT_TRUE(text.starts_with("inner (suspended) in ")) << text;
    EXPECT_TRUE(contains(text, "middle()")) << text;
    EXPECT_TRUE(contains(text, "await_chain_test.cpp:" + std::to_string(line_of_sleep) +
                                   " for a timer, awaited by outer"))
        << text;
    EXPECT_TRUE(contains(to_string(t), " for inner")) << to_string(t);
    co_await end(t);
}

CO_TEST(to_string, gives_the_place_in_the_users_code) {
    const unsigned line = __LINE__ + 1;
    auto t = create_task([]() -> coro<> { co_await wait_for(sleep(1h), 2h); }());
    co_await until_suspended(t);
    EXPECT_TRUE(contains(to_string(t), "await_chain_test.cpp:" + std::to_string(line) + " for"))
        << to_string(t);
    EXPECT_EQ(capture_await_chain(t).frames.size(), 2U);
    co_await end(t);
}

CO_TEST(to_string, of_a_task_that_runs_has_no_place) {
    const std::string text = to_string(current_task());
    EXPECT_TRUE(contains(text, "(running)")) << text;
    EXPECT_FALSE(contains(text, "waits at")) << text;
    co_return;
}

CO_TEST(format_tasks, shows_each_task_and_indents_the_children_of_its_gathers) {
    auto inner = create_task(middle(), {.name = "inner"});
    auto body = [](task<> inner) -> coro<> {
        auto child = [](task<> inner) -> coro<> { co_await inner; };
        co_await gather(sleeper(), child(inner));
    };
    auto t = create_task(body(inner), {.name = "outer"});
    co_await until_suspended(inner);
    while (capture_await_chain(t).children.size() != 2) {
        co_await yield();
    }
    const std::array<any_task, 2> both{t, inner};
    const std::string text = format_tasks(both);
    EXPECT_TRUE(text.starts_with("outer (suspended) in ")) << text;
    EXPECT_TRUE(contains(text, "\n  waits for 2 children, of which 2 wait\n  child 0\n    "))
        << text;
    EXPECT_TRUE(contains(text, "sleeper()\n    waits for a timer\n  child 1\n    ")) << text;
    EXPECT_TRUE(contains(text, "\n    waits for inner\ninner (suspended) in ")) << text;
    EXPECT_TRUE(contains(text, ", awaited by outer\n  ")) << text;
    co_await end(t);
}

} // namespace
} // namespace eddy
