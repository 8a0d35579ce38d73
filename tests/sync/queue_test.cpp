// queue_test.cpp — queue as asyncio's Queue: order, waiting, cancelling, join, shutdown.
//
// Covers:    what CPython's test_queues.py checks of Queue, case by case; T whose move or
//            comparison throws.
// Not here:  the other orders -> item_store_test.cpp; threads -> blocking_test.cpp; interleavings
//            -> tests/model/queue_model.cpp; many workers -> tests/stress/queue_stress.cpp;
//            what allocates -> tests/stress/failure_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<int> get_from(queue<int>& from) {
    co_return co_await from.get();
}
coro<> put_into(queue<int>& to, int item) {
    co_await to.put(item);
}

TEST(queue, without_a_maxsize_it_is_never_full) {
    queue<int> q;
    EXPECT_EQ(q.maxsize(), 0U);
    for (int i = 0; i != 10'000; ++i) {
        q.put_nowait(i);
    }
    EXPECT_FALSE(q.full());
    EXPECT_EQ(q.size(), 10'000U);
    for (int i = 0; i != 10'000; ++i) {
        EXPECT_EQ(q.get_nowait(), i);
    }
    EXPECT_TRUE(q.empty());
}

TEST(queue, it_knows_when_it_is_empty_and_full) {
    queue<int> q(2);
    EXPECT_TRUE(q.empty());
    EXPECT_FALSE(q.full());
    q.put_nowait(1);
    EXPECT_FALSE(q.empty());
    EXPECT_FALSE(q.full());
    q.put_nowait(2);
    EXPECT_TRUE(q.full());
    EXPECT_EQ(q.size(), 2U);
}

TEST(queue, get_nowait_of_an_empty_one_throws) {
    queue<int> q;
    EXPECT_THROW(q.get_nowait(), queue_empty);
    EXPECT_EQ(q.try_get(), std::nullopt);
}

TEST(queue, put_nowait_into_a_full_one_throws_and_leaves_the_item) {
    queue<std::unique_ptr<int>> q(1);
    q.put_nowait(std::make_unique<int>(1));
    auto second = std::make_unique<int>(2);
    EXPECT_THROW(q.put_nowait(std::move(second)), queue_full);
    EXPECT_FALSE(q.try_put(std::move(second)));
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(*q.get_nowait(), 1);
    EXPECT_TRUE(q.try_put(std::move(second)));
    EXPECT_EQ(*q.get_nowait(), 2);
}

CO_TEST(queue, items_come_in_the_order_in_which_they_were_put) {
    queue<int> q;
    for (int i = 0; i != 5; ++i) {
        co_await q.put(i);
    }
    for (int i = 0; i != 5; ++i) {
        EXPECT_EQ(co_await q.get(), i);
    }
}

CO_TEST(queue, who_puts_waits_while_it_is_full) {
    queue<int> q(2);
    std::atomic<int> put = 0;
    auto putter = [](queue<int>& q, std::atomic<int>& put) -> coro<> {
        for (int i = 1; i <= 3; ++i) {
            co_await q.put(i);
            ++put;
        }
    };
    auto t = create_task(putter(q, put));
    co_await sleep(10ms);
    EXPECT_EQ(put, 2);
    EXPECT_EQ(co_await q.get(), 1);
    co_await sleep(10ms);
    EXPECT_EQ(put, 3);
    EXPECT_EQ(co_await q.get(), 2);
    EXPECT_EQ(co_await q.get(), 3);
    co_await t;
}

CO_TEST(queue, who_gets_waits_while_it_is_empty) {
    queue<int> q;
    auto t = create_task(get_from(q));
    co_await sleep(10ms);
    EXPECT_FALSE(t.done());
    q.put_nowait(1);
    EXPECT_EQ(co_await t, 1);
}

CO_TEST(queue, a_getter_that_times_out_takes_nothing) {
    queue<int> q;
    EXPECT_TRUE((co_await as_result(wait_for(q.get(), 50ms))).holds<timeout_error>());
    q.put_nowait(1);
    EXPECT_EQ(co_await q.get(), 1);
}

CO_TEST(queue, a_getter_within_its_time_gets_the_item) {
    queue<int> q;
    auto with_limit = [](queue<int>& q) -> coro<int> {
        co_return co_await wait_for(q.get(), 51ms);
    };
    auto t = create_task(with_limit(q));
    co_await sleep(10ms);
    q.put_nowait(1);
    EXPECT_EQ(co_await t, 1);
}

CO_TEST(queue, the_item_goes_to_the_getter_that_was_not_cancelled) {
    queue<std::string> q;
    auto get = [](queue<std::string>& q) -> coro<std::string> { co_return co_await q.get(); };
    auto first = create_task(get(q));
    auto second = create_task(get(q));
    co_await sleep(1ms);
    first.cancel();
    co_await sleep(1ms);
    EXPECT_TRUE(first.done());
    co_await q.put("a");
    EXPECT_EQ(co_await second, "a");
}

CO_TEST(queue, waiting_putters_go_on_one_item_at_a_time) {
    queue<std::string> q(1);
    auto put = [](queue<std::string>& q, std::string item) -> coro<> { co_await q.put(item); };
    auto first = create_task(put(q, "a"));
    co_await sleep(1ms);
    auto second = create_task(put(q, "b"));
    co_await sleep(1ms);
    EXPECT_EQ(co_await q.get(), "a");
    EXPECT_EQ(co_await q.get(), "b");
    co_await gather(first, second);
}

CO_TEST(queue, several_consumers_of_a_queue_of_one_all_end) {
    queue<int> q(1);
    auto consumer = [](queue<int>& q) -> coro<> { (void)co_await q.get(); };
    auto producer = [](queue<int>& q, int items) -> coro<> {
        for (int i = 0; i != items; ++i) {
            co_await q.put(i);
        }
    };
    std::vector<task<>> all;
    all.push_back(create_task(producer(q, 4)));
    for (int i = 0; i != 4; ++i) {
        all.push_back(create_task(consumer(q)));
    }
    co_await wait_for(wait(all), 1s);
    EXPECT_TRUE(q.empty());
}

// test_get_cancel_drop_one_pending_reader: if it is 2 here, 1 was dropped.
CO_TEST(queue, a_cancel_that_races_with_an_item_does_not_drop_it) {
    queue<int> q;
    auto reader = create_task(get_from(q));
    co_await sleep(1ms);
    q.put_nowait(1);
    q.put_nowait(2);
    reader.cancel();
    const auto result = co_await as_result(reader);
    EXPECT_EQ(result.cancelled() ? q.get_nowait() : *result, 1);
    EXPECT_EQ(q.get_nowait(), 2);
}

CO_TEST_ON_1(queue, a_getter_that_was_woken_and_cancelled_wakes_the_next_one) {
    queue<int> q;
    auto first = create_task(get_from(q));
    auto second = create_task(get_from(q));
    co_await yield();
    q.put_nowait(1);
    first.cancel(); // it has been woken, and has not run
    EXPECT_TRUE((co_await as_result(first)).cancelled());
    EXPECT_EQ(co_await second, 1);
}

CO_TEST_ON_1(queue, a_putter_that_was_woken_and_cancelled_wakes_the_next_one) {
    queue<int> q(1);
    q.put_nowait(0);
    auto first = create_task(put_into(q, 1));
    auto second = create_task(put_into(q, 2));
    co_await yield();
    EXPECT_EQ(q.get_nowait(), 0);
    first.cancel();
    EXPECT_TRUE((co_await as_result(first)).cancelled());
    co_await second;
    EXPECT_EQ(q.get_nowait(), 2);
    EXPECT_TRUE(q.empty());
}

CO_TEST_ON_1(queue,
             a_case_that_gets_what_a_cancelled_getter_was_woken_for_leaves_room_to_a_putter) {
    queue<int> q(1);
    auto getter = create_task(get_from(q));
    co_await yield();
    auto chosen = create_task(
        [](queue<int>& q) -> coro<int> { co_return std::get<0>(co_await select(q.get())); }(q));
    co_await yield();
    q.put_nowait(1);
    auto putter = create_task(put_into(q, 2), {.eager = true});
    getter.cancel(); // it has been woken, and has not run
    EXPECT_TRUE((co_await as_result(getter)).cancelled());
    EXPECT_EQ(co_await chosen, 1);
    co_await wait_for(putter, 1s);
    EXPECT_EQ(q.get_nowait(), 2);
}

CO_TEST(queue, a_cancelled_putter_has_put_nothing) {
    queue<int> q(1);
    q.put_nowait(0);
    auto putter = create_task(put_into(q, 1));
    co_await sleep(1ms);
    putter.cancel();
    EXPECT_TRUE((co_await as_result(putter)).cancelled());
    EXPECT_EQ(q.get_nowait(), 0);
    EXPECT_TRUE(q.empty());
}

CO_TEST(queue, a_putter_that_times_out_has_put_nothing) {
    queue<int> q(1);
    co_await q.put(1);
    EXPECT_TRUE((co_await as_result(wait_for(q.put(2), 20ms))).holds<timeout_error>());
    EXPECT_EQ(q.get_nowait(), 1);
    EXPECT_TRUE(q.empty());
    co_await q.put(3);
    EXPECT_EQ(q.get_nowait(), 3);
}

// As in asyncio: the item lies in the queue until the task that was woken for it runs.
CO_TEST_ON_1(queue, who_comes_before_the_woken_getter_runs_may_take_the_item) {
    queue<int> q;
    auto reader = create_task(get_from(q));
    co_await yield();
    q.put_nowait(1);
    EXPECT_EQ(q.size(), 1U);
    EXPECT_EQ(q.get_nowait(), 1);
    co_await yield();
    EXPECT_FALSE(reader.done());
    q.put_nowait(2);
    EXPECT_EQ(co_await reader, 2);
}

CO_TEST_ON_1(queue, getters_are_served_in_the_order_in_which_they_came) {
    queue<int> q;
    event_log log;
    auto getter = [](queue<int>& q, event_log& log, std::string name) -> coro<> {
        const int item = co_await q.get();
        log.add(name + std::to_string(item));
    };
    std::vector<task<>> tasks;
    for (const char* name : {"a", "b", "c"}) {
        tasks.push_back(create_task(getter(q, log, name)));
    }
    co_await yield();
    for (int i = 1; i <= 3; ++i) {
        q.put_nowait(i);
    }
    co_await gather(tasks);
    EXPECT_EQ(log.text(), "a1 b2 c3");
}

CO_TEST_ON_1(queue, putters_are_served_in_the_order_in_which_they_came) {
    queue<int> q(1);
    q.put_nowait(0);
    std::vector<task<>> tasks;
    for (int i = 1; i <= 3; ++i) {
        tasks.push_back(create_task(put_into(q, i)));
    }
    co_await yield();
    for (int i = 0; i <= 3; ++i) {
        EXPECT_EQ(co_await q.get(), i);
    }
    co_await gather(tasks);
}

// -- task_done and join --

TEST(queue, task_done_without_an_item_throws) {
    queue<int> q;
    EXPECT_THROW(q.task_done(), invalid_state_error);
    q.put_nowait(1);
    q.task_done();
    EXPECT_THROW(q.task_done(), invalid_state_error);
}

CO_TEST(queue, join_waits_until_everything_is_done) {
    queue<int> q;
    std::atomic<int> sum = 0;
    for (int i = 0; i != 100; ++i) {
        q.put_nowait(i);
    }
    auto worker = [](queue<int>& q, std::atomic<int>& sum) -> coro<> {
        for (;;) {
            const int item = co_await q.get();
            co_await sleep(1ms);
            sum += item;
            q.task_done();
        }
    };
    std::vector<task<>> workers;
    for (int i = 0; i != 3; ++i) {
        workers.push_back(create_task(worker(q, sum)));
    }
    co_await q.join();
    EXPECT_EQ(sum, 4950);
    for (const task<>& each : workers) {
        each.cancel();
        (void)co_await as_result(each);
    }
}

CO_TEST(queue, join_of_an_unused_queue_returns_at_once) {
    queue<int> q;
    co_await q.join();
    q.put_nowait(1);
    EXPECT_TRUE((co_await as_result(wait_for(q.join(), 1ms))).holds<timeout_error>());
    q.task_done();
    co_await q.join();
}

CO_TEST(queue, all_who_join_are_woken) {
    queue<int> q;
    q.put_nowait(1);
    auto joiner = [](queue<int>& q) -> coro<> { co_await q.join(); };
    auto first = create_task(joiner(q));
    auto second = create_task(joiner(q));
    co_await sleep(1ms);
    q.task_done();
    co_await gather(first, second);
}

// -- shutdown --

CO_TEST(queue, after_a_shutdown_what_is_left_can_be_got) {
    queue<int> q;
    q.put_nowait(1);
    q.put_nowait(2);
    q.shutdown();
    EXPECT_TRUE(q.is_shut_down());
    EXPECT_THROW(q.put_nowait(3), queue_shut_down);
    EXPECT_FALSE(q.try_put(3));
    EXPECT_TRUE((co_await as_result(q.put(3))).holds<queue_shut_down>());
    EXPECT_EQ(co_await q.get(), 1);
    EXPECT_EQ(q.get_nowait(), 2);
    EXPECT_TRUE((co_await as_result(q.get())).holds<queue_shut_down>());
    EXPECT_THROW(q.get_nowait(), queue_shut_down);
    EXPECT_EQ(q.try_get(), std::nullopt);
}

CO_TEST(queue, an_immediate_shutdown_drops_the_items_and_ends_join) {
    queue<int> q;
    q.put_nowait(1);
    q.put_nowait(2);
    EXPECT_EQ(q.get_nowait(), 1);
    auto joiner = [](queue<int>& q) -> coro<> { co_await q.join(); };
    auto joining = create_task(joiner(q));
    co_await sleep(1ms);
    q.shutdown(queue_shutdown::immediate);
    EXPECT_TRUE(q.empty());
    EXPECT_TRUE((co_await as_result(q.get())).holds<queue_shut_down>());
    co_await sleep(1ms);
    EXPECT_FALSE(joining.done()); // what was got is not done with
    q.task_done();
    co_await joining;
}

CO_TEST(queue, a_shutdown_wakes_who_waits_to_get) {
    queue<int> q;
    auto first = create_task(get_from(q));
    auto second = create_task(get_from(q));
    co_await sleep(1ms);
    q.shutdown();
    EXPECT_TRUE((co_await as_result(first)).holds<queue_shut_down>());
    EXPECT_TRUE((co_await as_result(second)).holds<queue_shut_down>());
}

CO_TEST(queue, a_shutdown_wakes_who_waits_to_put) {
    for (const auto how : {queue_shutdown::when_empty, queue_shutdown::immediate}) {
        queue<int> q(1);
        q.put_nowait(0);
        auto putter = create_task(put_into(q, 1));
        co_await sleep(1ms);
        q.shutdown(how);
        EXPECT_TRUE((co_await as_result(putter)).holds<queue_shut_down>());
        EXPECT_EQ(q.size(), how == queue_shutdown::when_empty ? 1U : 0U);
    }
}

// -- items --

// The move throws as often as the counter says.
class thrower {
public:
    thrower(int value, int& throws_left) noexcept : value_(value), throws_left_(&throws_left) {}
    thrower(thrower&& other) : value_(other.value_), throws_left_(other.throws_left_) {
        if (*throws_left_ > 0) {
            --*throws_left_;
            throw std::runtime_error("move");
        }
    }
    [[nodiscard]] int value() const noexcept { return value_; }

private:
    int value_;
    int* throws_left_;
};

CO_TEST(queue, an_item_whose_move_throws_on_the_way_out_is_still_the_next_one) {
    int throws_left = 0;
    queue<thrower> q;
    co_await q.put(thrower(1, throws_left));
    co_await q.put(thrower(2, throws_left));
    throws_left = 2;
    EXPECT_TRUE((co_await as_result(q.get())).holds<std::runtime_error>());
    EXPECT_THROW(q.get_nowait(), std::runtime_error);
    EXPECT_EQ(q.size(), 2U);
    EXPECT_EQ((co_await q.get()).value(), 1);
    EXPECT_EQ(q.get_nowait().value(), 2);
}

CO_TEST(queue, an_item_whose_move_throws_on_the_way_in_is_not_put) {
    int throws_left = 0;
    queue<thrower> q;
    throws_left = 1;
    EXPECT_THROW(q.put_nowait(thrower(1, throws_left)), std::runtime_error);
    throws_left = 1;
    bool thrown = false;
    try {
        co_await q.put(thrower(1, throws_left));
    } catch (const std::runtime_error&) {
        thrown = true;
    }
    EXPECT_TRUE(thrown);
    EXPECT_TRUE(q.empty());
    co_await q.join(); // nothing was put
}

// The comparison throws as often as the counter says.
struct throwing_less {
    static inline int throws_left = 0;
    bool operator()(int a, int b) const {
        if (throws_left > 0) {
            --throws_left;
            throw std::runtime_error("comparison");
        }
        return a < b;
    }
};

CO_TEST_ON_1(queue, a_getter_whose_comparison_throws_leaves_the_item_to_the_next_one) {
    priority_queue<int, throwing_less> q;
    auto get = [](priority_queue<int, throwing_less>& q) -> coro<int> {
        co_return co_await q.get();
    };
    std::vector<task<int>> getters;
    for (int i = 0; i != 5; ++i) {
        getters.push_back(create_task(get(q)));
    }
    co_await yield();
    for (int i = 0; i != 4; ++i) {
        q.put_nowait(i); // wakes one
    }
    throwing_less::throws_left = 1;
    EXPECT_TRUE((co_await as_result(getters[0])).holds<std::runtime_error>());
    for (std::size_t i = 1; i != 5; ++i) {
        EXPECT_EQ(co_await getters[i], static_cast<int>(i) - 1);
    }
}

CO_TEST_ON_1(queue, a_putter_whose_comparison_throws_leaves_the_room_to_the_next_one) {
    priority_queue<int, throwing_less> q(2);
    auto put = [](priority_queue<int, throwing_less>& q, int item) -> coro<> {
        co_await q.put(item);
    };
    q.put_nowait(1);
    q.put_nowait(2);
    auto first = create_task(put(q, 3));
    auto second = create_task(put(q, 4));
    co_await yield();
    EXPECT_EQ(q.get_nowait(), 1); // wakes the first putter
    throwing_less::throws_left = 1;
    EXPECT_TRUE((co_await as_result(first)).holds<std::runtime_error>());
    co_await second;
    EXPECT_EQ(q.size(), 2U);
}

CO_TEST(queue, items_that_are_left_are_destroyed_with_it) {
    auto alive = std::make_shared<int>(1);
    {
        queue<std::shared_ptr<int>> q;
        for (int i = 0; i != 40; ++i) {
            co_await q.put(alive);
        }
        (void)co_await q.get();
        EXPECT_EQ(alive.use_count(), 40);
    }
    EXPECT_EQ(alive.use_count(), 1);
}

CO_TEST(queue, what_is_always_ready_does_not_keep_the_others_waiting) {
    queue<int> q;
    std::atomic<bool> over = false;
    auto spins = [](queue<int>& q, const std::atomic<bool>& over) -> coro<> {
        while (!over) {
            co_await q.put(1);
            (void)co_await q.get();
        }
    };
    auto spinning = create_task(spins(q, over));
    co_await yield();
    co_await yield();
    over = true;
    co_await spinning;
}

} // namespace
} // namespace eddy
