// syscall_socket_test.cpp — the calls on sockets, those that fail and those that move less.
//
// Covers:    every wrapper once for real; interrupted, short and failing calls; SIGPIPE.

#include <eddy/base/fault_plan.hpp>
#include <eddy/base/syscall_socket.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

namespace sys = eddy::sys;
using sys::call;
using sys::fault_plan;

struct scoped_fd {
    explicit scoped_fd(int fd) : fd(fd) {}
    ~scoped_fd() { close(); }
    scoped_fd(const scoped_fd&) = delete;
    scoped_fd& operator=(const scoped_fd&) = delete;
    void close() {
        if (fd >= 0) {
            sys::close(fd);
            fd = -1;
        }
    }
    int fd;
};

struct pair_of_sockets {
    explicit pair_of_sockets(int type = SOCK_STREAM)
        : pair_of_sockets(sys::socketpair(AF_UNIX, type)) {}
    explicit pair_of_sockets(const sys::fd_pair& made) : near(made.fds[0]), far(made.fds[1]) {
        EXPECT_FALSE(made.error);
    }
    scoped_fd near;
    scoped_fd far;
};

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::string receive(int fd, std::size_t bytes_max = 64) {
    std::string out(bytes_max, '\0');
    const sys::io_result got = sys::recv(fd, std::as_writable_bytes(std::span(out)));
    return got.error ? got.error.message() : out.substr(0, got.bytes);
}

/// 127.0.0.1 and a port of the kernel's choice.
sockaddr_in loopback() {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
}

struct listening {
    listening() : fd(sys::socket(AF_INET, SOCK_STREAM, 0).fd) {
        const sockaddr_in any = loopback();
        EXPECT_FALSE(sys::bind(fd.fd, std::as_bytes(std::span(&any, 1))));
        EXPECT_FALSE(sys::listen(fd.fd, 8));
        bytes = sys::getsockname(fd.fd, address).bytes;
    }
    [[nodiscard]] std::span<const std::byte> where() const {
        return std::span(address).first(bytes);
    }

    scoped_fd fd;
    std::array<std::byte, 128> address{};
    std::size_t bytes = 0;
};

TEST(syscall_socket, a_socket_is_not_inherited_and_does_not_block) {
    const scoped_fd made(sys::socket(AF_INET, SOCK_STREAM, 0).fd);
    EXPECT_NE(::fcntl(made.fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(made.fd, F_GETFL) & O_NONBLOCK, 0);
    const pair_of_sockets both;
    EXPECT_NE(::fcntl(both.far.fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(both.far.fd, F_GETFL) & O_NONBLOCK, 0);
}

TEST(syscall_socket, a_connection_is_made_accepted_and_named) {
    const listening server;
    const scoped_fd client(sys::socket(AF_INET, SOCK_STREAM, 0).fd);
    const std::error_code begun = sys::connect(client.fd, server.where());
    EXPECT_TRUE(!begun || begun == std::errc::operation_in_progress);
    std::array<std::byte, 128> peer{};
    std::size_t peer_bytes = 0;
    const sys::fd_result accepted = sys::accept4(server.fd.fd, peer, peer_bytes);
    ASSERT_FALSE(accepted.error);
    const scoped_fd far(accepted.fd);
    EXPECT_NE(::fcntl(far.fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(far.fd, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(peer_bytes, sizeof(sockaddr_in));
    std::array<std::byte, 128> name{};
    EXPECT_EQ(sys::getsockname(client.fd, name).bytes, peer_bytes);
    EXPECT_EQ(name, peer);
    std::array<std::byte, 128> server_name{};
    EXPECT_EQ(sys::getpeername(client.fd, server_name).bytes, server.bytes);
    EXPECT_EQ(server_name, server.address);
    EXPECT_TRUE(sys::accept4(server.fd.fd, peer, peer_bytes).would_block());
}

TEST(syscall_socket, a_name_that_does_not_fit_is_cut) {
    const listening server;
    std::array<std::byte, 4> little{};
    EXPECT_EQ(sys::getsockname(server.fd.fd, little).bytes, little.size());
}

TEST(syscall_socket, bytes_come_as_they_were_sent_in_one_piece_or_several) {
    const pair_of_sockets both;
    EXPECT_EQ(sys::send(both.near.fd, bytes_of("one")).bytes, 3U);
    std::string two = "two";
    std::string three = "three";
    const std::array<iovec, 2> pieces{iovec{.iov_base = two.data(), .iov_len = two.size()},
                                      iovec{.iov_base = three.data(), .iov_len = three.size()}};
    EXPECT_EQ(sys::send(both.near.fd, std::span<const iovec>(pieces)).bytes, 8U);
    EXPECT_EQ(receive(both.far.fd), "onetwothree");
    std::array<std::byte, 1> room{};
    EXPECT_TRUE(sys::recv(both.far.fd, room).would_block());
}

TEST(syscall_socket, an_interrupt_is_never_seen) {
    const pair_of_sockets both;
    const listening server;
    fault_plan plan;
    for (const call each : {call::send, call::recv, call::accept4}) {
        plan.fail(each, 1, EINTR, 3);
    }
    EXPECT_EQ(sys::send(both.near.fd, bytes_of("x")).bytes, 1U);
    EXPECT_EQ(receive(both.far.fd), "x");
    std::array<std::byte, 128> peer{};
    std::size_t bytes = 0;
    EXPECT_TRUE(sys::accept4(server.fd.fd, peer, bytes).would_block());
    EXPECT_EQ(plan.calls(call::accept4), 4U);
}

TEST(syscall_socket, a_connect_that_is_interrupted_goes_on) {
    const listening server;
    const scoped_fd client(sys::socket(AF_INET, SOCK_STREAM, 0).fd);
    fault_plan plan;
    plan.fail(call::connect, 1, EINTR);
    EXPECT_EQ(sys::connect(client.fd, server.where()), std::errc::operation_in_progress);
}

TEST(syscall_socket, a_short_call_moves_the_first_bytes) {
    const pair_of_sockets both;
    std::string two = "two";
    const std::array<iovec, 1> pieces{iovec{.iov_base = two.data(), .iov_len = two.size()}};
    fault_plan plan;
    plan.shorten(call::send, 1, 1, 2);
    plan.shorten(call::recv, 1, 1);
    EXPECT_EQ(sys::send(both.near.fd, bytes_of("one")).bytes, 1U);
    EXPECT_EQ(sys::send(both.near.fd, std::span<const iovec>(pieces)).bytes, 1U);
    EXPECT_EQ(receive(both.far.fd), "o");
    EXPECT_EQ(receive(both.far.fd), "t");
}

TEST(syscall_socket, an_error_is_the_result) {
    const pair_of_sockets both;
    fault_plan plan;
    plan.fail(call::socket, 1, EMFILE);
    plan.fail(call::socketpair, 1, ENFILE);
    plan.fail(call::bind, 1, EADDRINUSE);
    plan.fail(call::listen, 1, EADDRINUSE);
    plan.fail(call::shutdown, 1, ENOTCONN);
    plan.fail(call::setsockopt, 1, ENOPROTOOPT);
    plan.fail(call::getsockopt, 1, ENOPROTOOPT);
    plan.fail(call::recv, 1, ECONNRESET);
    plan.fail(call::send, 1, EPIPE);
    EXPECT_EQ(sys::socket(AF_INET, SOCK_STREAM, 0).error, std::errc::too_many_files_open);
    EXPECT_EQ(sys::socketpair(AF_UNIX, SOCK_STREAM).error,
              std::errc::too_many_files_open_in_system);
    EXPECT_EQ(sys::bind(both.near.fd, {}), std::errc::address_in_use);
    EXPECT_EQ(sys::listen(both.near.fd, 1), std::errc::address_in_use);
    EXPECT_EQ(sys::shutdown(both.near.fd, sys::shut::both), std::errc::not_connected);
    const sys::socket_option some{.level = SOL_SOCKET, .name = SO_SNDBUF};
    int value = 0;
    EXPECT_EQ(sys::setsockopt(both.near.fd, some, 1), std::errc::no_protocol_option);
    EXPECT_EQ(sys::getsockopt(both.near.fd, some, value), std::errc::no_protocol_option);
    EXPECT_EQ(receive(both.near.fd), std::make_error_code(std::errc::connection_reset).message());
    EXPECT_EQ(sys::send(both.near.fd, bytes_of("x")).error, std::errc::broken_pipe);
}

TEST(syscall_socket, an_option_is_what_it_was_set_to) {
    const scoped_fd made(sys::socket(AF_INET, SOCK_STREAM, 0).fd);
    const sys::socket_option alive{.level = SOL_SOCKET, .name = SO_KEEPALIVE};
    EXPECT_FALSE(sys::setsockopt(made.fd, alive, 1));
    int value = 0;
    EXPECT_FALSE(sys::getsockopt(made.fd, alive, value));
    EXPECT_EQ(value, 1);
}

TEST(syscall_socket, half_a_connection_is_shut_down) {
    const pair_of_sockets both;
    EXPECT_FALSE(sys::shutdown(both.near.fd, sys::shut::writing));
    EXPECT_EQ(receive(both.far.fd), "");
    EXPECT_EQ(sys::send(both.far.fd, bytes_of("back")).bytes, 4U);
    EXPECT_EQ(receive(both.near.fd), "back");
    EXPECT_FALSE(sys::shutdown(both.near.fd, sys::shut::reading));
    EXPECT_EQ(sys::send(both.far.fd, bytes_of("back")).error, std::errc::broken_pipe);
}

TEST(syscall_socket, nothing_raises_sigpipe) {
    pair_of_sockets both;
    both.far.close();
    std::array<char, 20> name{"/tmp/eddy_XXXXXX"};
    const scoped_fd file(::mkstemp(name.data()));
    sys::unlink(name.data());
    ASSERT_EQ(::write(file.fd, "x", 1), 1);
    std::string text = "x";
    const std::array<iovec, 1> pieces{iovec{.iov_base = text.data(), .iov_len = text.size()}};
    EXPECT_EQ(sys::send(both.near.fd, bytes_of("x")).error, std::errc::broken_pipe);
    EXPECT_EQ(sys::send(both.near.fd, std::span<const iovec>(pieces)).error,
              std::errc::broken_pipe);
    EXPECT_EQ(sys::sendfile(both.near.fd, file.fd, 0, 1).error, std::errc::broken_pipe);
    sigset_t pending;
    sigpending(&pending);
    EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST(syscall_socket, a_file_is_sent_from_where_it_was_said) {
    const pair_of_sockets both;
    std::array<char, 20> name{"/tmp/eddy_XXXXXX"};
    const scoped_fd file(::mkstemp(name.data()));
    EXPECT_FALSE(sys::find_socket(name.data()));
    sys::unlink(name.data());
    EXPECT_EQ(sys::unlink(name.data()), std::errc::no_such_file_or_directory);
    ASSERT_EQ(::write(file.fd, "0123456789", 10), 10);
    EXPECT_EQ(sys::sendfile(both.near.fd, file.fd, 3, 4).bytes, 4U);
    EXPECT_EQ(receive(both.far.fd), "3456");
    EXPECT_EQ(sys::sendfile(both.near.fd, file.fd, 10, 4).bytes, 0U);
    fault_plan plan;
    plan.fail(call::sendfile, 1, EINTR);
    plan.shorten(call::sendfile, 2, 1);
    EXPECT_EQ(sys::sendfile(both.near.fd, file.fd, 0, 4).bytes, 1U);
}

TEST(syscall_socket, a_datagram_comes_with_its_sender_and_says_if_it_was_longer) {
    const scoped_fd one(sys::socket(AF_INET, SOCK_DGRAM, 0).fd);
    const scoped_fd other(sys::socket(AF_INET, SOCK_DGRAM, 0).fd);
    const sockaddr_in any = loopback();
    ASSERT_FALSE(sys::bind(one.fd, std::as_bytes(std::span(&any, 1))));
    ASSERT_FALSE(sys::bind(other.fd, std::as_bytes(std::span(&any, 1))));
    std::array<std::byte, 128> to{};
    const std::size_t to_bytes = sys::getsockname(other.fd, to).bytes;
    std::array<std::byte, 128> mine{};
    const std::size_t mine_bytes = sys::getsockname(one.fd, mine).bytes;
    EXPECT_EQ(sys::sendto(one.fd, bytes_of("hello"), std::span(to).first(to_bytes)).bytes, 5U);
    EXPECT_EQ(sys::sendto(one.fd, bytes_of("hello"), std::span(to).first(to_bytes)).bytes, 5U);
    std::array<std::byte, 5> whole{};
    std::array<std::byte, 128> from{};
    const sys::datagram_result all = sys::recvfrom(other.fd, whole, from);
    EXPECT_EQ(all.received.bytes, 5U);
    EXPECT_FALSE(all.truncated);
    EXPECT_EQ(all.address_bytes, mine_bytes);
    EXPECT_EQ(from, mine);
    EXPECT_TRUE(sys::recvfrom(other.fd, std::span(whole).first(2), from).truncated);
    EXPECT_TRUE(sys::recvfrom(other.fd, whole, from).received.would_block());
}

TEST(syscall_socket, a_descriptor_of_elsewhere_is_made_to_fit) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const scoped_fd in(ends[0]);
    const scoped_fd out(ends[1]);
    EXPECT_FALSE(sys::make_nonblocking(in.fd));
    EXPECT_NE(::fcntl(in.fd, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(in.fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(sys::make_nonblocking(-1), std::errc::bad_file_descriptor);
}

} // namespace
