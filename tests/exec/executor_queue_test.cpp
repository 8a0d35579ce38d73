// executor_queue_test.cpp — a queue that takes so many jobs and no more, for every executor.
//
// Covers:    queue_max: submit is refused, submit_async and the others wait in turn; cancels of the
//            wait and of jobs that have a place; timeouts; shutdown while some wait.
// Not here:  what one of them has alone -> its own queue test; many at once -> stress/.

#include "exec/executor_kinds.hpp"

#include <memory>
#include <string>
#include <vector>

namespace eddy {
namespace executor_test {

using namespace std::chrono_literals;

template <typename E>
class executor_queue_test : public executor_case<E> {};

TYPED_TEST_SUITE(executor_queue_test, executors, names);

// An executor that makes one call at a time, and is busy with it.
template <typename E>
class busy_one {
public:
    explicit busy_one(E& on) : blocks_(on.submit(passed, gate_.path(), 1)) {}
    [[nodiscard]] coro<> begun() const { return gate_.reached(1); }
    void end() { gate_.open(); }

private:
    gate gate_;
    future<int> blocks_;
};

template <typename E>
coro<> until_queued(const E& on, std::size_t jobs) {
    while (on.queued() != jobs) {
        co_await yield();
    }
}

template <typename E>
coro<> write_when_there_is_room(E& on, std::string in, std::string text) {
    co_await co_await on.submit_async(written, in, text);
}

// Tasks that wait for room, in this order, where the queue has `queued` jobs.
template <typename E>
coro<std::vector<task<>>> waiting_to_write(E& on, std::string in, std::vector<std::string> texts,
                                           std::size_t queued) {
    std::vector<task<>> out;
    for (const std::string& each : texts) {
        out.push_back(create_task(write_when_there_is_room(on, in, each)));
        co_await until_queued(on, queued + out.size());
    }
    co_return out;
}

TYPED_TEST(executor_queue_test, submit_to_a_full_queue_is_refused_and_says_why) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            busy_one busy(on);
            co_await busy.begun();
            const auto a = on.submit(twice, 1);
            const auto b = on.submit(twice, 2);
            EXPECT_EQ(on.queued(), 2U);
            try {
                (void)on.submit(twice, 3);
                ADD_FAILURE();
            } catch (const executor_queue_full& error) {
                EXPECT_NE(std::string(error.what()).find("queue_max is 2"), std::string::npos)
                    << error.what();
            }
            EXPECT_EQ(on.queued(), 2U);
            busy.end();
            EXPECT_EQ(co_await a, 2);
            EXPECT_EQ(co_await b, 4);
        },
        2);
}

TYPED_TEST(executor_queue_test, a_job_that_begins_makes_room) {
    TypeParam on = this->make(1, 1);
    for (int i = 0; i != 50; ++i) {
        EXPECT_EQ(on.apply(twice, i), 2 * i);
    }
    EXPECT_EQ(on.queued(), 0U);
}

TYPED_TEST(executor_queue_test, submit_async_waits_for_room_in_turn) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            const gate log;
            busy_one busy(on);
            co_await busy.begun();
            const auto a = co_await on.submit_async(written, log.path(), "a"); // there is room
            const auto waiting = co_await waiting_to_write(on, log.path(), {"b", "c", "d"}, 1);
            EXPECT_THROW((void)on.submit(twice, 1), executor_queue_full);
            busy.end();
            co_await a;
            for (const auto& each : waiting) {
                co_await each;
            }
            EXPECT_EQ(read_back(log.path()), "abcd");
        },
        1);
}

TYPED_TEST(executor_queue_test, a_cancelled_wait_submits_nothing_and_the_others_keep_their_turns) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            const gate log;
            busy_one busy(on);
            co_await busy.begun();
            (void)on.submit(written, log.path(), "a");
            const auto waiting = co_await waiting_to_write(on, log.path(), {"b", "c", "d"}, 1);
            EXPECT_TRUE(waiting[1].cancel());
            EXPECT_TRUE((co_await as_result(waiting[1])).cancelled());
            EXPECT_EQ(on.queued(), 3U);
            busy.end();
            co_await waiting[0];
            co_await waiting[2];
            EXPECT_EQ(read_back(log.path()), "abd");
        },
        1);
}

TYPED_TEST(executor_queue_test, a_timeout_ends_the_wait_for_room) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            const gate log;
            busy_one busy(on);
            co_await busy.begun();
            const auto a = on.submit(twice, 1);
            EXPECT_TRUE(
                (co_await as_result(wait_for(write_when_there_is_room(on, log.path(), "late"), 0s)))
                    .template holds<timeout_error>());
            EXPECT_EQ(on.queued(), 1U);
            busy.end();
            EXPECT_EQ(co_await a, 2);
            EXPECT_EQ(read_back(log.path()), "");
        },
        1);
}

TYPED_TEST(executor_queue_test, a_job_that_is_withdrawn_gives_its_place_to_the_next) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            const gate log;
            busy_one busy(on);
            co_await busy.begun();
            const auto a = on.submit(written, log.path(), "a");
            auto waits = create_task([](TypeParam& on, std::string in) -> coro<future<>> {
                co_return co_await on.submit_async(written, in, "b");
            }(on, log.path()));
            co_await until_queued(on, 2);
            EXPECT_TRUE(a.cancel());
            const future<> b = co_await waits; // while the executor is busy
            EXPECT_FALSE(b.done());
            EXPECT_EQ(on.queued(), 1U);
            EXPECT_THROW((void)on.submit(twice, 1), executor_queue_full);
            EXPECT_TRUE(b.cancel());
            const auto c = on.submit(written, log.path(), "c");
            busy.end();
            co_await c;
            EXPECT_EQ(read_back(log.path()), "c");
        },
        1);
}

TYPED_TEST(executor_queue_test, who_awaits_the_result_waits_for_room_too) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            busy_one busy(on);
            co_await busy.begun();
            (void)on.submit(twice, 1);
            auto runs = create_task(run_in_executor(on, twice, 2));
            const auto sum_of = [](TypeParam& on, std::size_t chunk) -> coro<int> {
                int sum = 0;
                EDDY_FOR(const int each,
                         on.map(twice, std::vector{1, 2, 3}, {.chunk = chunk, .in_flight = 3})) {
                    sum += each;
                }
                co_return sum;
            };
            auto maps = create_task(sum_of(on, 1));
            auto chunks = create_task(sum_of(on, 2));
            co_await until_queued(on, 1 + 1 + 3 + 2);
            busy.end();
            EXPECT_EQ(co_await runs, 4);
            EXPECT_EQ(co_await maps, 12);
            EXPECT_EQ(co_await chunks, 12);
        },
        1);
}

TYPED_TEST(executor_queue_test, who_awaits_the_result_and_is_cancelled_leaves_the_line) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            const gate ran;
            busy_one busy(on);
            co_await busy.begun();
            const auto a = on.submit(twice, 1);
            std::vector<task<int>> waiting;
            for (int i = 0; i != 3; ++i) {
                waiting.push_back(create_task(run_in_executor(on, noted, ran.path(), i)));
            }
            co_await until_queued(on, 4);
            for (const auto& each : waiting) {
                EXPECT_TRUE(each.cancel());
                EXPECT_TRUE((co_await as_result(each)).cancelled());
            }
            EXPECT_EQ(on.queued(), 1U);
            busy.end();
            EXPECT_EQ(co_await a, 2);
            co_await on.aclose();
            EXPECT_EQ(ran.notes(), 0U);
        },
        1);
}

TYPED_TEST(executor_queue_test, jobs_that_are_submitted_and_withdrawn_for_ever_find_room) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            const gate ran;
            busy_one busy(on);
            co_await busy.begun();
            for (int i = 0; i != 100; ++i) {
                const auto a = on.submit(noted, ran.path(), i);
                const auto b = on.submit(noted, ran.path(), i);
                EXPECT_TRUE(a.cancel());
                EXPECT_TRUE(b.cancel());
                EXPECT_EQ(on.queued(), 0U);
            }
            busy.end();
            co_await on.aclose();
            EXPECT_EQ(ran.notes(), 0U);
        },
        2);
}

TYPED_TEST(executor_queue_test, a_shutdown_runs_what_waits_for_room) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            const gate log;
            busy_one busy(on);
            co_await busy.begun();
            (void)on.submit(written, log.path(), "a");
            const auto waiting = co_await waiting_to_write(on, log.path(), {"b", "c"}, 1);
            on.shutdown({.wait = false});
            busy.end();
            co_await waiting[0];
            co_await waiting[1];
            co_await on.aclose();
            EXPECT_EQ(read_back(log.path()), "abc");
            EXPECT_TRUE((co_await as_result(write_when_there_is_room(on, log.path(), "late")))
                            .template holds<executor_shut_down>());
        },
        1);
}

TYPED_TEST(executor_queue_test, a_shutdown_that_cancels_ends_what_waits_for_room) {
    this->on_loops(
        1,
        [](TypeParam& on) -> coro<> {
            const gate log;
            busy_one busy(on);
            co_await busy.begun();
            const auto queued = on.submit(written, log.path(), "a");
            const auto waiting = co_await waiting_to_write(on, log.path(), {"b", "c"}, 1);
            auto runs = create_task(run_in_executor(on, written, log.path(), "d"));
            co_await until_queued(on, 4);
            on.shutdown({.wait = false, .cancel_pending = true});
            EXPECT_TRUE(queued.cancelled());
            for (const auto& each : waiting) { // its job has ended as cancelled
                EXPECT_TRUE((co_await as_result(each)).cancelled());
            }
            EXPECT_TRUE((co_await as_result(runs)).cancelled());
            busy.end();
            co_await on.aclose();
            EXPECT_EQ(read_back(log.path()), "");
        },
        1);
}

TYPED_TEST(executor_queue_test, a_wait_that_is_never_awaited_submits_nothing) {
    TypeParam on = this->make(1, 1);
    const gate ran;
    {
        [[maybe_unused]] const auto unused = on.submit_async(noted, ran.path(), 1);
    }
    on.shutdown();
    EXPECT_EQ(ran.notes(), 0U);
}

} // namespace executor_test
} // namespace eddy
