// stream_faults_test.cpp — streams over a network that does what it likes.
//
// Covers:    calls that move one byte, are interrupted, or fail; resets; peers that send a byte at
//            a time; transports of other programs; one end closed while the other is used.
// Threads:   a sys::fault_plan may not come or go while other threads make calls: on one worker.
// Not here:  what goes well -> stream_test.cpp.

#include "support/net.hpp"
#include <eddy/base/fault_plan.hpp>
#include <eddy/testing/co_test.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;
using test_support::code_of;

constexpr std::size_t mebibyte = 1UL << 20U;

struct connection {
    connection() : connection(socket::pair()) {}
    explicit connection(std::pair<socket, socket> ends)
        : near(open_stream(std::move(ends.first))), far(open_stream(std::move(ends.second))) {}

    stream_ends near;
    stream_ends far;
};

std::string numbers(int count) {
    std::string out;
    for (int i = 0; i != count; ++i) {
        out += std::to_string(i) + "\n";
    }
    return out;
}

CO_TEST_ON_1(stream_faults, calls_that_move_one_byte_lose_nothing) {
    connection both;
    const std::string sent = numbers(100);
    sys::fault_plan plan;
    plan.shorten(sys::call::send, 1, 1, 100'000);
    plan.shorten(sys::call::recv, 1, 1, 100'000);
    const std::vector<std::string> pieces{sent.substr(0, 50), sent.substr(50)};
    both.near.second.writelines(pieces);
    both.near.second.close();
    std::string got;
    for (;;) {
        const std::string line = co_await both.far.first.readline();
        if (line.empty()) {
            break;
        }
        got += line;
    }
    EXPECT_EQ(got, sent);
    EXPECT_GE(plan.calls(sys::call::recv), sent.size());
}

CO_TEST_ON_1(stream_faults, interrupted_calls_are_not_seen) {
    connection both;
    sys::fault_plan plan;
    for (std::size_t i = 1; i < 100; i += 2) {
        plan.fail(sys::call::send, i, EINTR);
        plan.fail(sys::call::recv, i, EINTR);
        plan.fail(sys::call::epoll_pwait2, i, EINTR);
    }
    for (int i = 0; i != 10; ++i) {
        both.near.second.write("x\n");
        EXPECT_EQ(co_await both.far.first.readline(), "x\n");
    }
}

CO_TEST_ON_1(stream_faults, a_failure_of_a_read_is_told_each_time_and_what_came_before_is_there) {
    connection both;
    both.near.second.write("par");
    EXPECT_EQ(co_await both.far.first.read(1), "p");
    both.near.second.write("t");
    sys::fault_plan plan;
    plan.fail(sys::call::recv, 1, ECONNRESET);
    for (int i = 0; i != 3; ++i) {
        EXPECT_EQ(code_of((co_await as_result(both.far.first.readline())).error()),
                  std::errc::connection_reset);
    }
    EXPECT_EQ(co_await both.far.first.readexactly(2), "ar");
    EXPECT_FALSE(both.far.first.at_eof());
}

CO_TEST_ON_1(stream_faults, a_failure_of_a_write_is_told_by_drain_and_wait_closed) {
    connection both;
    {
        sys::fault_plan plan;
        plan.fail(sys::call::send, 1, EPIPE);
        both.near.second.write("lost");
    }
    both.near.second.write("dropped");
    EXPECT_EQ(both.near.second.buffered(), 0U);
    for (int i = 0; i != 2; ++i) {
        EXPECT_EQ(code_of((co_await as_result(both.near.second.drain())).error()),
                  std::errc::broken_pipe);
    }
    both.near.second.close();
    EXPECT_EQ(code_of((co_await as_result(both.near.second.wait_closed())).error()),
              std::errc::broken_pipe);
    EXPECT_EQ(co_await both.far.first.read(), "");
}

CO_TEST_ON_1(stream_faults, a_failure_in_the_background_wakes_who_drains) {
    connection both;
    both.near.second.write(std::string(mebibyte, 'x'));
    auto t = create_task(both.near.second.drain());
    co_await sleep(1ms);
    {
        sys::fault_plan plan;
        plan.fail(sys::call::send, 1, ECONNRESET);
        while (!t.done()) {
            (void)co_await both.far.first.read(mebibyte);
            co_await sleep(1ms);
        }
    }
    EXPECT_EQ(code_of((co_await as_result(t)).error()), std::errc::connection_reset);
    EXPECT_EQ(both.near.second.buffered(), 0U);
    both.near.second.close();
    (void)co_await as_result(both.near.second.wait_closed());
}

CO_TEST(stream_faults, a_reset_reaches_both_ends_of_a_connection) {
    auto [one, other] = co_await test_support::tcp_pair();
    stream_ends near = open_stream(std::move(one));
    auto reader = create_task(near.first.readline());
    near.second.write(std::string(8 * mebibyte, 'x'));
    auto writer = create_task(near.second.drain());
    co_await sleep(1ms);
    EXPECT_FALSE(writer.done());
    test_support::reset_at_close(other);
    EXPECT_EQ(code_of((co_await as_result(reader)).error()), std::errc::connection_reset);
    const std::error_code written = code_of((co_await as_result(writer)).error());
    EXPECT_TRUE(written == std::errc::broken_pipe || written == std::errc::connection_reset)
        << written.message();
}

CO_TEST(stream_faults, a_peer_that_sends_a_byte_a_second_is_understood) {
    connection both;
    auto t = create_task(both.far.first.readline());
    for (const char c : std::string("slow\n")) {
        both.near.second.write(std::string_view(&c, 1));
        co_await sleep(1s);
    }
    EXPECT_EQ(co_await t, "slow\n");
}

CO_TEST(stream_faults, another_thread_may_close_while_a_task_reads) {
    connection both;
    auto t = create_task(both.near.first.readline());
    co_await sleep(1ms);
    std::thread other([&] { both.near.second.close(); });
    EXPECT_EQ(co_await t, "");
    other.join();
    EXPECT_EQ(co_await both.far.first.readline(), "");
}

CO_TEST(stream_faults, a_cancelled_program_drops_what_its_peer_does_not_take) {
    auto [one, other] = socket::pair();
    auto t = create_task([](socket mine) -> coro<> {
        auto [in, out] = open_stream(std::move(mine));
        out.write(std::string(mebibyte, 'x'));
        co_await out.drain();
    }(std::move(one)));
    co_await sleep(1ms);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    other.close(); // the flush that is left finds nobody
    co_await sleep(1ms);
}

CO_TEST(stream_faults, a_dropped_connection_does_not_wait_for_ever_for_a_peer_that_never_reads) {
    auto [one, other] = socket::pair();
    {
        auto ends = open_stream(std::move(one));
        ends.second.write(std::string(mebibyte, 'x'));
    }
    co_await sleep(1h);
    std::size_t got = 0;
    for (;;) {
        const std::string more = co_await other.recv(65536);
        if (more.empty()) {
            break;
        }
        got += more.size();
    }
    EXPECT_GT(got, 0U);
    EXPECT_LT(got, mebibyte);
}

CO_TEST(stream_faults, a_connection_that_somebody_holds_waits_for_its_peer) {
    connection both;
    both.near.second.write(std::string(mebibyte, 'x'));
    co_await sleep(1h);
    both.near.second.close();
    EXPECT_EQ((co_await both.far.first.read()).size(), mebibyte);
}

CO_TEST_ON_1(stream_faults, no_room_in_epoll_is_an_error_of_who_waits) {
    connection both;
    sys::fault_plan plan;
    plan.fail(sys::call::epoll_ctl, 1, ENOSPC);
    EXPECT_EQ(code_of((co_await as_result(both.far.first.readline())).error()),
              std::errc::no_space_on_device);
    both.near.second.write("x\n");
    EXPECT_EQ(co_await both.far.first.readline(), "x\n");
}

/// Takes one byte at a time, and has each one followed by EAGAIN, as a transport above another one.
class reluctant_transport final : public transport {
public:
    explicit reluctant_transport(socket over) : below_(std::move(over)) {}

    sys::io_result try_read(std::span<std::byte> into) override {
        return below_.try_read(into.first(std::min<std::size_t>(into.size(), 1)));
    }
    sys::io_result try_write(std::span<const std::byte> bytes) override {
        refuses_ = !refuses_;
        if (refuses_) {
            return {.bytes = 0,
                    .error = std::make_error_code(std::errc::resource_unavailable_try_again)};
        }
        return below_.try_write(bytes.first(1));
    }
    using transport::try_write;
    readiness_op ready(interest what) override { return below_.ready(what); }
    bool ready_hint(interest what) const noexcept override { return below_.ready_hint(what); }
    std::error_code try_shutdown() override { return below_.try_shutdown(); }
    void close() noexcept override { below_.close(); }

private:
    socket_transport below_;
    bool refuses_ = false;
};

CO_TEST(stream_faults, a_transport_may_refuse_although_there_is_room) {
    auto [one, other] = socket::pair();
    auto near = open_stream(std::make_unique<reluctant_transport>(std::move(one)));
    auto far = open_stream(std::make_unique<reluctant_transport>(std::move(other)));
    const std::string sent = numbers(50);
    near.second.write(sent);
    near.second.write_eof();
    EXPECT_EQ(co_await far.first.read(), sent);
}

} // namespace
} // namespace eddy
