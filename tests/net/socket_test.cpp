// socket_test.cpp — sockets whose calls are awaited.
//
// Covers:    receiving, sending, files, connecting, accepting, datagrams, names, options, closing;
//            refused and reset connections, short and interrupted calls; cancels.
// Threads:   a sys::fault_plan may not come or go while other threads make calls: on one worker.
// Not here:  EMFILE and its like in a server -> server_test.cpp.

#include "support/net.hpp"
#include <eddy/base/fault_plan.hpp>
#include <eddy/testing/cancel_everywhere.hpp>
#include <eddy/testing/co_test.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;
using test_support::bytes_of;
using test_support::code_of;
using test_support::listening_socket;
using test_support::tcp_pair;

constexpr std::size_t mebibyte = 1UL << 20U;

/// Bytes that tell where they are.
std::string pattern(std::size_t bytes) {
    std::string out(bytes, '\0');
    for (std::size_t i = 0; i != bytes; ++i) {
        out[i] = static_cast<char>((i * 7 + i / 251) & 0x7f);
    }
    return out;
}

coro<std::string> receive_all(socket& from, std::size_t at_a_time = 65536) {
    std::string out;
    for (;;) {
        const std::string more = co_await from.recv(at_a_time);
        if (more.empty()) {
            co_return out;
        }
        out += more;
    }
}

coro<> send_and_close(socket& to, std::string text) {
    co_await to.sendall(text);
    to.close();
}

// -- receiving and sending --

CO_TEST_ON_1(socket, bytes_that_are_there_cost_one_call) {
    auto [near, far] = socket::pair();
    co_await near.sendall("hello");
    const sys::fault_plan plan;
    EXPECT_EQ(co_await far.recv(64), "hello");
    EXPECT_EQ(plan.calls(sys::call::recv), 1U);
    EXPECT_EQ(plan.calls(sys::call::epoll_ctl), 0U);
}

CO_TEST(socket, bytes_that_are_not_there_are_waited_for) {
    auto [near, far] = co_await tcp_pair();
    std::array<std::byte, 8> room{};
    auto t = create_task([](socket& from, std::span<std::byte> into) -> coro<std::size_t> {
        co_return co_await from.recv_into(into);
    }(far, room));
    co_await sleep(1s);
    EXPECT_FALSE(t.done());
    co_await near.sendall("abc");
    EXPECT_EQ(co_await t, 3U);
    EXPECT_EQ(room[2], std::byte{'c'});
}

CO_TEST_ON_1(socket, an_answer_costs_two_calls) {
    auto [near, far] = co_await tcp_pair();
    auto t = create_task([](socket& to) -> coro<> {
        for (int i = 0; i != 5; ++i) {
            co_await to.sendall(co_await to.recv(64));
        }
    }(far));
    co_await sleep(1ms);
    const sys::fault_plan plan;
    for (int i = 0; i != 5; ++i) {
        co_await near.sendall("x");
        EXPECT_EQ(co_await near.recv(64), "x");
    }
    co_await t;
    EXPECT_LE(plan.calls(sys::call::recv),
              10U + 1U); // one that finds nothing before the first wait
    EXPECT_EQ(plan.calls(sys::call::send), 10U);
    EXPECT_LE(plan.calls(sys::call::epoll_ctl), 6U); // one each, and perhaps a move each
}

CO_TEST(socket, more_than_the_kernel_keeps_comes_whole) {
    auto [near, far] = co_await tcp_pair();
    const std::string sent = pattern(4 * mebibyte);
    auto t = create_task(send_and_close(near, sent));
    EXPECT_TRUE(co_await receive_all(far) == sent);
    co_await t;
}

CO_TEST_ON_1(socket, calls_that_move_one_byte_lose_none) {
    auto [near, far] = socket::pair();
    const std::string sent = pattern(300);
    sys::fault_plan plan;
    plan.shorten(sys::call::send, 1, 1, 1000);
    plan.shorten(sys::call::recv, 1, 1, 1000);
    auto t = create_task(send_and_close(near, sent));
    EXPECT_EQ(co_await receive_all(far), sent);
    co_await t;
    EXPECT_GE(plan.calls(sys::call::send), 300U);
}

CO_TEST_ON_1(socket, interrupted_calls_are_not_seen) {
    auto [near, far] = socket::pair();
    sys::fault_plan plan;
    for (std::size_t i = 1; i < 60; i += 2) {
        plan.fail(sys::call::send, i, EINTR);
        plan.fail(sys::call::recv, i, EINTR);
    }
    for (int i = 0; i != 10; ++i) {
        co_await near.sendall("x");
        EXPECT_EQ(co_await far.recv(64), "x");
    }
}

CO_TEST(socket, a_peer_that_sends_a_byte_at_a_time_is_understood) {
    auto [near, far] = co_await tcp_pair();
    auto t = create_task(receive_all(far));
    for (const char c : std::string("slowly")) {
        co_await near.sendall(std::string_view(&c, 1));
        co_await sleep(1s);
    }
    near.close();
    EXPECT_EQ(co_await t, "slowly");
}

CO_TEST(socket, half_a_connection_is_closed_and_the_other_half_goes_on) {
    auto [near, far] = co_await tcp_pair();
    co_await near.sendall("question");
    near.shutdown(shut::writing);
    EXPECT_EQ(co_await receive_all(far), "question");
    EXPECT_EQ(co_await far.recv(64), "");
    co_await far.sendall("answer");
    far.close();
    EXPECT_EQ(co_await receive_all(near), "answer");
}

// The end comes together with the bytes, in one event.
CO_TEST(socket, an_end_that_comes_with_the_last_bytes_is_seen) {
    for (int i = 0; i != 20; ++i) {
        auto [near, far] = co_await tcp_pair();
        auto t = create_task(receive_all(far));
        co_await sleep(1ms);
        co_await near.sendall("last");
        near.close();
        EXPECT_EQ(co_await t, "last");
    }
}

CO_TEST(socket, a_reset_is_an_error_of_who_reads_and_who_writes) {
    auto [near, far] = co_await tcp_pair();
    auto t = create_task(receive_all(far));
    co_await sleep(1ms);
    test_support::reset_at_close(near);
    EXPECT_EQ(code_of((co_await as_result(t)).error()), std::errc::connection_reset);
    EXPECT_EQ(code_of((co_await as_result(far.sendall("x"))).error()), std::errc::broken_pipe);
}

CO_TEST(socket, who_sends_to_nobody_gets_a_broken_pipe) {
    auto [near, far] = socket::pair();
    far.close();
    EXPECT_EQ(code_of((co_await as_result(near.sendall("x"))).error()), std::errc::broken_pipe);
}

CO_TEST(socket, a_part_of_a_file_is_sent) {
    auto [near, far] = co_await tcp_pair();
    std::array<char, 20> name{"/tmp/eddy_XXXXXX"};
    const owned_fd file(::mkstemp(name.data()));
    sys::unlink(name.data());
    const std::string content = pattern(3 * mebibyte);
    CO_ASSERT_EQ(sys::write(file.get(), bytes_of(content)).bytes, content.size());
    auto t = create_task([](socket& to, int from) -> coro<std::size_t> {
        const std::size_t sent = co_await to.sendfile(from, 1000, 10 * mebibyte);
        to.close();
        co_return sent;
    }(near, file.get()));
    EXPECT_TRUE(co_await receive_all(far) == content.substr(1000));
    EXPECT_EQ(co_await t, content.size() - 1000);
}

// -- closing and cancelling --

CO_TEST(socket, closing_ends_who_receives_and_who_sends) {
    auto [near, far] = socket::pair();
    const std::string much = pattern(4 * mebibyte);
    auto reader = create_task(near.recv(64));
    auto writer = create_task(near.sendall(much));
    co_await sleep(1ms);
    near.close();
    EXPECT_EQ(code_of((co_await as_result(reader)).error()), std::errc::bad_file_descriptor);
    EXPECT_EQ(code_of((co_await as_result(writer)).error()), std::errc::bad_file_descriptor);
    EXPECT_EQ(near.fd(), -1);
    EXPECT_FALSE(near);
    EXPECT_FALSE((co_await receive_all(far)).empty()); // and then the end
}

CO_TEST(socket, closing_ends_who_accepts_and_who_connects) {
    socket server = listening_socket();
    auto t = create_task(server.accept());
    co_await sleep(1ms);
    std::thread other([&] { server.close(); });
    EXPECT_EQ(code_of((co_await as_result(t)).error()), std::errc::bad_file_descriptor);
    other.join();
}

CO_TEST(socket, an_error_says_so_if_there_is_no_address) {
    const auto text_of = [](const std::exception_ptr& error) -> std::string {
        try {
            std::rethrow_exception(error);
        } catch (const std::system_error& known) {
            return known.what();
        }
    };
    std::string made;
    try {
        (void)socket::stream(socket_address());
    } catch (...) {
        made = text_of(std::current_exception());
    }
    EXPECT_TRUE(made.starts_with("socket for no address: ")) << made;
    socket one = socket::stream(socket_address("127.0.0.1", 0));
    const outcome<void> connected = co_await as_result(one.connect(socket_address()));
    EXPECT_TRUE(text_of(connected.error()).starts_with("connect to no address: "));
}

CO_TEST(socket, a_second_reader_is_refused) {
    auto [near, far] = socket::pair();
    auto first = create_task(near.recv(64));
    co_await sleep(1ms);
    EXPECT_EQ(code_of((co_await as_result(near.recv(64))).error()),
              std::errc::device_or_resource_busy);
    co_await near.sendall("both directions at once");
    co_await far.sendall("x");
    EXPECT_EQ(co_await first, "x");
}

/// Two connected sockets that say at their end what is still between them.
struct counted_pair {
    explicit counted_pair(std::string& rest) : rest(rest) {}
    ~counted_pair() {
        rest.assign(16, '\0');
        rest.resize(sys::recv(ends.second.fd(), std::as_writable_bytes(std::span(rest))).bytes);
    }
    counted_pair(const counted_pair&) = delete;
    counted_pair& operator=(const counted_pair&) = delete;

    std::pair<socket, socket> ends = socket::pair();
    std::string& rest;
};

TEST(socket, a_cancel_anywhere_loses_no_byte_and_doubles_none) {
    std::string got;
    std::string rest;
    const auto program = [](std::shared_ptr<counted_pair> pair, std::string& got) -> coro<> {
        (void)create_task([](std::shared_ptr<counted_pair> pair) -> coro<> {
            const std::unique_ptr<socket, void (*)(socket*)> end(
                &pair->ends.first, [](socket* to) { to->shutdown(shut::writing); });
            for (const char* each : {"a", "bc", "def"}) {
                co_await pair->ends.first.sendall(each);
                co_await sleep(1ms);
            }
        }(pair));
        for (;;) {
            const std::string more = co_await pair->ends.second.recv(2);
            if (more.empty()) {
                co_return;
            }
            got += more;
        }
    };
    const std::size_t points = cancel_everywhere(
        [&] {
            got.clear();
            return program(std::make_shared<counted_pair>(rest), got);
        },
        [&] { return std::string("abcdef").starts_with(got + rest); });
    EXPECT_GT(points, 5U);
}

// -- connections --

CO_TEST(socket, who_connects_and_who_accepts_know_each_other) {
    socket server = listening_socket();
    socket near = socket::stream(server.local_address());
    auto t = create_task(server.accept());
    co_await near.connect(server.local_address());
    const accepted far = co_await std::move(t);
    EXPECT_EQ(far.peer, near.local_address());
    EXPECT_EQ(far.connection.peer_address(), near.local_address());
    EXPECT_EQ(near.peer_address(), server.local_address());
    EXPECT_NE(::fcntl(far.connection.fd(), F_GETFD) & FD_CLOEXEC, 0);
}

CO_TEST(socket, a_refused_connection_names_the_address) {
    socket_address at;
    {
        socket server = listening_socket();
        at = server.local_address();
    }
    socket near = socket::stream(at);
    const outcome<void> result = co_await as_result(near.connect(at));
    EXPECT_EQ(code_of(result.error()), std::errc::connection_refused);
    EXPECT_NE(describe(result.error()).find(at.str()), std::string::npos);
}

CO_TEST_ON_1(socket, a_connect_that_is_interrupted_goes_on) {
    socket server = listening_socket();
    const socket_address at = server.local_address();
    sys::fault_plan plan;
    plan.fail(sys::call::connect, 1, EINPROGRESS); // as a peer that is far away and never answers
    socket near = socket::stream(at);
    EXPECT_TRUE((co_await as_result(wait_for(near.connect(at), 1s))).holds<timeout_error>());
}

CO_TEST_ON_1(socket, a_connect_fails_as_the_kernel_says_later) {
    const socket_address at("127.0.0.1", 1);
    for (const int each : {ETIMEDOUT, ENETUNREACH, ECONNRESET}) {
        sys::fault_plan plan;
        plan.fail(sys::call::connect, 1, each);
        socket near = socket::stream(at);
        EXPECT_EQ(code_of((co_await as_result(near.connect(at))).error()).value(), each);
    }
}

CO_TEST(socket, a_local_connect_waits_while_the_backlog_is_full) {
    const socket_address at =
        socket_address::local('\0' + ("eddy-backlog-" + std::to_string(::getpid())));
    socket server = socket::stream(at);
    server.bind(at);
    server.listen(0);
    std::vector<socket> clients;
    std::vector<task<>> tasks;
    for (int i = 0; i != 4; ++i) {
        clients.push_back(socket::stream(at));
    }
    for (socket& each : clients) {
        tasks.push_back(create_task(each.connect(at)));
    }
    co_await sleep(1s);
    for (int i = 0; i != 4; ++i) {
        (void)co_await server.accept();
    }
    for (task<>& each : tasks) {
        co_await each;
    }
}

CO_TEST_ON_1(socket, errors_of_accept_are_those_of_the_kernel) {
    socket server = listening_socket();
    socket near = socket::stream(server.local_address());
    co_await near.connect(server.local_address());
    {
        sys::fault_plan plan;
        plan.fail(sys::call::accept4, 1, EMFILE);
        plan.fail(sys::call::accept4, 2, ECONNABORTED);
        EXPECT_EQ(code_of((co_await as_result(server.accept())).error()),
                  std::errc::too_many_files_open);
        EXPECT_EQ(code_of((co_await as_result(server.accept())).error()),
                  std::errc::connection_aborted);
    }
    EXPECT_EQ((co_await server.accept()).peer, near.local_address());
}

CO_TEST_ON_1(socket, no_descriptors_left_is_an_error_that_names_the_address) {
    sys::fault_plan plan;
    plan.fail(sys::call::socket, 1, EMFILE, 2);
    plan.fail(sys::call::socketpair, 1, ENFILE);
    const auto fails = [](auto make) {
        try {
            make();
        } catch (const std::system_error& error) {
            return std::string(error.what());
        }
        return std::string("no error");
    };
    const socket_address at("127.0.0.1", 80);
    EXPECT_NE(fails([&] { (void)socket::stream(at); }).find(at.str()), std::string::npos);
    EXPECT_NE(fails([&] { (void)socket::datagrams(at); }).find(at.str()), std::string::npos);
    EXPECT_NE(fails([&] { (void)socket::pair(); }).find("socketpair"), std::string::npos);
    co_return;
}

// -- datagrams --

CO_TEST(socket, datagrams_come_whole_with_their_sender) {
    const socket_address any("127.0.0.1", 0);
    socket one = socket::datagrams(any);
    socket other = socket::datagrams(any);
    one.bind(any);
    other.bind(any);
    std::array<std::byte, 5> room{};
    auto t = create_task(other.recvfrom(room));
    co_await sleep(1ms);
    co_await one.sendto(bytes_of("hello"), other.local_address());
    const datagram got = co_await t;
    EXPECT_EQ(got.bytes, 5U);
    EXPECT_FALSE(got.truncated);
    EXPECT_EQ(got.from, one.local_address());
    co_await one.sendto(bytes_of("longer than five"), other.local_address());
    co_await one.sendto(bytes_of("next"), other.local_address());
    EXPECT_TRUE((co_await other.recvfrom(room)).truncated);
    EXPECT_EQ((co_await other.recvfrom(room)).bytes, 4U); // a short one is not the last one
    co_await one.sendto(bytes_of(""), other.local_address());
    EXPECT_EQ((co_await other.recvfrom(room)).bytes, 0U);
    const std::string much(70'000, 'x');
    EXPECT_EQ(
        code_of((co_await as_result(one.sendto(bytes_of(much), other.local_address()))).error()),
        std::errc::message_size);
}

// -- names and options --

CO_TEST(socket, an_address_in_use_is_named) {
    socket server = listening_socket();
    const socket_address at = server.local_address();
    socket second = socket::stream(at);
    try {
        second.bind(at);
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::address_in_use);
        EXPECT_NE(std::string(error.what()).find(at.str()), std::string::npos);
    }
    EXPECT_THROW((void)second.peer_address(), std::system_error);
    EXPECT_THROW(second.shutdown(shut::both), std::system_error);
    co_return;
}

CO_TEST(socket, options_are_set_where_there_are_such) {
    auto [near, far] = co_await tcp_pair();
    near.set_no_delay(toggle::on);
    EXPECT_EQ(near.option({.level = IPPROTO_TCP, .name = TCP_NODELAY}), 1);
    near.set_no_delay(toggle::off);
    EXPECT_EQ(near.option({.level = IPPROTO_TCP, .name = TCP_NODELAY}), 0);
    near.set_keep_alive(keep_alive{.idle = 7s, .interval = 5s, .probes = 3});
    EXPECT_EQ(near.option({.level = SOL_SOCKET, .name = SO_KEEPALIVE}), 1);
    EXPECT_EQ(near.option({.level = IPPROTO_TCP, .name = TCP_KEEPIDLE}), 7);
    EXPECT_EQ(near.option({.level = IPPROTO_TCP, .name = TCP_KEEPINTVL}), 5);
    EXPECT_EQ(near.option({.level = IPPROTO_TCP, .name = TCP_KEEPCNT}), 3);
    near.set_keep_alive(std::nullopt);
    EXPECT_EQ(near.option({.level = SOL_SOCKET, .name = SO_KEEPALIVE}), 0);
    EXPECT_THROW(near.set_option({.level = SOL_SOCKET, .name = -1}, 1), std::system_error);
    EXPECT_THROW((void)near.option({.level = SOL_SOCKET, .name = -1}), std::system_error);
    auto [local, other] = socket::pair();
    local.set_no_delay(toggle::on);
    local.set_keep_alive(keep_alive{});
}

// -- descriptors --

CO_TEST(socket, a_descriptor_is_adopted_and_given_away) {
    std::array<int, 2> ends{};
    CO_ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    socket near = socket::adopt(owned_fd(ends[0]));
    socket far = socket::adopt(owned_fd(ends[1]));
    EXPECT_EQ(near.fd(), ends[0]);
    EXPECT_NE(::fcntl(near.fd(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(near.descriptor().get(), near.fd());
    EXPECT_EQ(std::as_const(near).descriptor().get(), near.fd());
    auto t = create_task(near.recv(64));
    co_await sleep(1ms);
    co_await far.sendall("x");
    EXPECT_EQ(co_await t, "x");
    socket again = socket::adopt(near.detach());
    EXPECT_FALSE(near);
    EXPECT_EQ(again.fd(), ends[0]);
    co_await far.sendall("y");
    EXPECT_EQ(co_await again.recv(64), "y");
    EXPECT_THROW((void)socket::adopt(owned_fd()), std::system_error);
}

CO_TEST(socket, none_is_refused) {
    socket none;
    EXPECT_FALSE(none);
    none.close();
    try {
        (void)co_await none.recv(1);
    } catch (const std::system_error& error) {
        EXPECT_EQ(std::string(error.what()), "recv: Bad file descriptor");
    }
    EXPECT_EQ(code_of((co_await as_result(none.recv(1))).error()), std::errc::bad_file_descriptor);
    EXPECT_EQ(code_of((co_await as_result(none.connect(socket_address("127.0.0.1", 1)))).error()),
              std::errc::bad_file_descriptor);
}

// A number that was closed is another connection's at once.
CO_TEST(socket, a_number_that_is_used_again_hears_nothing_of_before) {
    for (int i = 0; i != 50; ++i) {
        auto [near, far] = socket::pair();
        auto t = create_task(near.recv(64));
        co_await sleep(1ms);
        co_await far.sendall("old");
        near.close();
        (void)co_await as_result(t);
        auto [fresh, other] = socket::pair();
        EXPECT_TRUE((co_await as_result(wait_for(fresh.recv(64), 1ms))).holds<timeout_error>());
        co_await other.sendall("new");
        EXPECT_EQ(co_await fresh.recv(64), "new");
    }
}

} // namespace
} // namespace eddy
