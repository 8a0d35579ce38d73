// channel_test.cpp — a channel: order, waiting in turn, closing, cancelling, items of every kind.
//
// Covers:    both ends, with and without waiting; hand-over; what a cancel does before and after.
// Not here:  threads -> blocking_test.cpp; interleavings -> tests/model/channel_model.cpp; many
//            workers -> tests/stress/queue_stress.cpp.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<std::optional<int>> receive_from(channel<int>& from) {
    co_return co_await from.receive();
}
coro<> send_through(channel<int>& to, int item) {
    co_await to.send(item);
}

CO_TEST(channel, items_come_in_the_order_in_which_they_were_sent) {
    channel<int> c(3);
    auto sender = [](channel<int>& c) -> coro<> {
        for (int i = 0; i != 1000; ++i) {
            co_await c.send(i);
        }
        c.close();
    };
    auto sending = create_task(sender(c));
    int expected = 0;
    while (const auto item = co_await c.next()) {
        EXPECT_EQ(*item, expected++);
    }
    EXPECT_EQ(expected, 1000);
    co_await sending;
}

TEST(channel, try_send_and_try_receive_do_not_wait) {
    channel<std::unique_ptr<int>> c(1);
    EXPECT_FALSE(c.try_receive());
    auto first = std::make_unique<int>(1);
    auto second = std::make_unique<int>(2);
    EXPECT_TRUE(c.try_send(std::move(first)));
    EXPECT_FALSE(c.try_send(std::move(second)));
    ASSERT_NE(second, nullptr); // moved only if sent
    EXPECT_EQ(c.size_hint(), 1U);
    EXPECT_EQ(**c.try_receive(), 1);
    EXPECT_TRUE(c.try_send(std::move(second)));
}

CO_TEST(channel, who_sends_waits_while_it_is_full) {
    channel<int> c(2);
    co_await c.send(1);
    co_await c.send(2);
    auto third = create_task(send_through(c, 3));
    co_await sleep(1ms);
    EXPECT_FALSE(third.done());
    EXPECT_EQ(co_await c.receive(), 1);
    co_await third;
    EXPECT_EQ(c.size_hint(), 2U);
}

CO_TEST_ON_1(channel, receivers_get_items_in_the_order_in_which_they_came) {
    channel<int> c(4);
    event_log log;
    auto receiver = [](channel<int>& c, event_log& log, std::string name) -> coro<> {
        const auto item = co_await c.receive();
        log.add(name + std::to_string(*item));
    };
    std::vector<task<>> tasks;
    for (const char* name : {"a", "b", "c"}) {
        tasks.push_back(create_task(receiver(c, log, name)));
    }
    co_await yield();
    for (int i = 1; i <= 3; ++i) {
        co_await c.send(i);
    }
    co_await gather(tasks);
    EXPECT_EQ(log.text(), "a1 b2 c3");
}

// Unlike a queue: what was handed over cannot be taken by somebody else.
CO_TEST_ON_1(channel, nobody_overtakes_a_receiver_that_waits) {
    channel<int> c(4);
    auto waiting = create_task(receive_from(c));
    co_await yield();
    co_await c.send(1);
    EXPECT_EQ(c.try_receive(), std::nullopt);
    EXPECT_EQ(co_await waiting, 1);
}

CO_TEST_ON_1(channel, nobody_overtakes_a_sender_that_waits) {
    channel<int> c(1);
    co_await c.send(0);
    auto waiting = create_task(send_through(c, 1));
    co_await yield();
    EXPECT_EQ(co_await c.receive(), 0);
    EXPECT_FALSE(c.try_send(2)); // the room went to the one that waits
    EXPECT_EQ(co_await c.receive(), 1);
    co_await waiting;
}

CO_TEST(channel, after_close_what_was_sent_is_received_and_then_nothing) {
    channel<int> c(4);
    co_await c.send(1);
    c.close();
    c.close();
    EXPECT_TRUE(c.closed());
    EXPECT_TRUE((co_await as_result(c.send(2))).holds<channel_closed>());
    EXPECT_FALSE(c.try_send(2));
    EXPECT_EQ(co_await c.receive(), 1);
    EXPECT_EQ(co_await c.receive(), std::nullopt);
}

CO_TEST(channel, close_wakes_both_ends) {
    channel<int> empty(1);
    channel<int> full(1);
    co_await full.send(0);
    auto receiving = create_task(receive_from(empty));
    auto sending = create_task(send_through(full, 1));
    co_await sleep(1ms);
    empty.close();
    full.close();
    EXPECT_EQ(co_await receiving, std::nullopt);
    EXPECT_TRUE((co_await as_result(sending)).holds<channel_closed>());
    EXPECT_EQ(co_await full.receive(), 0);
    EXPECT_EQ(co_await full.receive(), std::nullopt);
}

// -- cancelling --

CO_TEST(channel, a_receiver_that_is_cancelled_while_it_waits_takes_nothing) {
    channel<int> c(2);
    auto waiting = create_task(receive_from(c));
    co_await sleep(1ms);
    waiting.cancel();
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    co_await c.send(1);
    EXPECT_EQ(co_await c.receive(), 1);
}

CO_TEST(channel, a_sender_that_is_cancelled_while_it_waits_sends_nothing) {
    channel<int> c(1);
    co_await c.send(0);
    auto waiting = create_task(send_through(c, 1));
    co_await sleep(1ms);
    waiting.cancel();
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    EXPECT_EQ(co_await c.receive(), 0);
    EXPECT_EQ(c.try_receive(), std::nullopt);
}

CO_TEST_ON_1(channel, an_item_handed_to_a_task_that_is_then_cancelled_is_the_next_one_again) {
    channel<int> c(4);
    auto waiting = create_task(receive_from(c));
    co_await yield();
    co_await c.send(1);
    co_await c.send(2);
    waiting.cancel(); // it has its item, and has not run
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    EXPECT_EQ(co_await c.receive(), 1);
    EXPECT_EQ(co_await c.receive(), 2);
}

CO_TEST_ON_1(channel, an_item_given_back_goes_to_the_next_receiver) {
    channel<int> c(4);
    auto first = create_task(receive_from(c));
    auto second = create_task(receive_from(c));
    co_await yield();
    co_await c.send(1);
    first.cancel();
    EXPECT_TRUE((co_await as_result(first)).cancelled());
    EXPECT_EQ(co_await second, 1);
}

CO_TEST_ON_1(channel, an_item_given_back_to_a_full_channel_is_kept) {
    channel<int> c(1);
    auto waiting = create_task(receive_from(c));
    co_await yield();
    co_await c.send(1);
    co_await c.send(2); // full
    waiting.cancel();
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    EXPECT_FALSE(c.try_send(3));
    EXPECT_EQ(co_await c.receive(), 1);
    EXPECT_FALSE(c.try_send(3));
    EXPECT_EQ(co_await c.receive(), 2);
    EXPECT_TRUE(c.try_send(3));
}

CO_TEST_ON_1(channel, a_cancel_that_comes_after_the_item_was_sent_stays_pending) {
    channel<int> c(1);
    co_await c.send(0);
    bool sent = false;
    auto sender = [](channel<int>& c, bool& sent) -> coro<> {
        co_await c.send(1);
        sent = true;
        co_await yield();
    };
    auto waiting = create_task(sender(c, sent));
    co_await yield();
    EXPECT_EQ(co_await c.receive(), 0);
    waiting.cancel();
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    EXPECT_TRUE(sent);
    EXPECT_EQ(co_await c.receive(), 1);
}

CO_TEST(channel, a_receive_that_times_out_takes_nothing) {
    channel<int> c(1);
    EXPECT_TRUE((co_await as_result(wait_for(c.receive(), 5ms))).holds<timeout_error>());
    co_await c.send(1);
    EXPECT_EQ(co_await wait_for(c.receive(), 5ms), 1);
}

// -- items --

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

CO_TEST(channel, an_item_whose_move_throws_on_the_way_out_is_still_the_next_one) {
    int throws_left = 0;
    channel<thrower> c(2);
    co_await c.send(thrower(1, throws_left));
    co_await c.send(thrower(2, throws_left));
    throws_left = 1;
    EXPECT_TRUE((co_await as_result(c.receive())).holds<std::runtime_error>());
    EXPECT_EQ((co_await c.receive())->value(), 1);
    EXPECT_EQ((co_await c.receive())->value(), 2);
}

CO_TEST(channel, items_that_are_left_are_destroyed_with_it) {
    auto alive = std::make_shared<int>(1);
    {
        channel<std::shared_ptr<int>> c(8);
        for (int i = 0; i != 7; ++i) {
            co_await c.send(alive);
        }
        EXPECT_EQ(alive.use_count(), 8);
    }
    EXPECT_EQ(alive.use_count(), 1);
}

CO_TEST(channel, one_with_much_room_grows_as_it_fills) {
    channel<int> c(100'000);
    auto sender = [](channel<int>& c) -> coro<> {
        for (int i = 0; i != 50'000; ++i) {
            co_await c.send(i);
        }
    };
    co_await sender(c);
    for (int i = 0; i != 50'000; ++i) {
        EXPECT_EQ(c.try_receive(), i);
    }
}

CO_TEST(channel, several_senders_and_receivers_lose_nothing) {
    channel<int> c(4);
    std::atomic<long> sum = 0;
    auto sender = [](channel<int>& c) -> coro<> {
        for (int i = 1; i <= 500; ++i) {
            co_await c.send(i);
        }
    };
    auto receiver = [](channel<int>& c, std::atomic<long>& sum) -> coro<> {
        while (const auto item = co_await c.next()) {
            sum += *item;
        }
    };
    auto a = create_task(receiver(c, sum));
    auto b = create_task(receiver(c, sum));
    co_await gather(sender(c), sender(c), sender(c));
    c.close();
    co_await gather(a, b);
    EXPECT_EQ(sum, 3 * 500 * 501 / 2);
}

CO_TEST(channel, it_may_die_as_soon_as_the_last_item_was_received) {
    for (int i = 0; i != 100; ++i) {
        auto c = std::make_unique<channel<int>>(1);
        auto sending = create_task(send_through(*c, i));
        EXPECT_EQ(co_await c->receive(), i);
        c.reset();
        co_await sending;
    }
}

} // namespace
} // namespace eddy
