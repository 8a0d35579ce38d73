// select_test.cpp — the first of several things, and nothing taken from the others.
//
// Covers:    each kind of case, winning and losing; the order of the arguments; cancelling before
//            and after a case has fired; ranges; sends; cases of one select that meet.
// Not here:  interleavings -> tests/model/select_model.cpp; many workers ->
//            tests/stress/queue_stress.cpp.

#include <eddy/testing/co_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

CO_TEST(select, the_first_thing_that_is_there_fires_and_the_others_keep_theirs) {
    channel<int> a(1);
    channel<std::string> b(1);
    queue<int> q;
    auto later = [](channel<std::string>& b) -> coro<> {
        co_await sleep(5ms);
        co_await b.send("b");
    };
    auto sending = create_task(later(b));
    const auto seen = co_await select(a.receive(), b.receive(), q.get(), sleep(1h));
    EXPECT_EQ(seen.index(), 1U);
    EXPECT_EQ(std::get<1>(seen), "b");
    co_await sending;
    // The others were withdrawn: what comes now is for others.
    co_await a.send(1);
    q.put_nowait(2);
    EXPECT_EQ(co_await a.receive(), 1);
    EXPECT_EQ(q.get_nowait(), 2);
}

CO_TEST(select, of_several_that_are_there_the_first_argument_fires) {
    channel<int> a(1);
    channel<int> b(1);
    co_await a.send(1);
    co_await b.send(2);
    const auto first = co_await select(a.receive(), b.receive());
    EXPECT_EQ(first.index(), 0U);
    const auto second = co_await select(a.receive(), b.receive());
    EXPECT_EQ(second.index(), 1U);
    EXPECT_EQ(std::get<1>(second), 2);
}

CO_TEST(select, a_sleep_ends_it_if_nothing_comes) {
    channel<int> a(1);
    const auto start = now();
    const auto seen = co_await select(a.receive(), sleep(10ms), sleep(20ms));
    EXPECT_EQ(seen.index(), 1U);
    EXPECT_EQ(now() - start, 10ms);
}

CO_TEST(select, a_sleep_of_nothing_is_there_at_once) {
    channel<int> a(1);
    EXPECT_EQ((co_await select(a.receive(), sleep(0s))).index(), 1U);
    co_await a.send(1);
    EXPECT_EQ((co_await select(a.receive(), sleep(0s))).index(), 0U);
}

CO_TEST(select, one_case_alone_is_an_await) {
    queue<int> q;
    q.put_nowait(1);
    EXPECT_EQ(std::get<0>(co_await select(q.get())), 1);
}

CO_TEST(select, a_queue_hands_its_item_to_the_case) {
    queue<int> q(1);
    auto putter = [](queue<int>& q) -> coro<> {
        for (int i = 0; i != 3; ++i) {
            co_await q.put(i);
        }
    };
    auto putting = create_task(putter(q));
    for (int i = 0; i != 3; ++i) {
        const auto seen = co_await select(sleep(1s), q.get());
        EXPECT_EQ(seen.index(), 1U);
        EXPECT_EQ(std::get<1>(seen), i);
    }
    co_await putting;
    EXPECT_TRUE(q.empty());
}

CO_TEST(select, the_room_that_the_case_of_a_queue_leaves_goes_to_the_next_putter) {
    queue<int> q(1);
    auto put = [](queue<int>& q, int item) -> coro<> { co_await q.put(item); };
    q.put_nowait(1);
    auto first = create_task(put(q, 2));
    auto second = create_task(put(q, 3));
    co_await yield();
    EXPECT_EQ(co_await q.get(), 1);                            // wakes the first putter
    (void)co_await select(q.get(), channel<int>(1).receive()); // which hands its item to the case
    (void)co_await q.get();
    co_await gather(first, second);
    EXPECT_TRUE(q.empty());
}

CO_TEST(select, an_event_may_win_or_lose) {
    event happened;
    queue<int> q;
    auto later = [](event& happened) -> coro<> {
        co_await sleep(1ms);
        happened.set();
    };
    auto setting = create_task(later(happened));
    EXPECT_EQ((co_await select(q.get(), happened.wait())).index(), 1U);
    EXPECT_EQ((co_await select(happened.wait(), sleep(0s))).index(), 0U); // it is set at once
    co_await setting;
    happened.clear();
    q.put_nowait(1);
    EXPECT_EQ((co_await select(happened.wait(), q.get())).index(), 1U);
    happened.set(); // finds nobody
    q.put_nowait(2);
    EXPECT_EQ((co_await select(happened.wait(), q.get())).index(), 0U);
    EXPECT_EQ(q.get_nowait(), 2);
}

CO_TEST(select, an_event_passes_over_those_that_something_else_has_decided) {
    event happened;
    channel<int> c(1);
    auto either = [](event& happened, channel<int>& c) -> coro<std::size_t> {
        const auto seen = co_await select(c.receive(), happened.wait());
        co_return seen.index();
    };
    auto first = create_task(either(happened, c));
    auto second = create_task(either(happened, c));
    auto third = create_task(either(happened, c));
    co_await sleep(1ms);
    EXPECT_TRUE(c.try_send(1)); // one of them is decided, and perhaps has not run yet
    happened.set();
    const std::size_t by_event = co_await first + co_await second + co_await third;
    EXPECT_EQ(by_event, 2U);
}

CO_TEST(select, a_cancelled_wait_for_an_event_is_forgotten) {
    event happened;
    auto waits = [](event& happened) -> coro<> {
        (void)co_await select(happened.wait(), sleep(1h));
    };
    auto waiting = create_task(waits(happened));
    co_await sleep(1ms);
    waiting.cancel();
    EXPECT_TRUE((co_await as_result(waiting)).cancelled());
    happened.set();
}

CO_TEST(select, a_task_may_win_or_go_on) {
    auto body = [](clock::duration span) -> coro<int> {
        co_await sleep(span);
        co_return 5;
    };
    auto quick = create_task(body(1ms));
    auto slow = create_task(body(10ms));
    const auto seen = co_await select(slow, quick, sleep(1h));
    EXPECT_EQ(seen.index(), 1U);
    EXPECT_EQ(std::get<1>(seen), 5);
    EXPECT_FALSE(slow.done());
    EXPECT_EQ(co_await slow, 5);
    EXPECT_EQ((co_await select(sleep(1s), slow)).index(), 1U); // it has its result already
}

CO_TEST(select, a_future_may_win) {
    promise<std::unique_ptr<int>> p;
    auto setter = [](promise<std::unique_ptr<int>>& p) -> coro<> {
        co_await sleep(1ms);
        p.set_value(std::make_unique<int>(4));
    };
    auto setting = create_task(setter(p));
    auto seen = co_await select(p.get_future(), sleep(1s));
    EXPECT_EQ(seen.index(), 0U);
    EXPECT_EQ(*std::get<0>(seen), 4);
    co_await setting;
}

CO_TEST(select, a_task_that_fails_fails_the_select) {
    auto body = []() -> coro<int> {
        co_await sleep(1ms);
        throw std::runtime_error("bad");
    };
    auto t = create_task(body());
    channel<int> c(1);
    EXPECT_TRUE((co_await as_result(select(c.receive(), t))).holds<std::runtime_error>());
}

CO_TEST(select, the_end_of_a_channel_is_something) {
    channel<int> c(1);
    auto closer = [](channel<int>& c) -> coro<> {
        co_await sleep(1ms);
        c.close();
    };
    auto closing = create_task(closer(c));
    const auto seen = co_await select(c.receive(), sleep(1s));
    EXPECT_EQ(seen.index(), 0U);
    EXPECT_EQ(std::get<0>(seen), std::nullopt);
    EXPECT_EQ((co_await select(c.receive(), sleep(1s))).index(), 0U); // and stays so
    co_await closing;
}

CO_TEST(select, the_shutdown_of_a_queue_throws) {
    queue<int> q;
    auto shut = [](queue<int>& q) -> coro<> {
        co_await sleep(1ms);
        q.shutdown();
    };
    auto shutting = create_task(shut(q));
    EXPECT_TRUE((co_await as_result(select(q.get(), sleep(1s)))).holds<queue_shut_down>());
    EXPECT_TRUE((co_await as_result(select(q.get(), sleep(1s)))).holds<queue_shut_down>());
    co_await shutting;
}

CO_TEST(select, a_send_wins_when_there_is_room) {
    channel<int> full(1);
    co_await full.send(0);
    auto receiver = [](channel<int>& c) -> coro<> {
        co_await sleep(1ms);
        EXPECT_EQ(co_await c.receive(), 0);
    };
    auto receiving = create_task(receiver(full));
    EXPECT_EQ((co_await select(full.send(1), sleep(1s))).index(), 0U);
    co_await receiving;
    EXPECT_EQ(co_await full.receive(), 1);
}

CO_TEST(select, a_send_that_does_not_win_sends_nothing) {
    channel<std::unique_ptr<int>> full(1);
    co_await full.send(std::make_unique<int>(0));
    EXPECT_EQ((co_await select(full.send(std::make_unique<int>(1)), sleep(1ms))).index(), 1U);
    EXPECT_EQ(**co_await full.receive(), 0);
    EXPECT_FALSE(full.try_receive());
}

CO_TEST(select, a_send_to_a_closed_channel_throws) {
    channel<int> c(1);
    c.close();
    EXPECT_TRUE((co_await as_result(select(c.send(1), sleep(1s)))).holds<channel_closed>());
}

CO_TEST(select, it_does_not_send_to_itself_what_it_could_receive) {
    channel<int> c(1);
    co_await c.send(0);
    EXPECT_EQ((co_await select(c.send(1), c.receive())).index(), 1U);
    EXPECT_EQ((co_await select(c.receive(), c.send(1))).index(), 1U);
    EXPECT_EQ(c.size_hint(), 1U);
}

CO_TEST(select, two_selects_that_offer_each_other_items_both_go_on) {
    channel<int> a(1);
    channel<int> b(1);
    co_await a.send(0);
    co_await b.send(0);
    auto swap = [](channel<int>& from, channel<int>& to) -> coro<std::size_t> {
        co_return (co_await select(from.receive(), to.send(1))).index();
    };
    auto first = create_task(swap(a, b));
    auto second = create_task(swap(b, a));
    co_await gather(first, second);
    EXPECT_LE(a.size_hint() + b.size_hint(), 2U);
}

CO_TEST(select, subscriptions_watchers_and_oneshots_can_be_selected) {
    broadcast<int> all(4);
    watch<int> state(0);
    oneshot<std::unique_ptr<int>> once;
    auto heard = all.subscribe();
    auto seen = state.subscribe();
    all.send(1);
    EXPECT_EQ(std::get<1>(co_await select(seen.changed(), heard.next(), once.receive())), 1);
    state.set(2);
    EXPECT_EQ(std::get<0>(co_await select(seen.changed(), heard.next(), once.receive())), 2);
    once.send(std::make_unique<int>(3));
    EXPECT_EQ(**std::get<2>(co_await select(seen.changed(), heard.next(), once.receive())), 3);
}

// -- cancelling --

CO_TEST(select, cancelled_while_it_waits_it_takes_nothing_from_anything) {
    channel<int> a(1);
    queue<int> q;
    auto body = [](channel<int>& a, queue<int>& q) -> coro<> {
        (void)co_await select(a.receive(), q.get(), sleep(1h));
    };
    auto t = create_task(body(a, q));
    co_await sleep(1ms);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    co_await a.send(1);
    q.put_nowait(2);
    EXPECT_EQ(a.try_receive(), 1);
    EXPECT_EQ(q.get_nowait(), 2);
}

CO_TEST_ON_1(select, cancelled_after_an_item_has_come_it_gives_the_item_back) {
    channel<int> a(2);
    queue<int> q;
    auto body = [](channel<int>& a, queue<int>& q) -> coro<> {
        (void)co_await select(a.receive(), q.get());
    };
    auto first = create_task(body(a, q));
    co_await yield();
    co_await a.send(1);
    first.cancel(); // it has an item, and has not run
    EXPECT_TRUE((co_await as_result(first)).cancelled());
    EXPECT_EQ(a.try_receive(), 1);
    auto second = create_task(body(a, q));
    co_await yield();
    q.put_nowait(2);
    EXPECT_TRUE(q.empty()); // it was handed over
    second.cancel();
    EXPECT_TRUE((co_await as_result(second)).cancelled());
    EXPECT_EQ(q.get_nowait(), 2);
}

CO_TEST(select, wait_for_limits_it) {
    channel<int> a(1);
    EXPECT_TRUE(
        (co_await as_result(wait_for(select(a.receive(), sleep(1h)), 1ms))).holds<timeout_error>());
}

CO_TEST_ON_1(select, an_item_goes_past_a_select_that_is_decided) {
    channel<int> a(1);
    channel<int> b(1);
    auto body = [](channel<int>& a, channel<int>& b) -> coro<std::size_t> {
        co_return (co_await select(a.receive(), b.receive())).index();
    };
    auto selecting = create_task(body(a, b));
    auto waiting = create_task(
        [](channel<int>& b) -> coro<std::optional<int>> { co_return co_await b.receive(); }(b));
    co_await yield();
    co_await a.send(1); // decides the select, which is still in line at b
    co_await b.send(2);
    EXPECT_EQ(co_await selecting, 0U);
    EXPECT_EQ(co_await waiting, 2);
}

// -- ranges --

CO_TEST(select, of_a_range_it_says_which_one_fired) {
    std::vector<std::unique_ptr<channel<int>>> channels;
    for (int i = 0; i != 5; ++i) {
        channels.push_back(std::make_unique<channel<int>>(1));
    }
    co_await channels[3]->send(7);
    std::vector<channel<int>::receive_op> receives;
    for (const auto& each : channels) {
        receives.push_back(each->receive());
    }
    const auto seen = co_await select(std::move(receives));
    EXPECT_EQ(seen.index, 3U);
    EXPECT_EQ(seen.value, 7);
}

CO_TEST(select, of_an_empty_range_it_waits_until_it_is_cancelled) {
    std::vector<channel<int>::receive_op> none;
    EXPECT_TRUE((co_await as_result(wait_for(select(std::move(none)), 1s))).holds<timeout_error>());
}

} // namespace
} // namespace eddy
