// blocking_test.cpp — threads that run no loop at the ends of queues and channels.
//
// Covers:    waiting, time limits, shutdown and close, being refused on a loop; with tasks on the
//            other end.
// Not here:  many threads at once -> tests/stress/queue_stress.cpp.

#include <eddy/testing/co_test.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

CO_TEST(blocking, on_a_loop_it_is_refused_and_says_what_to_do) {
    queue<int> q;
    channel<int> c(1);
    for (const auto& call : std::vector<std::function<void()>>{
             [&] { (void)blocking::get(q); }, [&] { blocking::put(q, 1); },
             [&] { (void)blocking::receive(c); }, [&] { blocking::send(c, 1); }}) {
        try {
            call();
            ADD_FAILURE() << "it was not refused";
        } catch (const already_running& error) {
            EXPECT_NE(std::string(error.what()).find("co_await"), std::string::npos);
        }
    }
    EXPECT_TRUE(q.empty());
    co_return;
}

TEST(blocking, what_is_there_is_given_at_once) {
    queue<std::unique_ptr<int>> q(1);
    blocking::put(q, std::make_unique<int>(1));
    EXPECT_EQ(*blocking::get(q), 1);
    channel<std::string> c(1);
    blocking::send(c, "a");
    EXPECT_EQ(blocking::receive(c), "a");
}

TEST(blocking, after_its_limit_it_throws_and_has_done_nothing) {
    queue<int> q(1);
    EXPECT_THROW((void)blocking::get(q, 0s), timeout_error);
    q.put_nowait(1);
    EXPECT_THROW(blocking::put(q, 2, 1ms), timeout_error);
    EXPECT_EQ(blocking::get(q, 0s), 1);
    EXPECT_TRUE(q.empty());
    channel<int> c(1);
    EXPECT_THROW((void)blocking::receive(c, 1ms), timeout_error);
    blocking::send(c, 1);
    EXPECT_THROW(blocking::send(c, 2, 0s), timeout_error);
    EXPECT_EQ(blocking::receive(c, 0s), 1);
    EXPECT_EQ(c.try_receive(), std::nullopt);
}

TEST(blocking, a_shutdown_or_close_ends_it) {
    queue<int> q;
    channel<int> c(1);
    std::thread getter([&] { EXPECT_THROW((void)blocking::get(q), queue_shut_down); });
    std::thread receiver([&] { EXPECT_EQ(blocking::receive(c), std::nullopt); });
    q.shutdown();
    c.close();
    getter.join();
    receiver.join();
    EXPECT_THROW(blocking::put(q, 1), queue_shut_down);
    EXPECT_THROW(blocking::send(c, 1), channel_closed);
}

TEST(blocking, a_thread_feeds_tasks_through_a_queue) {
    queue<int> q(2);
    std::thread feeder([&] {
        for (int i = 1; i <= 1000; ++i) {
            blocking::put(q, i);
        }
        q.shutdown();
    });
    const auto consume = [](queue<int>& q) -> coro<long> {
        long sum = 0;
        try {
            for (;;) {
                sum += co_await q.get();
            }
        } catch (const queue_shut_down&) {
        }
        co_return sum;
    };
    EXPECT_EQ(run(consume(q), {.workers = 2}), 500'500);
    feeder.join();
}

TEST(blocking, tasks_feed_a_thread_through_a_channel) {
    channel<int> c(2);
    long sum = 0;
    std::thread consumer([&] {
        while (const auto item = blocking::receive(c)) {
            sum += *item;
        }
    });
    const auto feed = [](channel<int>& c) -> coro<> {
        for (int i = 1; i <= 1000; ++i) {
            co_await c.send(i);
        }
        c.close();
    };
    run(feed(c), {.workers = 2});
    consumer.join();
    EXPECT_EQ(sum, 500'500);
}

TEST(blocking, a_thread_waits_for_oneshots_broadcasts_and_watches) {
    oneshot<int> once;
    broadcast<int> all(4);
    watch<int> state(0);
    auto heard = all.subscribe();
    auto seen = state.subscribe();
    std::thread thread([&] {
        EXPECT_EQ(blocking::receive(once), 1);
        EXPECT_EQ(blocking::receive(heard), 2);
        EXPECT_EQ(blocking::receive(seen), 3);
        EXPECT_THROW((void)blocking::receive(seen, 1ms), timeout_error);
    });
    const auto feed = [&]() -> coro<> {
        once.send(1);
        all.send(2);
        state.set(3);
        co_return;
    };
    run(feed(), {.workers = 1});
    thread.join();
}

} // namespace
} // namespace eddy
