// connect_test.cpp — connecting by name: which address wins, what the error says.
//
// Covers:    happy eyeballs, limits, options, local sockets, start_server by name.
// Not here:  TLS -> tls_test.cpp.

#include <eddy/net/connect.hpp>
#include <eddy/net/resolve.hpp>
#include <eddy/net/server.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

using eddy::open_connection;
using eddy::socket_address;

/// Nobody listens there.
socket_address refusing(const char* ip = "127.0.0.1") {
    eddy::socket taken = eddy::socket::stream(socket_address(ip, 0));
    taken.bind(socket_address(ip, 0));
    return taken.local_address(); // closed now
}

eddy::socket listening_on(const char* ip, int backlog = 8) {
    eddy::socket made = eddy::socket::stream(socket_address(ip, 0));
    made.bind(socket_address(ip, 0));
    made.listen(backlog);
    return made;
}

/// A listener whose backlog is full: an attempt to connect hears nothing.
class silent {
public:
    silent() : listening_(listening_on("127.0.0.1", 0)) {}
    /// Fills it.
    eddy::coro<socket_address> address() {
        const socket_address at = listening_.local_address();
        for (eddy::socket& each : in_the_queue_) {
            each = eddy::socket::stream(at);
            (void)co_await eddy::as_result(eddy::wait_for(each.connect(at), 1ms));
        }
        co_return at;
    }

private:
    eddy::socket listening_;
    std::array<eddy::socket, 3> in_the_queue_;
};

eddy::coro<> echo(eddy::stream_reader in, eddy::stream_writer out) {
    while (!in.at_eof()) {
        out.write(co_await in.read(100));
        co_await out.drain();
    }
}

eddy::coro<> end(eddy::server& server) {
    (void)co_await server.drain(1s);
    co_await eddy::sleep(1ms); // what accepts sees that it is over
}

CO_TEST(connect, by_name_talks_to_a_server_that_listens_by_name) {
    auto server = co_await eddy::start_server(echo, "localhost", 0);
    const auto at = server.addresses().front();
    auto [in, out] = co_await open_connection("localhost", at.port(), {.family = at.family()});
    out.write("hello\n");
    EXPECT_EQ(co_await in.readline(), "hello\n");
    EXPECT_EQ(out.get_socket()->option({.level = IPPROTO_TCP, .name = TCP_NODELAY}), 1);
    EXPECT_EQ(out.get_socket()->option({.level = SOL_SOCKET, .name = SO_KEEPALIVE}), 0);
    out.close();
    co_await out.wait_closed();
    co_await end(server);
}

CO_TEST(connect, goes_on_to_the_next_address_at_once_when_one_refuses) {
    const eddy::socket there = listening_on("127.0.0.1");
    const auto start = eddy::now();
    const eddy::socket made =
        co_await eddy::connect_first("host", {refusing(), refusing(), there.local_address()});
    EXPECT_EQ(made.peer_address(), there.local_address());
    EXPECT_LT(eddy::now() - start, 250ms);
}

CO_TEST(connect, begins_the_next_attempt_beside_one_that_is_not_answered) {
    silent first;
    const socket_address nobody = co_await first.address();
    const eddy::socket there = listening_on("127.0.0.1");
    const auto start = eddy::now();
    const eddy::socket made = co_await eddy::connect_first("host", {nobody, there.local_address()});
    EXPECT_EQ(made.peer_address(), there.local_address());
    EXPECT_EQ(eddy::now() - start, 250ms);
}

CO_TEST(connect, tries_the_families_in_turn) {
    const std::vector<socket_address> to{refusing("::1"), refusing("::1"), refusing(), refusing()};
    const auto result = co_await eddy::as_result(eddy::connect_first("host", to));
    try {
        (void)result.value();
        ADD_FAILURE() << "connected";
    } catch (const eddy::connect_error& error) {
        std::vector<socket_address> tried;
        for (const auto& each : error.failures()) {
            tried.push_back(each.to);
            EXPECT_EQ(each.why, std::errc::connection_refused);
        }
        EXPECT_EQ(tried, (std::vector{to[0], to[2], to[1], to[3]}));
    }
}

CO_TEST(connect, names_every_address_that_it_has_tried) {
    const socket_address one = refusing();
    const socket_address other = refusing();
    const auto result = co_await eddy::as_result(eddy::connect_first("example:1", {one, other}));
    try {
        (void)result.value();
        ADD_FAILURE() << "connected";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::connection_refused);
        EXPECT_EQ(error.what(), "connect to example:1: tried " + one.str() +
                                    " (Connection refused), " + other.str() +
                                    " (Connection refused): Connection refused");
    }
}

CO_TEST(connect, throws_timeout_error_when_nobody_answers) {
    silent first;
    const socket_address nobody = co_await first.address();
    const auto start = eddy::now();
    const auto result =
        co_await eddy::as_result(open_connection("127.0.0.1", nobody.port(), {.timeout = 700ms}));
    EXPECT_TRUE(result.holds<eddy::timeout_error>());
    EXPECT_EQ(eddy::now() - start, 700ms);
}

CO_TEST(connect, is_cancelled_at_once) {
    silent first;
    const socket_address nobody = co_await first.address();
    auto waiting = eddy::create_task(eddy::connect_first("host", {nobody, nobody}));
    co_await eddy::sleep(300ms);
    EXPECT_FALSE(waiting.done());
    waiting.cancel();
    EXPECT_TRUE((co_await eddy::as_result(waiting)).cancelled());
}

CO_TEST(connect, comes_from_the_local_address_and_tries_its_family_alone) {
    const eddy::socket there = listening_on("127.0.0.1");
    const eddy::socket made =
        co_await eddy::connect_first("host", {refusing("::1"), there.local_address()},
                                     {.local = socket_address("127.0.0.7", 0)});
    EXPECT_EQ(made.local_address().host(), "127.0.0.7");
    EXPECT_EQ(made.peer_address(), there.local_address());
    const auto none = co_await eddy::as_result(eddy::connect_first(
        "host", {socket_address("::1", 1)}, {.local = socket_address("127.0.0.1", 0)}));
    EXPECT_TRUE(none.holds<std::invalid_argument>());
}

CO_TEST(connect, sets_the_options_that_it_was_given) {
    const eddy::socket there = listening_on("127.0.0.1");
    const eddy::socket made = co_await eddy::connect_first(
        "host", {there.local_address()},
        {.no_delay = eddy::toggle::off, .keep_alive_probes = eddy::keep_alive{}});
    EXPECT_EQ(made.option({.level = IPPROTO_TCP, .name = TCP_NODELAY}), 0);
    EXPECT_EQ(made.option({.level = SOL_SOCKET, .name = SO_KEEPALIVE}), 1);
}

CO_TEST(connect, to_a_path_talks_to_the_server_there) {
    const std::string path =
        testing::TempDir() + "/connect_test." + std::to_string(::getpid()) + ".socket";
    auto server = co_await eddy::start_unix_server(echo, path);
    auto [in, out] = co_await eddy::open_unix_connection(path);
    out.write("over a path\n");
    EXPECT_EQ(co_await in.readline(), "over a path\n");
    out.close();
    co_await out.wait_closed();
    co_await end(server);
    std::filesystem::remove(path);
}

CO_TEST(connect, to_a_name_without_an_address_says_so) {
    const auto result = co_await eddy::as_result(open_connection("a..b", 80));
    EXPECT_TRUE(result.holds<eddy::resolve_error>());
}

} // namespace
