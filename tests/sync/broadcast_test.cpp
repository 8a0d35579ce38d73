// broadcast_test.cpp — every subscriber gets every item, or is told how many it has missed.
//
// Covers:    order, late subscribers, lagging, closing, cancelling, lifetimes.
// Not here:  threads -> blocking_test.cpp.

#include <eddy/testing/co_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

CO_TEST(broadcast, every_subscriber_gets_every_item_in_order) {
    broadcast<std::string> all(16);
    auto listener = [](subscription<std::string> heard) -> coro<std::string> {
        std::string text;
        while (const auto item = co_await heard.next()) {
            text += *item;
        }
        co_return text;
    };
    auto first = create_task(listener(all.subscribe()));
    auto second = create_task(listener(all.subscribe()));
    for (const char* item : {"a", "b", "c"}) {
        all.send(item);
        co_await yield();
    }
    all.close();
    EXPECT_EQ(co_await first, "abc");
    EXPECT_EQ(co_await second, "abc");
}

CO_TEST(broadcast, a_subscriber_gets_what_is_sent_after_it_came) {
    broadcast<int> all(4);
    all.send(1);
    auto heard = all.subscribe();
    EXPECT_EQ(heard.try_receive(), std::nullopt);
    all.send(2);
    EXPECT_EQ(co_await heard.receive(), 2);
}

CO_TEST(broadcast, who_is_too_slow_is_told_how_many_items_it_has_missed) {
    broadcast<int> all(4);
    auto heard = all.subscribe();
    for (int i = 0; i != 10; ++i) {
        all.send(i);
    }
    try {
        (void)co_await heard.receive();
        ADD_FAILURE() << "nothing was missed";
    } catch (const broadcast_lagged& error) {
        EXPECT_EQ(error.missed(), 6U);
    }
    for (int i = 6; i != 10; ++i) {
        EXPECT_EQ(co_await heard.receive(), i);
    }
    EXPECT_EQ(heard.try_receive(), std::nullopt);
}

CO_TEST(broadcast, exactly_as_many_items_as_it_keeps_are_not_too_many) {
    broadcast<int> all(4);
    auto heard = all.subscribe();
    for (int i = 0; i != 4; ++i) {
        all.send(i);
    }
    for (int i = 0; i != 4; ++i) {
        EXPECT_EQ(co_await heard.receive(), i);
    }
}

CO_TEST(broadcast, after_close_what_was_sent_is_received_and_then_nothing) {
    broadcast<int> all(4);
    auto heard = all.subscribe();
    all.send(1);
    all.close();
    EXPECT_THROW(all.send(2), channel_closed);
    EXPECT_EQ(co_await heard.receive(), 1);
    EXPECT_EQ(co_await heard.receive(), std::nullopt);
}

CO_TEST(broadcast, a_subscription_may_outlive_it) {
    std::optional<broadcast<int>> all(std::in_place, 4U);
    auto heard = all->subscribe();
    auto listener = [](subscription<int> heard) -> coro<std::optional<int>> {
        co_return co_await heard.receive();
    };
    auto waiting = create_task(listener(all->subscribe()));
    co_await sleep(1ms);
    all->send(1);
    all.reset();
    EXPECT_EQ(co_await waiting, 1);
    EXPECT_EQ(co_await heard.receive(), 1);
    EXPECT_EQ(co_await heard.receive(), std::nullopt);
}

CO_TEST(broadcast, a_cancelled_wait_misses_nothing) {
    broadcast<int> all(4);
    auto heard = all.subscribe();
    auto listener = [](subscription<int>& heard) -> coro<> { (void)co_await heard.receive(); };
    auto waiting = create_task(listener(heard));
    co_await sleep(1ms);
    waiting.cancel();
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    all.send(1);
    EXPECT_EQ(co_await heard.receive(), 1);
}

CO_TEST_ON_1(broadcast, a_cancel_after_an_item_has_come_misses_nothing) {
    broadcast<int> all(4);
    auto heard = all.subscribe();
    auto listener = [](subscription<int>& heard) -> coro<> { (void)co_await heard.receive(); };
    auto waiting = create_task(listener(heard));
    co_await yield();
    all.send(1);
    waiting.cancel();
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    EXPECT_EQ(heard.try_receive(), 1);
}

// The copy throws as often as the counter says.
class thrower {
public:
    thrower(int value, int& throws_left) noexcept : value_(value), throws_left_(&throws_left) {}
    thrower(const thrower& other) : value_(other.value_), throws_left_(other.throws_left_) {
        if (*throws_left_ > 0) {
            --*throws_left_;
            throw std::runtime_error("copy");
        }
    }
    [[nodiscard]] int value() const noexcept { return value_; }

private:
    int value_;
    int* throws_left_;
};

CO_TEST(broadcast, an_item_whose_copy_throws_is_still_the_next_one) {
    int throws_left = 0;
    broadcast<thrower> all(4);
    auto heard = all.subscribe();
    all.send(thrower(1, throws_left));
    throws_left = 1;
    EXPECT_TRUE((co_await as_result(heard.receive())).holds<std::runtime_error>());
    EXPECT_EQ((co_await heard.receive())->value(), 1);
}

CO_TEST(broadcast, items_are_destroyed_with_the_last_who_knows_them) {
    auto alive = std::make_shared<int>(1);
    auto all = std::make_unique<broadcast<std::shared_ptr<int>>>(2);
    auto heard = std::make_unique<subscription<std::shared_ptr<int>>>(all->subscribe());
    for (int i = 0; i != 5; ++i) {
        all->send(alive);
    }
    EXPECT_EQ(alive.use_count(), 3); // the last two
    all.reset();
    heard.reset();
    EXPECT_EQ(alive.use_count(), 1);
    co_return;
}

} // namespace
} // namespace eddy
