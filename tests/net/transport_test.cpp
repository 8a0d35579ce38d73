// transport_test.cpp — what carries a stream: a socket, and what another program brings.
//
// Covers:    each function of socket_transport; the defaults of transport.
// Threads:   a sys::fault_plan may not come or go while other threads make calls: on one worker.
// Not here:  streams over it -> stream_test.cpp.

#include "support/net.hpp"
#include <eddy/net/transport.hpp>
#include <eddy/testing/co_test.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;
using test_support::bytes_of;
using test_support::code_of;

struct carried {
    carried() : carried(socket::pair()) {}
    explicit carried(std::pair<socket, socket> ends)
        : near(std::move(ends.first)), far(std::move(ends.second)) {}

    socket_transport near;
    socket far;
};

coro<> until_ready(transport& over, interest what) {
    co_await over.ready(what);
}

CO_TEST(transport, it_tries_and_waits_for_input) {
    carried both;
    std::array<std::byte, 8> room{};
    EXPECT_TRUE(both.near.try_read(room).would_block());
    EXPECT_FALSE(both.near.ready_hint(interest::read));
    auto t = create_task(until_ready(both.near, interest::read));
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    co_await both.far.sendall("abc");
    co_await t;
    EXPECT_TRUE(both.near.ready_hint(interest::read));
    EXPECT_EQ(both.near.try_read(room).bytes, 3U);
}

CO_TEST(transport, it_tries_and_waits_for_room) {
    carried both;
    const std::string block(4096, 'x');
    std::size_t sent = 0;
    while (!both.near.try_write(bytes_of(block)).would_block()) {
        ++sent;
    }
    EXPECT_FALSE(both.near.ready_hint(interest::write));
    auto t = create_task(until_ready(both.near, interest::write));
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    while (!t.done()) {
        (void)co_await both.far.recv(65536);
        co_await sleep(1ms);
    }
    EXPECT_GT(sent, 0U);
}

CO_TEST_ON_1(transport, pieces_go_in_one_call) {
    carried both;
    const std::vector<std::span<const std::byte>> pieces{bytes_of("one"), {}, bytes_of("two")};
    const sys::fault_plan plan;
    EXPECT_EQ(both.near.try_write(pieces).bytes, 6U);
    EXPECT_EQ(plan.calls(sys::call::send), 1U);
    EXPECT_EQ(co_await both.far.recv(64), "onetwo");
    EXPECT_EQ(both.near.try_write(std::span<const std::span<const std::byte>>()).bytes, 0U);
}

CO_TEST_ON_1(transport, the_peer_is_told_of_the_end) {
    carried both;
    EXPECT_FALSE(both.near.try_shutdown());
    EXPECT_EQ(co_await both.far.recv(64), "");
    co_await both.far.sendall("back");
    std::array<std::byte, 8> room{};
    EXPECT_EQ(both.near.try_read(room).bytes, 4U);
    sys::fault_plan plan;
    plan.fail(sys::call::shutdown, 1, ENOTCONN); // the peer was faster
    plan.fail(sys::call::shutdown, 2, ENOBUFS);
    EXPECT_FALSE(both.near.try_shutdown());
    EXPECT_EQ(both.near.try_shutdown(), std::errc::no_buffer_space);
}

CO_TEST_ON_1(transport, errors_are_results_and_a_closed_one_is_refused) {
    carried both;
    std::array<std::byte, 8> room{};
    {
        sys::fault_plan plan;
        plan.fail(sys::call::recv, 1, ECONNRESET);
        plan.fail(sys::call::send, 1, EPIPE);
        EXPECT_EQ(both.near.try_read(room).error, std::errc::connection_reset);
        EXPECT_EQ(both.near.try_write(bytes_of("x")).error, std::errc::broken_pipe);
    }
    both.near.close();
    EXPECT_THROW((void)both.near.try_read(room), std::system_error);
    EXPECT_THROW((void)both.near.try_write(bytes_of("x")), std::system_error);
    EXPECT_EQ(code_of((co_await as_result(until_ready(both.near, interest::read))).error()),
              std::errc::bad_file_descriptor);
}

CO_TEST(transport, it_knows_its_names) {
    auto [near, far] = co_await test_support::tcp_pair();
    const std::string mine = near.local_address().str();
    const std::string theirs = near.peer_address().str();
    socket_transport over(std::move(near));
    EXPECT_EQ(over.extra_info("sockname"), mine);
    EXPECT_EQ(over.extra_info("peername"), theirs);
    EXPECT_EQ(over.extra_info("cipher"), "");
    CO_ASSERT_NE(over.lowest(), nullptr);
    EXPECT_EQ(over.lowest()->local_address().str(), mine);
    over.close();
    EXPECT_EQ(over.extra_info("sockname"), "");
}

/// Another program's transport, with what it must have and no more.
struct plain_transport final : transport {
    sys::io_result try_read(std::span<std::byte>) override { return {}; }
    sys::io_result try_write(std::span<const std::byte> bytes) override {
        written += std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {.bytes = bytes.size(), .error = {}};
    }
    using transport::try_write;
    readiness_op ready(interest what) override { return none.ready(what, "plain"); }
    bool ready_hint(interest) const noexcept override { return true; }
    std::error_code try_shutdown() override { return {}; }
    void close() noexcept override {}

    async_fd none;
    std::string written;
};

TEST(transport, by_default_pieces_go_one_at_a_time_and_nothing_is_known) {
    plain_transport over;
    const std::vector<std::span<const std::byte>> pieces{{}, bytes_of("one"), bytes_of("two")};
    EXPECT_EQ(over.try_write(pieces).bytes, 3U);
    EXPECT_EQ(over.try_write(std::span(pieces).first(1)).bytes, 0U);
    EXPECT_EQ(over.written, "one");
    EXPECT_EQ(over.lowest(), nullptr);
    EXPECT_EQ(over.extra_info("peername"), "");
}

} // namespace
} // namespace eddy
