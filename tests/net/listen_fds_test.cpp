// listen_fds_test.cpp — sockets of the service manager, as it would pass them on.

#include <eddy/net/connect.hpp>
#include <eddy/net/listen_fds.hpp>
#include <eddy/net/server.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;

namespace {

constexpr int first_fd = 700;

void pass_on(const std::string& pid, const std::string& count, const char* names) {
    ::setenv("LISTEN_PID", pid.c_str(), 1);
    ::setenv("LISTEN_FDS", count.c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names, 1);
}

/// Puts a listening socket at descriptor `at`, blocking as systemd's are; gives where it listens.
eddy::socket_address put_socket(int at) {
    eddy::socket made = eddy::socket::stream(eddy::socket_address("127.0.0.1", 0));
    made.bind(eddy::socket_address("127.0.0.1", 0));
    made.listen();
    EXPECT_EQ(::dup2(made.fd(), at), at);
    return made.local_address();
}

CO_TEST(listen_fds, serve_a_server) {
    const eddy::socket_address one = put_socket(first_fd);
    const eddy::socket_address other = put_socket(first_fd + 1);
    pass_on(std::to_string(::getpid()), "2", "web:");
    eddy::inherited_sockets got = eddy::listen_fds(first_fd);
    EXPECT_EQ(got.names, (std::vector<std::string>{"web", "unknown"}));
    CO_ASSERT_EQ(got.sockets.size(), 2U);
    const auto greet = [](eddy::stream_reader, eddy::stream_writer out) -> eddy::coro<> {
        out.write("hello");
        co_return;
    };
    auto server = eddy::listen_on(greet, std::move(got.sockets));
    EXPECT_EQ(server.addresses(), (std::vector{one, other}));
    auto [in, out] = co_await eddy::open_connection("127.0.0.1", other.port());
    EXPECT_EQ(co_await in.read(), "hello");
    out.close();
    (void)co_await server.drain(1s);
    co_await eddy::sleep(1ms); // what accepts sees that it is over
}

TEST(listen_fds, are_none_if_they_are_for_another_process) {
    pass_on("1", "2", "a:b");
    EXPECT_TRUE(eddy::listen_fds(first_fd).sockets.empty());
    EXPECT_EQ(std::getenv("LISTEN_PID"), nullptr) << "nor for a child of this one";
    EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
    EXPECT_EQ(std::getenv("LISTEN_FDNAMES"), nullptr);
}

TEST(listen_fds, are_given_once) {
    (void)put_socket(first_fd);
    pass_on(std::to_string(::getpid()), "1", "");
    EXPECT_EQ(eddy::listen_fds(first_fd).sockets.size(), 1U);
    EXPECT_TRUE(eddy::listen_fds(first_fd).sockets.empty());
}

TEST(listen_fds, that_are_not_open_are_an_error) {
    pass_on(std::to_string(::getpid()), "1", "");
    EXPECT_THROW((void)eddy::listen_fds(first_fd + 50), std::system_error);
}

} // namespace
