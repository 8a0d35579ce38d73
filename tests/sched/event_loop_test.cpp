// event_loop_test.cpp — callbacks, timers and descriptors of one loop.
//
// Covers:    callbacks (order, cancel, exceptions, arguments, other threads), timers, descriptors,
//            who the loop is.
// Not here:  readable and writable -> readable_test.cpp; rescue of a stuck loop -> tests/stress.

#include "support/event_log.hpp"
#include <eddy/testing/co_test.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

// Two ends of a pipe that neither end blocks on.
struct open_pipe {
    open_pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
        reader = ends[0];
        writer = ends[1];
    }
    open_pipe(const open_pipe&) = delete;
    open_pipe& operator=(const open_pipe&) = delete;
    ~open_pipe() {
        close(reader);
        close(writer);
    }
    void put(char c) const { EXPECT_EQ(write(writer, &c, 1), 1); }
    [[nodiscard]] char take() const {
        char c = '?';
        return read(reader, &c, 1) == 1 ? c : '\0';
    }

    int reader = -1;
    int writer = -1;
};

// Lets everything that is ready and due run.
coro<> settle() {
    co_await sleep(1ns);
}

// -- who the loop is --

TEST(event_loop, outside_of_a_loop_there_is_none) {
    EXPECT_EQ(try_get_running_loop(), nullptr);
    try {
        (void)get_running_loop();
        ADD_FAILURE() << "no exception";
    } catch (const no_running_loop& error) {
        EXPECT_NE(std::string(error.what()).find("no event loop"), std::string::npos);
    }
}

CO_TEST(event_loop, in_a_task_and_in_a_callback_there_is_one) {
    EXPECT_EQ(try_get_running_loop(), &get_running_loop());
    promise<bool> seen;
    get_running_loop().call_soon([&] { seen.set_value(try_get_running_loop() != nullptr); });
    EXPECT_TRUE(co_await seen.get_future());
}

CO_TEST(event_loop, a_callback_is_no_task) {
    promise<bool> thrown;
    get_running_loop().call_soon([&] {
        try {
            (void)current_task();
            thrown.set_value(false);
        } catch (const no_running_loop&) {
            thrown.set_value(true);
        }
    });
    EXPECT_TRUE(co_await thrown.get_future());
}

CO_TEST(event_loop, a_callback_may_create_a_task) {
    promise<int> result;
    get_running_loop().call_soon([&] {
        create_task([](promise<int>& result) -> coro<> {
            co_await sleep(1s);
            result.set_value(5);
        }(result));
    });
    EXPECT_EQ(co_await result.get_future(), 5);
}

CO_TEST(event_loop, its_time_is_the_one_of_now) {
    EXPECT_EQ(get_running_loop().time(), now());
    co_await sleep(1h);
    EXPECT_EQ(get_running_loop().time(), now());
}

CO_TEST(event_loop, it_makes_futures) {
    auto p = get_running_loop().create_future<int>();
    p.set_value(5);
    EXPECT_EQ(co_await p.get_future(), 5);
}

// -- call_soon --

CO_TEST(event_loop, callbacks_of_one_loop_are_called_in_order_and_never_at_once) {
    std::vector<int> order;
    std::atomic<int> inside = 0;
    event_loop& loop = get_running_loop();
    promise<> all;
    for (int i = 0; i != 1000; ++i) {
        loop.call_soon([&, i] {
            EXPECT_EQ(inside++, 0);
            order.push_back(i);
            --inside;
            if (i == 999) {
                all.set_value();
            }
        });
    }
    co_await all.get_future();
    EXPECT_EQ(order.size(), 1000U);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

CO_TEST_ON_1(event_loop, callbacks_and_tasks_take_turns_in_the_order_in_which_they_came) {
    event_log log;
    auto body = [](event_log& log, std::string name) -> coro<> {
        log.add(name);
        co_return;
    };
    event_loop& loop = get_running_loop();
    loop.call_soon([&] { log.add("c1"); });
    create_task(body(log, "t1"));
    loop.call_soon([&] {
        log.add("c2");
        get_running_loop().call_soon([&] { log.add("c4"); });
    });
    create_task(body(log, "t2"));
    loop.call_soon([&] { log.add("c3"); });
    EXPECT_EQ(log.text(), "");
    co_await yield();
    EXPECT_EQ(log.text(), "c1 t1 c2 t2 c3");
    co_await yield();
    EXPECT_EQ(log.text(), "c1 t1 c2 t2 c3 c4");
}

CO_TEST(event_loop, arguments_are_stored_and_may_be_move_only) {
    promise<std::string> seen;
    {
        std::string text = "text";
        get_running_loop().call_soon(
            [&](const std::string& text, const std::unique_ptr<int>& number) {
                seen.set_value(text + std::to_string(*number));
            },
            text, std::make_unique<int>(5));
        text = "changed";
    }
    EXPECT_EQ(co_await seen.get_future(), "text5");
}

CO_TEST_ON_1(event_loop, a_callback_that_was_cancelled_is_not_called) {
    event_log log;
    event_loop& loop = get_running_loop();
    auto first = loop.call_soon([&] { log.add("first"); });
    auto second = loop.call_soon([&] { log.add("second"); });
    EXPECT_FALSE(first.cancelled());
    first.cancel();
    first.cancel();
    EXPECT_TRUE(first.cancelled());
    co_await yield();
    EXPECT_EQ(log.text(), "second");
    EXPECT_FALSE(second.cancelled());
    second.cancel(); // too late, and harmless
}

CO_TEST(event_loop, what_a_callback_throws_is_reported_and_the_next_one_is_called) {
    report_log reports;
    promise<> next;
    event_loop& loop = get_running_loop();
    loop.call_soon([] { throw std::runtime_error("bad callback"); });
    loop.call_soon([&] { next.set_value(); });
    co_await next.get_future();
    EXPECT_EQ(reports.only().kind, report_kind::callback_failed);
    EXPECT_NE(reports.only().message.find("bad callback"), std::string::npos);
}

CO_TEST(event_loop, a_callback_is_destroyed_when_it_has_been_called) {
    auto owner = std::make_shared<int>(1);
    auto handle = get_running_loop().call_soon([owner] { (void)owner; });
    EXPECT_EQ(owner.use_count(), 2);
    co_await settle();
    EXPECT_EQ(owner.use_count(), 1);
}

// -- call_soon_threadsafe --

CO_TEST(event_loop, other_threads_may_queue_callbacks_and_each_is_called_once) {
    constexpr int per_thread = 200;
    std::atomic<int> calls = 0;
    promise<> all;
    event_loop& loop = get_running_loop();
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k != per_thread; ++k) {
                loop.call_soon_threadsafe([&] {
                    if (++calls == 4 * per_thread) {
                        all.set_value();
                    }
                });
            }
        });
    }
    co_await all.get_future();
    EXPECT_EQ(calls, 4 * per_thread);
    for (std::thread& each : threads) {
        each.join();
    }
}

CO_TEST(event_loop, the_callbacks_of_one_thread_are_called_in_its_order) {
    std::vector<int> order;
    promise<> all;
    event_loop& loop = get_running_loop();
    std::thread other([&] {
        for (int i = 0; i != 500; ++i) {
            loop.call_soon_threadsafe([&, i] {
                order.push_back(i);
                if (i == 499) {
                    all.set_value();
                }
            });
        }
    });
    co_await all.get_future();
    other.join();
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

// -- call_later and call_at --

CO_TEST(event_loop, delayed_callbacks_are_called_by_their_deadlines) {
    event_log log;
    event_loop& loop = get_running_loop();
    const auto start = now();
    promise<> all;
    loop.call_later(30ms, [&] {
        log.add("c");
        all.set_value();
    });
    loop.call_later(10ms, [&] { log.add("a"); });
    loop.call_at(start + 20ms, [&] { log.add("b"); });
    co_await all.get_future();
    EXPECT_EQ(log.text(), "a b c");
    EXPECT_EQ(now() - start, 30ms);
}

CO_TEST_ON_1(event_loop, those_of_equal_deadline_are_called_in_the_order_of_the_calls) {
    event_log log;
    event_loop& loop = get_running_loop();
    for (const char* word : {"a", "b", "c"}) {
        loop.call_later(10ms, [&log, word] { log.add(word); });
    }
    co_await sleep(11ms);
    EXPECT_EQ(log.text(), "a b c");
}

CO_TEST(event_loop, a_delay_of_zero_or_less_and_a_time_that_has_passed_are_soon) {
    event_log log;
    event_loop& loop = get_running_loop();
    const auto start = now();
    std::atomic<int> calls = 0;
    loop.call_later(0s, [&] { ++calls; });
    loop.call_later(-1s, [&] { ++calls; });
    loop.call_at(start - 1h, [&] { ++calls; });
    co_await settle();
    EXPECT_EQ(calls, 3);
}

CO_TEST(event_loop, a_delayed_callback_knows_when_and_can_be_cancelled) {
    bool called = false;
    auto owner = std::make_shared<int>(1);
    auto handle = get_running_loop().call_later(10ms, [&called, owner] { called = true; });
    EXPECT_EQ(handle.when(), now() + 10ms);
    handle.cancel();
    EXPECT_TRUE(handle.cancelled());
    co_await sleep(20ms);
    EXPECT_FALSE(called);
    handle.cancel();
}

CO_TEST(event_loop, a_cancelled_one_lets_go_of_what_its_function_holds) {
    auto owner = std::make_shared<int>(1);
    {
        auto handle = get_running_loop().call_later(10ms, [owner] { (void)owner; });
        handle.cancel();
    }
    EXPECT_EQ(owner.use_count(), 1);
    co_return;
}

CO_TEST(event_loop, a_callback_may_queue_itself_again) {
    int rounds = 0;
    promise<> all;
    event_loop& loop = get_running_loop();
    const auto start = now();
    std::function<void()> tick = [&] {
        if (++rounds == 5) {
            all.set_value();
        } else {
            loop.call_later(1s, tick);
        }
    };
    loop.call_soon(tick);
    co_await all.get_future();
    EXPECT_EQ(now() - start, 4s);
}

TEST(event_loop, callbacks_that_are_left_when_the_runtime_ends_are_destroyed_uncalled) {
    auto owner = std::make_shared<int>(1);
    bool called = false;
    callback_handle handle;
    run_virtual(2, [&]() -> coro<> {
        handle = get_running_loop().call_later(1h, [&called, owner] { called = true; });
        co_return;
    });
    EXPECT_FALSE(called);
    EXPECT_EQ(owner.use_count(), 1);
    handle.cancel(); // its loop is gone
    EXPECT_TRUE(handle.cancelled());
}

TEST(event_loop, a_handle_of_nothing_may_be_asked) {
    const callback_handle none;
    none.cancel();
    EXPECT_FALSE(none.cancelled());
}

// -- descriptors --

CO_TEST(event_loop, a_reader_is_called_while_there_is_something_to_read) {
    const open_pipe pipe;
    event_log log;
    promise<> all;
    event_loop& loop = get_running_loop();
    loop.add_reader(pipe.reader, [&] { // takes one byte a call: level-triggered, as asyncio's
        log.add(std::string(1, pipe.take()));
        if (log.text() == "a b c") {
            all.set_value();
        }
    });
    pipe.put('a');
    pipe.put('b');
    pipe.put('c');
    co_await all.get_future();
    EXPECT_EQ(log.text(), "a b c");
    EXPECT_TRUE(loop.remove_reader(pipe.reader));
}

CO_TEST(event_loop, a_reader_that_was_removed_is_not_called_any_more) {
    const open_pipe pipe;
    std::atomic<int> calls = 0;
    event_loop& loop = get_running_loop();
    promise<> removed;
    loop.add_reader(pipe.reader, [&] {
        ++calls;
        EXPECT_TRUE(loop.remove_reader(pipe.reader));
        removed.set_value();
    });
    pipe.put('a');
    co_await removed.get_future();
    pipe.put('b');
    co_await sleep(1s);
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(loop.remove_reader(pipe.reader));
}

CO_TEST(event_loop, a_second_reader_of_a_descriptor_replaces_the_first) {
    const open_pipe pipe;
    event_log log;
    event_loop& loop = get_running_loop();
    promise<> called;
    loop.add_reader(pipe.reader, [&] { log.add("first"); });
    loop.add_reader(pipe.reader, [&] {
        log.add("second");
        loop.remove_reader(pipe.reader);
        called.set_value();
    });
    pipe.put('a');
    co_await called.get_future();
    EXPECT_EQ(log.text(), "second");
}

CO_TEST(event_loop, a_reader_that_is_let_go_may_use_the_loop) {
    const open_pipe pipe;
    event_loop& loop = get_running_loop();
    int gone = 0;
    const auto last_words = [&] {
        return std::shared_ptr<int>(new int(0), [&](const int* dead) {
            delete dead;
            (void)loop.remove_writer(pipe.writer);
            ++gone;
        });
    };
    loop.add_reader(pipe.reader, [kept = last_words()] {});
    loop.add_reader(pipe.reader, [kept = last_words()] {});
    loop.remove_reader(pipe.reader);
    EXPECT_EQ(gone, 2);
    co_return;
}

CO_TEST(event_loop, a_writer_is_called_when_there_is_room) {
    const open_pipe pipe;
    event_loop& loop = get_running_loop();
    promise<> called;
    loop.add_writer(pipe.writer, [&] {
        if (loop.remove_writer(pipe.writer)) {
            called.set_value();
        }
    });
    co_await called.get_future();
    EXPECT_FALSE(loop.remove_writer(pipe.writer));
}

CO_TEST(event_loop, a_reader_is_told_when_the_other_end_closes) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    event_loop& loop = get_running_loop();
    promise<> called;
    loop.add_reader(ends[0], [&] {
        if (loop.remove_reader(ends[0])) {
            called.set_value();
        }
    });
    close(ends[1]);
    co_await called.get_future();
    close(ends[0]);
}

CO_TEST(event_loop, what_a_reader_throws_is_reported_and_it_is_called_again) {
    report_log reports;
    const open_pipe pipe;
    event_loop& loop = get_running_loop();
    promise<> second;
    int calls = 0;
    loop.add_reader(pipe.reader, [&] {
        (void)pipe.take();
        if (++calls == 1) {
            throw std::runtime_error("bad reader");
        }
        loop.remove_reader(pipe.reader);
        second.set_value();
    });
    pipe.put('a');
    pipe.put('b');
    co_await second.get_future();
    EXPECT_EQ(reports.only().kind, report_kind::callback_failed);
    EXPECT_NE(reports.only().message.find("bad reader"), std::string::npos);
}

CO_TEST(event_loop, a_descriptor_that_cannot_be_watched_is_a_system_error) {
    EXPECT_THROW(get_running_loop().add_reader(-1, [] {}), std::system_error);
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    EXPECT_THROW(get_running_loop().add_reader(file, [] {}), std::system_error);
    close(file);
    EXPECT_FALSE(get_running_loop().remove_reader(12345));
    co_return;
}

TEST(event_loop, watches_that_are_left_when_the_runtime_ends_are_let_go) {
    const open_pipe pipe;
    auto owner = std::make_shared<int>(1);
    run_virtual(2, [&]() -> coro<> {
        get_running_loop().add_reader(pipe.reader, [owner] { (void)owner; });
        pipe.put('a');
        co_return;
    });
    EXPECT_EQ(owner.use_count(), 1);
}

} // namespace
} // namespace eddy
