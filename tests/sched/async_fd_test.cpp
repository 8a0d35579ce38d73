// async_fd_test.cpp — tasks that await the calls on a descriptor.
//
// Covers:    calls at once, after waiting, and without; cancels, closes, second users; moving and
//            giving away.
// Threads:   a sys::fault_plan may not come or go while other threads make calls: on one worker.
// Not here:  what is remembered of readiness -> io/registration_test.cpp; threads at random ->
//            stress/net_stress.cpp.

#include <eddy/base/fault_plan.hpp>
#include <eddy/sched/async_fd.hpp>
#include <eddy/testing/cancel_everywhere.hpp>
#include <eddy/testing/co_test.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

struct async_pipe {
    async_pipe() : async_pipe(sys::pipe2()) {}
    explicit async_pipe(std::array<int, 2> ends) : in(owned_fd(ends[0])), out(owned_fd(ends[1])) {}

    void fill() {
        const std::array<std::byte, 4096> block{};
        while (!sys::write(out.get(), block).would_block()) {
        }
    }

    async_fd in;
    async_fd out;
};

void put(const async_fd& to, std::string_view text) {
    ASSERT_EQ(sys::write(to.get(), std::as_bytes(std::span(text))).bytes, text.size());
}

coro<std::string> read(async_fd& from, std::size_t bytes_max = 64) {
    std::string out(bytes_max, '\0');
    const std::span<std::byte> room = std::as_writable_bytes(std::span(out));
    const sys::io_result got = co_await from.perform(
        interest::read, room.size(), "read", [room](int fd) { return sys::read(fd, room); });
    if (got.error) {
        throw std::system_error(got.error, "read");
    }
    out.resize(got.bytes);
    co_return out;
}

coro<std::size_t> write(async_fd& to, std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    const sys::io_result sent = co_await to.perform(
        interest::write, bytes.size(), "write", [bytes](int fd) { return sys::write(fd, bytes); });
    co_return sent.bytes;
}

std::error_code code_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& known) {
        return known.code();
    } catch (...) {
        return {};
    }
}

CO_TEST_ON_1(async_fd, what_is_there_comes_at_once) {
    async_pipe pipe;
    put(pipe.out, "now");
    const sys::fault_plan plan;
    EXPECT_EQ(co_await read(pipe.in), "now");
    EXPECT_EQ(plan.calls(sys::call::read), 1U);
    EXPECT_EQ(plan.calls(sys::call::epoll_ctl), 0U);
}

CO_TEST(async_fd, what_is_not_there_is_waited_for) {
    async_pipe pipe;
    auto t = create_task(read(pipe.in));
    co_await sleep(1s);
    EXPECT_FALSE(t.done());
    put(pipe.out, "later");
    EXPECT_EQ(co_await t, "later");
}

CO_TEST(async_fd, the_end_is_seen) {
    async_pipe pipe;
    auto t = create_task(read(pipe.in));
    co_await sleep(1ms);
    put(pipe.out, "last");
    (void)pipe.out.close();
    EXPECT_EQ(co_await t, "last");
    EXPECT_EQ(co_await read(pipe.in), "");
    EXPECT_EQ(co_await read(pipe.in), "");
}

CO_TEST(async_fd, room_is_waited_for) {
    async_pipe pipe;
    pipe.fill();
    auto t = create_task(write(pipe.out, "x"));
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    while (!t.done()) {
        (void)co_await read(pipe.in, 4096);
        co_await sleep(1ms);
    }
    EXPECT_EQ(co_await t, 1U);
}

CO_TEST(async_fd, one_task_after_the_other_waits_on_any_worker) {
    async_pipe pipe;
    for (int i = 0; i != 30; ++i) {
        auto t = create_task(read(pipe.in));
        co_await sleep(1ms);
        put(pipe.out, "x");
        EXPECT_EQ(co_await t, "x");
    }
}

CO_TEST_ON_1(async_fd, an_attempt_does_not_wait) {
    async_pipe pipe;
    std::array<std::byte, 4> room{};
    const auto attempt = [&] {
        return pipe.in.attempt(interest::read, room.size(), "read",
                               [&](int fd) { return sys::read(fd, room); });
    };
    EXPECT_TRUE(attempt().would_block());
    EXPECT_FALSE(pipe.in.ready_hint(interest::read));
    const sys::fault_plan plan;
    EXPECT_TRUE(attempt().would_block()); // known without a call
    EXPECT_EQ(plan.calls(sys::call::read), 0U);
    auto t = create_task([](async_fd& in) -> coro<> { co_await in.ready(interest::read, "x"); },
                         std::ref(pipe.in));
    co_await sleep(1ms);
    put(pipe.out, "x");
    co_await t;
    EXPECT_TRUE(pipe.in.ready_hint(interest::read));
    EXPECT_EQ(attempt().bytes, 1U);
}

CO_TEST_ON_1(async_fd, a_failing_call_may_be_made_again) {
    async_pipe pipe;
    put(pipe.out, "x");
    sys::fault_plan plan;
    plan.fail(sys::call::read, 1, EIO);
    EXPECT_EQ(code_of((co_await as_result(read(pipe.in))).error()), std::errc::io_error);
    EXPECT_EQ(co_await read(pipe.in), "x");
}

CO_TEST_ON_1(async_fd, a_call_that_a_test_shortens_is_made_again) {
    async_pipe pipe;
    put(pipe.out, "one");
    sys::fault_plan plan;
    plan.shorten(sys::call::read, 1, 1, 2);
    EXPECT_EQ(co_await read(pipe.in), "o");
    EXPECT_EQ(co_await read(pipe.in), "n");
    EXPECT_EQ(co_await read(pipe.in), "e");
}

CO_TEST(async_fd, a_cancel_ends_the_wait_and_the_next_one_works) {
    async_pipe pipe;
    auto t = create_task(read(pipe.in));
    co_await sleep(1ms);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    auto again = create_task(read(pipe.in));
    co_await sleep(1ms);
    put(pipe.out, "x");
    EXPECT_EQ(co_await again, "x");
}

CO_TEST(async_fd, a_close_ends_the_wait) {
    async_pipe pipe;
    pipe.fill();
    auto writer = create_task(write(pipe.out, "x"));
    co_await sleep(1ms);
    EXPECT_FALSE(pipe.out.close());
    EXPECT_EQ(code_of((co_await as_result(writer)).error()), std::errc::bad_file_descriptor);
    EXPECT_EQ(pipe.out.get(), -1);
    EXPECT_EQ(code_of((co_await as_result(write(pipe.out, "x"))).error()),
              std::errc::bad_file_descriptor);
    EXPECT_FALSE(pipe.out.close());
}

CO_TEST(async_fd, another_thread_may_close_it) {
    async_pipe pipe;
    auto t = create_task(read(pipe.in));
    co_await sleep(1ms);
    std::thread other([&] { (void)pipe.in.close(); });
    EXPECT_EQ(code_of((co_await as_result(t)).error()), std::errc::bad_file_descriptor);
    other.join();
}

CO_TEST(async_fd, a_second_user_of_a_direction_is_refused) {
    async_pipe pipe;
    auto first = create_task(read(pipe.in));
    co_await sleep(1ms);
    EXPECT_EQ(code_of((co_await as_result(read(pipe.in))).error()),
              std::errc::device_or_resource_busy);
    const outcome<void> waits = co_await as_result(
        [](async_fd& in) -> coro<> { co_await in.ready(interest::read, "x"); }(pipe.in));
    EXPECT_EQ(code_of(waits.error()), std::errc::device_or_resource_busy);
    put(pipe.out, "x");
    EXPECT_EQ(co_await first, "x");
}

CO_TEST_ON_1(async_fd, an_epoll_without_room_is_an_error_of_the_wait) {
    async_pipe pipe;
    sys::fault_plan plan;
    plan.fail(sys::call::epoll_ctl, 1, ENOSPC);
    EXPECT_EQ(code_of((co_await as_result(read(pipe.in))).error()), std::errc::no_space_on_device);
}

CO_TEST(async_fd, a_regular_file_never_waits) {
    async_fd file(owned_fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
    EXPECT_EQ((co_await read(file, 4)).substr(1), "ELF");
    EXPECT_EQ((co_await read(file, 4)).size(), 4U);
}

CO_TEST(async_fd, none_is_refused) {
    async_fd none;
    EXPECT_EQ(none.get(), -1);
    EXPECT_FALSE(none.close());
    EXPECT_FALSE(none.release());
    EXPECT_EQ(code_of((co_await as_result(read(none))).error()), std::errc::bad_file_descriptor);
}

CO_TEST(async_fd, it_is_moved_and_given_away) {
    async_pipe pipe;
    const int number = pipe.in.get();
    async_fd moved(std::move(pipe.in));
    EXPECT_EQ(moved.get(), number);
    async_pipe other;
    other.in = std::move(moved);
    EXPECT_EQ(other.in.get(), number);
    (void)co_await as_result(wait_for(read(other.in), 1ms)); // registered
    const owned_fd given = other.in.release();
    EXPECT_EQ(given.get(), number);
    EXPECT_EQ(other.in.get(), -1);
    EXPECT_NE(::fcntl(number, F_GETFD), -1);
    async_fd again(owned_fd(::dup(number)));
    put(pipe.out, "x");
    EXPECT_EQ(co_await read(again), "x");
}

CO_TEST(async_fd, who_waits_says_for_what) {
    async_pipe pipe;
    auto t = create_task(read(pipe.in));
    co_await sleep(1ms);
    EXPECT_NE(to_string(capture_await_chain(t))
                  .find("input on descriptor " + std::to_string(pipe.in.get())),
              std::string::npos);
    t.cancel();
    (void)co_await as_result(t);
}

struct at_end {
    explicit at_end(std::function<void()> what) : what(std::move(what)) {}
    at_end(const at_end&) = delete;
    at_end& operator=(const at_end&) = delete;
    ~at_end() { what(); }
    std::function<void()> what;
};

/// A pipe that says at its end what is still in it.
struct counted_pipe {
    explicit counted_pipe(std::string& rest) : rest(rest) {}
    ~counted_pipe() {
        rest.assign(8, '\0');
        rest.resize(sys::read(ends.in.get(), std::as_writable_bytes(std::span(rest))).bytes);
    }
    counted_pipe(const counted_pipe&) = delete;
    counted_pipe& operator=(const counted_pipe&) = delete;

    async_pipe ends;
    std::string& rest;
};

TEST(async_fd, a_cancel_anywhere_loses_nothing) {
    std::string sent;
    std::string got;
    std::string rest;
    const auto program = [](std::shared_ptr<counted_pipe> pipe, std::string& sent,
                            std::string& got) -> coro<> {
        (void)create_task([](std::shared_ptr<counted_pipe> to, std::string& sent) -> coro<> {
            const at_end close([&] { (void)to->ends.out.close(); });
            for (const char* each : {"a", "bc", "d"}) {
                co_await sleep(1ms);
                put(to->ends.out, each);
                sent += each;
            }
        }(pipe, sent));
        for (;;) {
            const std::string more = co_await read(pipe->ends.in, 1);
            if (more.empty()) {
                co_return;
            }
            got += more;
        }
    };
    const std::size_t points = cancel_everywhere(
        [&] {
            sent.clear();
            got.clear();
            return program(std::make_shared<counted_pipe>(rest), sent, got);
        },
        [&] { return got + rest == sent; });
    EXPECT_GT(points, 5U);
}

} // namespace
} // namespace eddy
