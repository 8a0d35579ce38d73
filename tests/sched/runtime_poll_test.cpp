// runtime_poll_test.cpp — a loop that is there already drives a runtime: poll_once, fd,
// next_deadline.
//
// Covers:    when there is something to do and how the foreign loop hears of it; what a call runs;
//            what is refused; what comes after.

#include <eddy/testing/co_test.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include <poll.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

bool readable_now(int fd) {
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&wait, 1, 0) == 1;
}

coro<> append(std::string& out, char what) {
    out += what;
    co_await yield();
    out += what;
}

class embedded : public testing::Test {
protected:
    runtime rt{{.workers = 1, .virtual_time = true}};
    std::string log;
};

/// In real time: nothing here waits for it.
class embedded_in_real_time : public testing::Test {
protected:
    runtime rt{{.workers = 1}};
    std::string log;
};

TEST_F(embedded, runs_what_is_ready_and_returns) {
    const auto task = rt.create_task(append(log, 'a'));
    EXPECT_EQ(log, "");
    EXPECT_GE(rt.poll_once(), 1U);
    EXPECT_EQ(log, "aa");
    EXPECT_TRUE(task.done());
    EXPECT_EQ(rt.poll_once(), 0U);
}

TEST_F(embedded, keeps_the_order_of_one_worker) {
    const auto first = rt.create_task(append(log, 'a'));
    const auto second = rt.create_task(append(log, 'b'));
    (void)rt.poll_once();
    EXPECT_EQ(log, "abab");
}

TEST_F(embedded, jumps_to_the_next_timer_in_virtual_time) {
    auto body = [](std::string& out) -> coro<> {
        const auto start = now();
        co_await sleep(1h);
        out += now() - start == 1h ? "a" : "x";
        co_await sleep(1h);
        out += "b";
    };
    const auto task = rt.create_task(body(log));
    (void)rt.poll_once();
    EXPECT_EQ(log, "");
    (void)rt.poll_once();
    EXPECT_EQ(log, "a");
    (void)rt.poll_once();
    EXPECT_EQ(log, "ab");
    EXPECT_TRUE(task.done());
}

TEST_F(embedded, has_no_deadline_where_there_is_nothing_to_do) {
    EXPECT_EQ(rt.next_deadline(), clock::time_point::max());
    const auto task = rt.create_task(append(log, 'a'));
    EXPECT_LE(rt.next_deadline(), rt.loop().time());
    (void)rt.poll_once();
    EXPECT_EQ(rt.next_deadline(), clock::time_point::max());
}

TEST_F(embedded_in_real_time, tells_when_its_next_timer_is_due) {
    auto body = []() -> coro<> { co_await sleep(1h); };
    const auto before = rt.loop().time();
    const auto task = rt.create_task(body());
    (void)rt.poll_once();
    EXPECT_GE(rt.next_deadline(), before + 1h);
    EXPECT_LE(rt.next_deadline(), rt.loop().time() + 1h);
    EXPECT_FALSE(readable_now(rt.fd()));
}

TEST_F(embedded_in_real_time, is_readable_when_a_thread_has_posted) {
    EXPECT_FALSE(readable_now(rt.fd()));
    std::optional<task<>> posted;
    std::thread([&] { posted = rt.create_task(append(log, 'a')); }).join();
    EXPECT_TRUE(readable_now(rt.fd()));
    (void)rt.poll_once();
    EXPECT_EQ(log, "aa");
    EXPECT_FALSE(readable_now(rt.fd()));
    std::thread([&] { rt.loop().call_soon_threadsafe([&] { log += 'b'; }); }).join();
    EXPECT_TRUE(readable_now(rt.fd()));
    (void)rt.poll_once();
    EXPECT_EQ(log, "aab");
    EXPECT_FALSE(readable_now(rt.fd()));
}

TEST_F(embedded_in_real_time, is_readable_from_the_start_if_something_was_posted_before) {
    const auto task = rt.create_task(append(log, 'a'));
    EXPECT_TRUE(readable_now(rt.fd()));
}

TEST_F(embedded_in_real_time, is_readable_when_a_descriptor_is_that_a_task_waits_for) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    auto body = [](int fd, std::string& out) -> coro<> {
        co_await readable(fd);
        out += "read";
    };
    const auto task = rt.create_task(body(ends[0], log));
    (void)rt.poll_once();
    EXPECT_FALSE(readable_now(rt.fd()));
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    EXPECT_TRUE(readable_now(rt.fd()));
    (void)rt.poll_once();
    EXPECT_EQ(log, "read");
    (void)::close(ends[0]);
    (void)::close(ends[1]);
}

TEST_F(embedded_in_real_time, returns_from_work_without_end_and_says_that_there_is_more) {
    auto endless = []() -> coro<> {
        for (;;) {
            co_await yield();
        }
    };
    const auto task = rt.create_task(endless());
    for (int i = 0; i != 3; ++i) {
        EXPECT_GE(rt.poll_once(), 100U);
        EXPECT_TRUE(readable_now(rt.fd()));
        EXPECT_LE(rt.next_deadline(), rt.loop().time());
    }
    (void)task.cancel();
    (void)rt.poll_once();
    EXPECT_TRUE(task.cancelled());
    EXPECT_FALSE(readable_now(rt.fd()));
}

TEST_F(embedded, runs_the_children_of_a_gather) {
    auto both = [](std::string& out) -> coro<> {
        co_await gather(append(out, 'a'), append(out, 'b'));
    };
    const auto task = rt.create_task(both(log));
    (void)rt.poll_once();
    EXPECT_EQ(log, "abab");
    EXPECT_TRUE(task.done());
}

TEST_F(embedded, is_no_running_loop_between_two_calls) {
    bool inside = false;
    (void)rt.loop().call_soon_threadsafe([&] { inside = try_get_running_loop() != nullptr; });
    (void)rt.poll_once();
    EXPECT_TRUE(inside);
    EXPECT_EQ(try_get_running_loop(), nullptr);
    EXPECT_FALSE(rt.is_running());
}

TEST_F(embedded, may_be_run_to_an_end_afterwards_and_polled_again) {
    const auto task = rt.create_task(append(log, 'a'));
    (void)rt.fd();
    rt.run_until_complete(append(log, 'b'));
    EXPECT_EQ(log, "abab");
    const auto later = rt.create_task(append(log, 'c'));
    (void)rt.poll_once();
    EXPECT_EQ(log, "ababcc");
}

TEST_F(embedded, cancels_what_is_left_when_it_closes) {
    auto body = [](std::string& out) -> coro<> {
        try {
            co_await sleep(1h);
        } catch (const cancelled_error&) {
            out += "cancelled";
        }
    };
    const auto task = rt.create_task(body(log));
    (void)rt.poll_once();
    rt.close();
    EXPECT_EQ(log, "cancelled");
    EXPECT_THROW((void)rt.poll_once(), runtime_closed);
    EXPECT_THROW((void)rt.fd(), runtime_closed);
    EXPECT_THROW((void)rt.next_deadline(), runtime_closed);
}

TEST_F(embedded, is_not_driven_from_one_of_its_own_tasks) {
    auto nested = [](runtime& rt, std::string& out) -> coro<> {
        try {
            (void)rt.poll_once();
        } catch (const already_running&) {
            out += "refused";
        }
        co_return;
    };
    const auto task = rt.create_task(nested(rt, log));
    (void)rt.poll_once();
    EXPECT_EQ(log, "refused");
}

TEST(embedded_with_siblings, is_refused) {
    runtime rt({.workers = 2, .virtual_time = true});
    EXPECT_THROW((void)rt.poll_once(), invalid_state_error);
    EXPECT_THROW((void)rt.fd(), invalid_state_error);
    EXPECT_THROW((void)rt.next_deadline(), invalid_state_error);
}

} // namespace
} // namespace eddy
