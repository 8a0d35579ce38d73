// context_test.cpp — values and deadlines that follow the work.
//
// Covers:    context_var: set, reset, defaults; what awaits, gathers, tasks, callbacks and threads
//            inherit; copies and run; current_deadline; tokens that end out of order.
// Not here:  timeouts that set deadlines -> sched/timeout_test.cpp; many threads ->
//            tests/stress/scopes_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

const context_var<int> number("number", 0);
const context_var<std::string> word("word");

coro<int> number_here() {
    co_return number.get();
}
coro<> yield_once() {
    co_await yield();
}
coro<int> number_after(clock::duration delay) {
    co_await sleep(delay);
    co_return number.get();
}

// -- set and reset --

CO_TEST(context_var, without_a_value_it_has_its_default_or_none) {
    EXPECT_EQ(number.get(), 0);
    EXPECT_EQ(number.get(5), 0);
    EXPECT_THROW((void)word.get(), lookup_error);
    EXPECT_EQ(word.get("fallback"), "fallback");
    EXPECT_EQ(word.find(), nullptr);
    EXPECT_STREQ(word.name(), "word");
    co_return;
}

CO_TEST(context_var, a_value_lasts_as_long_as_its_token) {
    {
        const auto outer = number.set(1);
        EXPECT_EQ(number.get(), 1);
        {
            const auto inner = number.set(2);
            const auto other = word.set("two");
            EXPECT_EQ(number.get(), 2);
            EXPECT_EQ(word.get(), "two");
        }
        EXPECT_EQ(number.get(), 1);
        EXPECT_EQ(word.find(), nullptr);
    }
    EXPECT_EQ(number.get(), 0);
    co_return;
}

CO_TEST(context_var, a_token_can_be_reset_before_its_time) {
    auto first = number.set(1);
    auto second = number.set(2);
    number.reset(second);
    EXPECT_EQ(number.get(), 1);
    second.reset();
    EXPECT_EQ(number.get(), 1);
    first.reset();
    EXPECT_EQ(number.get(), 0);
    co_return;
}

CO_TEST(context_var, tokens_may_end_in_another_order) {
    std::unique_ptr<context_token> first(new context_token(number.set(1)));
    const auto second = number.set(2);
    const auto third = word.set("three");
    first.reset();
    EXPECT_EQ(number.get(), 2);
    EXPECT_EQ(word.get(), "three");
    co_await yield();
    EXPECT_EQ(number.get(), 2);
}

CO_TEST(context_var, an_exception_ends_what_was_set_below) {
    auto fail = []() -> coro<> {
        const auto bound = number.set(7);
        co_await yield();
        throw std::runtime_error("far");
    };
    (void)co_await as_result(fail());
    EXPECT_EQ(number.get(), 0);
}

CO_TEST(context_var, values_may_be_of_any_type_that_moves) {
    static const context_var<std::unique_ptr<int>> pointer("pointer");
    const auto bound = pointer.set(std::make_unique<int>(5));
    co_await yield();
    EXPECT_EQ(*pointer.get(), 5);
}

// -- through awaits --

CO_TEST(context_var, it_is_there_after_every_kind_of_suspension) {
    const auto bound = number.set(7);
    co_await yield();
    EXPECT_EQ(number.get(), 7);
    co_await sleep(1s);
    EXPECT_EQ(number.get(), 7);
    auto t = create_task(number_after(1s));
    EXPECT_EQ(co_await t, 7);
    EXPECT_EQ(number.get(), 7);
    promise<> set_by_hand;
    (void)get_running_loop().call_later(1s, [&set_by_hand] { set_by_hand.set_value(); });
    co_await set_by_hand.get_future();
    EXPECT_EQ(number.get(), 7);
}

CO_TEST(context_var, an_awaited_coroutine_sees_it_and_what_that_sets_ends_with_it) {
    auto callee = []() -> coro<int> {
        const int before = number.get();
        const auto bound = number.set(8);
        co_await sleep(1s);
        co_return before * 100 + number.get();
    };
    const auto bound = number.set(7);
    EXPECT_EQ(co_await callee(), 708);
    EXPECT_EQ(number.get(), 7);
}

CO_TEST(context_var, others_that_run_in_between_do_not_see_it) {
    auto other = []() -> coro<> {
        for (int i = 0; i != 10; ++i) {
            EXPECT_EQ(number.get(), 0);
            co_await yield();
        }
    };
    auto t = create_task(other());
    {
        const auto bound = number.set(7);
        for (int i = 0; i != 10; ++i) {
            co_await yield();
            EXPECT_EQ(number.get(), 7);
        }
    }
    co_await t;
}

CO_TEST(context_var, after_its_end_nothing_of_it_comes_back) {
    {
        const auto bound = number.set(7);
        co_await yield();
    }
    EXPECT_EQ(number.get(), 0);
    co_await yield();
    EXPECT_EQ(number.get(), 0);
    co_await sleep(1s);
    EXPECT_EQ(number.get(), 0);
}

// -- through gathers --

// Sets the variable in steps, looks at it, and has children that do so too.
coro<> set_and_look(int value, int depth) {
    const int inherited = number.get();
    for (int i = 0; i != 3; ++i) {
        const auto bound = number.set(value + i);
        co_await yield();
        EXPECT_EQ(number.get(), value + i);
        if (depth != 0) {
            co_await gather(set_and_look(10 * value, depth - 1),
                            set_and_look(20 * value, depth - 1), sleep(1ms));
            EXPECT_EQ(number.get(), value + i);
        }
    }
    EXPECT_EQ(number.get(), inherited);
    co_await sleep(1ms);
    EXPECT_EQ(number.get(), inherited);
}

CO_TEST(context_var, children_of_a_gather_inherit_it_and_set_it_each_for_itself) {
    co_await gather(set_and_look(1, 3), set_and_look(2, 3));
    EXPECT_EQ(number.get(), 0);
    const auto bound = number.set(7);
    const auto [a, b, c] = co_await gather(number_here(), number_after(1s), number_after(2s));
    EXPECT_TRUE(a == 7 && b == 7 && c == 7);
    co_await gather(set_and_look(1, 3), set_and_look(2, 3));
    EXPECT_EQ(number.get(), 7);
}

CO_TEST(context_var, a_child_that_sets_the_first_value_of_its_task_keeps_it_to_itself) {
    auto set = []() -> coro<int> {
        const auto bound = number.set(7);
        co_await yield();
        co_await gather(yield(), yield());
        co_return number.get();
    };
    auto look = []() -> coro<int> {
        int seen = number.get();
        for (int i = 0; i != 10; ++i) {
            co_await yield();
            seen += number.get();
        }
        co_return seen;
    };
    const auto [a, b, c] = co_await gather(set(), look(), set());
    EXPECT_EQ(a, 7);
    EXPECT_EQ(b, 0);
    EXPECT_EQ(c, 7);
    EXPECT_EQ(number.get(), 0);
    co_await yield();
    EXPECT_EQ(number.get(), 0);
}

CO_TEST(context_var, children_of_a_range_inherit_it) {
    const auto bound = number.set(7);
    std::vector<coro<int>> bodies;
    for (int i = 0; i != 100; ++i) {
        bodies.push_back(i % 2 == 0 ? number_here() : number_after(std::chrono::milliseconds(i)));
    }
    EXPECT_EQ(co_await gather(std::move(bodies)), std::vector<int>(100, 7));
}

CO_TEST(context_var, children_of_pinned_tasks_and_of_strands_inherit_it) {
    const auto bound = number.set(7);
    auto both = []() -> coro<int> {
        const auto [a, b] = co_await gather(number_after(1s), number_here());
        co_return a + b + number.get();
    };
    EXPECT_EQ(co_await create_task(both(), {.pinned = true}), 21);
    strand line;
    EXPECT_EQ(co_await line.create_task(both()), 21);
}

// -- through tasks and callbacks --

CO_TEST(context_var, a_task_begins_with_what_its_creator_sees) {
    task<int> late;
    {
        const auto bound = number.set(7);
        late = create_task(number_after(1s));
    }
    EXPECT_EQ(number.get(), 0);
    EXPECT_EQ(co_await late, 7);
}

CO_TEST(context_var, what_a_task_sets_does_not_leak_out_of_it) {
    const auto bound = number.set(7);
    auto t = create_task([]() -> coro<int> {
        const auto bound = number.set(8);
        co_await sleep(1s);
        co_return number.get();
    });
    co_await sleep(500ms);
    EXPECT_EQ(number.get(), 7);
    EXPECT_EQ(co_await t, 8);
    EXPECT_EQ(number.get(), 7);
}

CO_TEST(context_var, an_eager_task_leaves_its_creators_context_alone) {
    const auto bound = number.set(7);
    auto t = create_task(
        []() -> coro<int> {
            const int inherited = number.get();
            const auto bound = number.set(8);
            co_await sleep(1s);
            co_return inherited * 10 + number.get();
        }(),
        {.eager = true});
    EXPECT_EQ(number.get(), 7);
    EXPECT_EQ(co_await t, 78);
    EXPECT_EQ(number.get(), 7);
}

CO_TEST(context_var, tasks_of_tasks_inherit_it) {
    const auto bound = number.set(7);
    auto outer = []() -> coro<int> {
        const auto bound = word.set("inner");
        auto inner = []() -> coro<int> {
            EXPECT_EQ(word.get(), "inner");
            co_return number.get();
        };
        co_return co_await create_task(inner());
    };
    EXPECT_EQ(co_await create_task(outer()), 7);
}

CO_TEST(context_var, a_task_that_never_starts_gives_its_context_back) {
    const auto bound = word.set("a word that does not fit into its object");
    auto t = create_task(number_here());
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
}

CO_TEST(context_var, callbacks_and_timers_begin_with_what_was_in_force_where_they_were_made) {
    event_log log;
    auto note = [&log] { log.add(word.get("nothing")); };
    event_loop& loop = get_running_loop();
    auto ended = create_task(yield_once());
    {
        const auto bound = word.set("soon");
        (void)loop.call_soon(note);
    }
    {
        const auto bound = word.set("later");
        (void)loop.call_later(1s, note);
    }
    {
        const auto bound = word.set("done");
        ended.add_done_callback([note](const any_task&) { note(); });
    }
    (void)loop.call_later(2s, note);
    co_await sleep(3s);
    EXPECT_EQ(log.text(), "soon done later nothing");
}

CO_TEST(context_var, a_callback_may_set_it_and_create_tasks) {
    task<int> made;
    (void)get_running_loop().call_soon([&made] {
        const auto bound = number.set(9);
        made = create_task(number_after(1s));
    });
    co_await sleep(1s);
    EXPECT_EQ(number.get(), 0);
    EXPECT_EQ(co_await made, 9);
}

TEST(context_var, the_main_task_begins_with_what_its_thread_has_set) {
    const auto bound = number.set(7);
    EXPECT_EQ(number.get(), 7);
    EXPECT_EQ(run(number_after(1s), {.workers = 2, .virtual_time = true}), 7);
    EXPECT_EQ(number.get(), 7);
}

TEST(context_var, threads_have_values_of_their_own) {
    const auto bound = number.set(7);
    int seen = -1;
    std::thread([&seen] {
        seen = number.get();
        const auto bound = number.set(8);
        seen = seen * 10 + number.get();
    }).join();
    EXPECT_EQ(seen, 8);
    EXPECT_EQ(number.get(), 7);
}

TEST(context_var, a_coroutine_from_another_thread_begins_with_what_that_has_set) {
    runtime loops({.workers = 1});
    std::thread driver([&loops] { loops.run_forever(); });
    {
        const auto bound = number.set(7);
        EXPECT_EQ(run_coroutine_threadsafe(number_here(), loops.loop()).result(), 7);
    }
    EXPECT_EQ(run_coroutine_threadsafe(number_here(), loops.loop()).result(), 0);
    loops.stop();
    driver.join();
}

// -- copies --

CO_TEST(context, a_copy_keeps_what_was_in_force) {
    context copy;
    EXPECT_TRUE(copy.empty());
    EXPECT_TRUE(copy_context().empty());
    {
        const auto bound = number.set(7);
        const auto shadowed = word.set("outer");
        const auto shown = word.set("inner");
        copy = copy_context();
    }
    EXPECT_EQ(copy.run([] { return number.get(); }), 7);
    EXPECT_EQ(copy.run([] { return word.get(); }), "inner");
    EXPECT_EQ(number.get(), 0);
    co_await yield();
    EXPECT_EQ(copy.run([] { return number.get(); }), 7);
}

CO_TEST(context, run_shows_nothing_from_outside_and_lets_nothing_out) {
    const context empty;
    const auto bound = number.set(7);
    const int seen = empty.run(
        [](int factor) {
            const int before = number.get();
            const auto bound = number.set(8);
            return before * 100 + number.get() * factor;
        },
        2);
    EXPECT_EQ(seen, 16);
    EXPECT_EQ(number.get(), 7);
    EXPECT_THROW(empty.run([] { throw std::runtime_error("far"); }), std::runtime_error);
    EXPECT_EQ(number.get(), 7);
    co_return;
}

CO_TEST(context, it_is_for_threads_too) {
    context copy;
    {
        const auto bound = number.set(7);
        copy = copy_context();
    }
    int seen = 0;
    std::thread([&] { seen = copy.run([] { return number.get(); }); }).join();
    EXPECT_EQ(seen, 7);
    co_return;
}

CO_TEST(context, a_task_can_be_given_one) {
    context copy;
    {
        const auto bound = number.set(7);
        copy = copy_context();
    }
    const auto bound = number.set(8);
    EXPECT_EQ(co_await create_task(number_after(1s), {.context = &copy}), 7);
    const context empty;
    EXPECT_EQ(co_await create_task(number_after(1s), {.context = &empty}), 0);
    EXPECT_EQ(co_await create_task(number_after(1s)), 8);
}

// -- deadlines --

CO_TEST(current_deadline, there_is_none_at_first) {
    EXPECT_EQ(current_deadline(), clock::time_point::max());
    co_return;
}

CO_TEST(current_deadline, the_earliest_one_counts) {
    const auto start = now();
    deadline_scope outer;
    EXPECT_EQ(current_deadline(), clock::time_point::max());
    outer.set_when(start + 5s);
    deadline_scope inner;
    inner.set_when(start + 9s);
    EXPECT_EQ(current_deadline(), start + 5s);
    inner.set_when(start + 2s);
    EXPECT_EQ(current_deadline(), start + 2s);
    const auto t = create_task([]() -> coro<clock::time_point> {
        co_await yield();
        co_return current_deadline();
    });
    inner.set_when(start + 3s);
    EXPECT_EQ(co_await t, start + 2s); // as it was when the task was created
    EXPECT_EQ(current_deadline(), start + 3s);
    const no_deadline_scope free;
    EXPECT_EQ(current_deadline(), clock::time_point::max());
}

CO_TEST(current_deadline, children_of_a_gather_have_each_its_own) {
    const auto start = now();
    auto within = [start](clock::duration limit) -> coro<> {
        deadline_scope mine;
        mine.set_when(start + limit);
        for (int i = 0; i != 5; ++i) {
            co_await yield();
            EXPECT_EQ(current_deadline(), start + limit);
        }
    };
    co_await gather(within(1s), within(2s), within(3s));
    EXPECT_EQ(current_deadline(), clock::time_point::max());
}

} // namespace
} // namespace eddy
