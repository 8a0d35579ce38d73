// oneshot_test.cpp — one item, once.
//
// Covers:    before and after the receiver waits, closing, a second item, a second receiver,
//            cancelling, lifetime.
// Not here:  threads -> blocking_test.cpp.

#include <eddy/testing/co_test.hpp>

#include <memory>
#include <optional>

namespace eddy {
namespace {

using namespace std::chrono_literals;

coro<std::optional<int>> receive_from(oneshot<int>& from) {
    co_return co_await from.receive();
}

CO_TEST(oneshot, the_item_may_come_before_the_receiver) {
    oneshot<std::unique_ptr<int>> once;
    EXPECT_FALSE(once.closed());
    once.send(std::make_unique<int>(1));
    EXPECT_TRUE(once.closed());
    EXPECT_EQ(**co_await once.receive(), 1);
}

CO_TEST(oneshot, the_receiver_may_come_before_the_item) {
    oneshot<int> once;
    auto waiting = create_task(receive_from(once));
    co_await sleep(1ms);
    once.send(1);
    EXPECT_EQ(co_await waiting, 1);
}

CO_TEST(oneshot, a_second_item_is_refused) {
    oneshot<int> once;
    once.send(1);
    EXPECT_THROW(once.send(2), channel_closed);
    EXPECT_EQ(co_await once.receive(), 1);
    EXPECT_THROW(once.send(2), channel_closed);
    EXPECT_EQ(co_await once.receive(), std::nullopt);
}

CO_TEST(oneshot, closed_without_an_item_it_gives_nothing) {
    oneshot<int> once;
    auto waiting = create_task(receive_from(once));
    co_await sleep(1ms);
    once.close();
    once.close();
    EXPECT_EQ(co_await waiting, std::nullopt);
    EXPECT_THROW(once.send(1), channel_closed);
}

CO_TEST(oneshot, of_two_receivers_one_gets_the_item) {
    oneshot<int> once;
    auto first = create_task(receive_from(once));
    auto second = create_task(receive_from(once));
    co_await sleep(1ms);
    once.send(1);
    const auto a = co_await first;
    const auto b = co_await second;
    EXPECT_NE(a.has_value(), b.has_value());
}

CO_TEST_ON_1(oneshot, a_receiver_that_is_cancelled_leaves_the_item) {
    oneshot<int> once;
    auto waiting = create_task(receive_from(once));
    co_await yield();
    once.send(1);
    waiting.cancel();
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    EXPECT_EQ(co_await once.receive(), 1);
}

CO_TEST(oneshot, whoever_has_the_item_may_destroy_it) {
    for (int i = 0; i != 100; ++i) {
        auto once = std::make_unique<oneshot<int>>();
        auto sender = [](oneshot<int>& to, int item) -> coro<> {
            to.send(item);
            co_return;
        };
        auto sending = create_task(sender(*once, i));
        EXPECT_EQ(co_await once->receive(), i);
        once.reset();
        co_await sending;
    }
}

} // namespace
} // namespace eddy
