// deep_stress.cpp — awaits without end, awaits inside awaits, and cancels through all of them.
// Compiled with -O0.
//
// Covers:    millions of awaits of ready coroutines and futures and of yields in one loop; a
//            million nested awaits that end by a value, an exception, a cancel; generators in
//            generators; gathers and tasks nested 100 000 deep and 100 000 wide, cancelled at the
//            root; tasks that await each other in a circle. An eighth of it under a sanitizer.
// Expect:    the stack does not grow with any of it: a few pages too many are a crash here, without
//            optimisation and under AddressSanitizer.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::coro;
using stress::stress_case;

class deep_stress : public stress_case {};
class awaits : public stress_case, public testing::WithParamInterface<std::size_t> {};

// The parameter, and the name of the case, is the number of awaits.
INSTANTIATE_TEST_SUITE_P(deep_stress, awaits, testing::Values(stress::scaled(10'000'000)),
                         testing::PrintToStringParamName());

coro<std::size_t> ready(std::size_t value) {
    co_return value;
}

TEST_P(awaits, of_ready_coroutines_in_a_loop) {
    auto main = [](std::size_t count) -> coro<std::size_t> {
        std::size_t sum = 0;
        for (std::size_t i = 0; i != count; ++i) {
            sum += co_await ready(1);
        }
        co_return sum;
    };
    EXPECT_EQ(eddy::run(main(GetParam()), {.workers = 1}), GetParam());
}

TEST_P(awaits, of_ready_futures_in_a_loop) {
    auto main = [](std::size_t count) -> coro<std::size_t> {
        eddy::promise<std::size_t> set;
        set.set_value(1U);
        const eddy::future<std::size_t> one = set.get_future();
        std::size_t sum = 0;
        for (std::size_t i = 0; i != count; ++i) {
            sum += co_await one;
        }
        co_return sum;
    };
    EXPECT_EQ(eddy::run(main(GetParam()), {.workers = 1}), GetParam());
}

TEST_P(awaits, of_yield_in_a_loop_a_tenth_as_often) {
    auto main = [](std::size_t count) -> coro<std::size_t> {
        std::size_t sum = 0;
        for (std::size_t i = 0; i != count; ++i) {
            co_await eddy::yield();
            ++sum;
        }
        co_return sum;
    };
    EXPECT_EQ(eddy::run(main(GetParam() / 10), {.workers = 2}), GetParam() / 10);
}

TEST_P(awaits, of_gathers_of_ready_coroutines_a_tenth_as_often) {
    auto main = [](std::size_t count) -> coro<std::size_t> {
        std::size_t sum = 0;
        for (std::size_t i = 0; i != count; ++i) {
            auto [a, b] = co_await eddy::gather(ready(1), ready(0));
            sum += a + b;
        }
        co_return sum;
    };
    EXPECT_EQ(eddy::run(main(GetParam() / 10), {.workers = 2}), GetParam() / 10);
}

eddy::async_generator<std::size_t> count(std::size_t items) {
    for (std::size_t i = 0; i != items; ++i) {
        co_yield i;
    }
}

TEST_P(awaits, of_the_items_of_a_generator) {
    auto main = [](std::size_t items) -> coro<std::size_t> {
        std::size_t given = 0;
        EDDY_FOR(const std::size_t each, count(items)) {
            given += each == given ? 1 : 0;
        }
        co_return given;
    };
    EXPECT_EQ(eddy::run(main(GetParam()), {.workers = 1}), GetParam());
}

// -- a million nested awaits --

const std::size_t levels = stress::scaled(1'000'000);

enum class ending { value, exception, sleeping };

coro<std::size_t> nest(std::size_t left, ending how) {
    if (left != 0) {
        co_return co_await nest(left - 1, how) + 1;
    }
    if (how == ending::exception) {
        throw std::runtime_error("at the bottom");
    }
    if (how == ending::sleeping) {
        co_await eddy::sleep(1h);
    }
    co_return 0;
}

TEST_F(deep_stress, awaits_nested_deep_give_a_value) {
    EXPECT_EQ(eddy::run(nest(levels, ending::value), {.workers = 1}), levels);
}

TEST_F(deep_stress, awaits_nested_deep_throw) {
    EXPECT_THROW(eddy::run(nest(levels, ending::exception), {.workers = 1}), std::runtime_error);
}

TEST_F(deep_stress, awaits_nested_deep_are_cancelled_at_the_leaf) {
    auto main = []() -> coro<bool> {
        const auto deep = eddy::create_task(nest(levels, ending::sleeping));
        co_await eddy::sleep(1ms);
        (void)deep.cancel();
        co_await eddy::wait(std::vector{deep});
        co_return deep.cancelled();
    };
    EXPECT_TRUE(eddy::run(main(), {.workers = 2}));
}

// -- generators in generators --

const std::size_t many = stress::scaled(100'000);

eddy::async_generator<std::size_t> passed_on(std::size_t left, ending how) {
    if (left == 0) {
        if (how == ending::sleeping) {
            co_await eddy::sleep(1h);
        }
        co_yield 0;
    } else {
        auto inner = passed_on(left - 1, how);
        while (auto each = co_await inner.next()) {
            co_yield *each + 1;
        }
    }
}

coro<std::size_t> first_of(eddy::async_generator<std::size_t> items) {
    std::size_t last = 0;
    while (auto each = co_await items.next()) {
        last = *each;
    }
    co_return last;
}

TEST_F(deep_stress, an_item_passes_through_many_generators) {
    EXPECT_EQ(eddy::run(first_of(passed_on(many, ending::value)), {.workers = 1}), many);
}

TEST_F(deep_stress, many_generators_in_each_other_are_cancelled_at_the_innermost) {
    auto main = []() -> coro<bool> {
        const auto deep = eddy::create_task(first_of(passed_on(many, ending::sleeping)));
        co_await eddy::sleep(1ms);
        (void)deep.cancel();
        co_await eddy::wait(std::vector{deep});
        co_return deep.cancelled();
    };
    EXPECT_TRUE(eddy::run(main(), {.workers = 2}));
}

eddy::generator<std::size_t> delegated(std::size_t left) {
    if (left != 0) {
        co_yield eddy::elements_of(delegated(left - 1));
    }
    co_yield left;
}

TEST_F(deep_stress, many_generators_delegate_to_each_other) {
    std::size_t expected = 0;
    for (const std::size_t each : delegated(levels)) {
        ASSERT_EQ(each, expected++);
    }
    for (const std::size_t each : delegated(levels)) {
        if (each == 10) { // all others are still there
            break;
        }
    }
}

// -- cancels of what is deep or wide --

class trees : public stress_case, public testing::WithParamInterface<unsigned> {};

INSTANTIATE_TEST_SUITE_P(deep_stress, trees, testing::Values(1U, 4U),
                         testing::PrintToStringParamName());

coro<> nothing() {
    co_return;
}

coro<> sleeper(std::atomic<std::size_t>& began) {
    began.fetch_add(1);
    co_await eddy::sleep(1h);
}

/// Runs `made`, cancels it when `began` has come to `count`, awaits it: gives whether it ended as
/// cancelled.
coro<bool> cancel_when(coro<> made, std::atomic<std::size_t>& began, std::size_t count) {
    const auto root = eddy::create_task(std::move(made));
    while (began.load() != count) {
        co_await eddy::sleep(100us);
    }
    (void)root.cancel();
    co_await eddy::wait(std::vector{root});
    co_return root.cancelled();
}

TEST_P(trees, many_children_of_a_gather_are_cancelled) {
    std::atomic<std::size_t> began{0};
    auto wide = [](std::atomic<std::size_t>& began) -> coro<> {
        std::vector<coro<>> children;
        for (std::size_t i = 0; i != many; ++i) {
            children.push_back(sleeper(began));
        }
        co_await eddy::gather(std::move(children));
    };
    EXPECT_TRUE(eddy::run(cancel_when(wide(began), began, many), {.workers = GetParam()}));
}

TEST_P(trees, many_tasks_of_a_gather_are_cancelled) {
    std::atomic<std::size_t> began{0};
    auto wide = [](std::atomic<std::size_t>& began) -> coro<> {
        std::vector<eddy::task<>> children;
        for (std::size_t i = 0; i != many; ++i) {
            children.push_back(eddy::create_task(sleeper(began)));
        }
        co_await eddy::gather(std::move(children));
    };
    EXPECT_TRUE(eddy::run(cancel_when(wide(began), began, many), {.workers = GetParam()}));
}

coro<> nested_gather(std::size_t left, std::atomic<std::size_t>& began) {
    if (left == 0) {
        co_await sleeper(began);
    } else {
        co_await eddy::gather(nested_gather(left - 1, began), nothing());
    }
}

TEST_P(trees, gathers_nested_deep_are_cancelled_at_the_root) {
    std::atomic<std::size_t> began{0};
    EXPECT_TRUE(
        eddy::run(cancel_when(nested_gather(many, began), began, 1), {.workers = GetParam()}));
}

coro<> chain(std::size_t left, std::atomic<std::size_t>& began) {
    if (left == 0) {
        co_await sleeper(began);
    } else {
        co_await eddy::create_task(chain(left - 1, began));
    }
}

TEST_P(trees, a_chain_of_tasks_is_cancelled_at_the_root) {
    std::atomic<std::size_t> began{0};
    EXPECT_TRUE(eddy::run(cancel_when(chain(many, began), began, 1), {.workers = GetParam()}));
}

coro<> chain_of_gathers(std::size_t left, std::atomic<std::size_t>& began) {
    if (left == 0) {
        co_await sleeper(began);
    } else {
        const auto below = eddy::create_task(chain_of_gathers(left - 1, began));
        co_await eddy::gather(below, eddy::create_task(nothing()));
    }
}

TEST_P(trees, a_chain_of_tasks_in_gathers_is_cancelled_at_the_root) {
    std::atomic<std::size_t> began{0};
    EXPECT_TRUE(eddy::run(cancel_when(chain_of_gathers(many / 10, began), began, 1),
                          {.workers = GetParam()}));
}

TEST_P(trees, everything_of_a_deep_tree_is_cancelled_by_the_end_of_the_runtime) {
    std::atomic<std::size_t> began{0};
    auto main = [](std::atomic<std::size_t>& began) -> coro<> {
        (void)eddy::create_task(chain(1'000, began));
        (void)eddy::create_task(nested_gather(1'000, began));
        while (began.load() != 2) {
            co_await eddy::sleep(100us);
        }
    };
    eddy::run(main(began), {.workers = GetParam()});
    EXPECT_EQ(began.load(), 2U);
}

// -- a circle --

coro<> await_the_next(const std::vector<eddy::task<>>& ring, std::size_t mine) {
    co_await eddy::yield(); // until all are there
    co_await ring[(mine + 1) % ring.size()];
}

TEST_P(trees, tasks_that_await_each_other_in_a_circle_can_be_cancelled) {
    for (const std::size_t size : {2U, 3U, 100U}) {
        auto main = [](std::size_t size) -> coro<std::size_t> {
            std::vector<eddy::task<>> ring;
            ring.reserve(size);
            for (std::size_t i = 0; i != size; ++i) {
                ring.push_back(eddy::create_task(await_the_next(ring, i), {.pinned = true}));
            }
            co_await eddy::sleep(2ms);
            (void)ring[size / 2].cancel();
            auto [done, pending] = co_await eddy::wait(ring, {.timeout = 10s});
            co_return done.size();
        };
        EXPECT_EQ(eddy::run(main(size), {.workers = GetParam(), .grace = 100ms}), size);
    }
}

} // namespace
