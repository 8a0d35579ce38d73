// tls_test.cpp — TLS between tasks of this process, with certificates that the test has made.
//
// Covers:    handshakes that succeed and each way in which they fail, what is known of the peer,
//            protocols, new certificates, the end and its absence, both ways at once, start_tls.
// Not here:  other implementations of TLS.

#include <eddy/net/connect.hpp>
#include <eddy/net/server.hpp>
#include <eddy/net/tls.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;

namespace {

using eddy::stream_ends;
using eddy::stream_reader;
using eddy::stream_writer;
using eddy::tls_context;
using eddy::tls_errc;
using eddy::tls_error;
using eddy::tls_options;

/// A CA, and certificates of it, made by the program openssl.
class certificates {
public:
    certificates()
        : folder_(std::filesystem::temp_directory_path() /
                  ("eddy_tls." + std::to_string(::getpid()))) {
        std::filesystem::create_directory(folder_);
        run(new_key + " -x509 -keyout ca.key -out ca.pem -days 30 -subj '/CN=test CA'");
        run(new_key + " -x509 -keyout x.key -out other_ca.pem -days 30 -subj '/CN=other CA'");
        issue("good", "DNS:localhost,IP:127.0.0.1", "30");
        issue("renewed", "DNS:renewed.test,DNS:localhost", "30");
        issue("elsewhere", "DNS:elsewhere.test", "30");
        issue("expired", "DNS:localhost", "-1");
    }
    certificates(const certificates&) = delete;
    certificates& operator=(const certificates&) = delete;
    ~certificates() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string file(const std::string& name) const { return folder_ / name; }

private:
    void run(const std::string& command) const {
        const std::string line = "cd " + folder_.string() + " && openssl " + command + " 2>>log";
        if (std::system(line.c_str()) != 0) { // NOLINT: one thread, and no input from outside
            throw std::runtime_error("failed: " + line);
        }
    }
    void issue(const std::string& name, const std::string& who, const std::string& days) const {
        std::ofstream(file("names")) << "subjectAltName=" << who << "\n";
        run(new_key + " -keyout " + name + ".key -out request -subj '/CN=" + name + "'");
        run("x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -days " +
            days + " -out " + name + ".pem");
    }

    inline static const std::string new_key =
        "req -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1";
    std::filesystem::path folder_;
};

const certificates& made() {
    static const certificates all;
    return all;
}
std::string file(const std::string& name) {
    return made().file(name);
}

tls_options serving(const std::string& name, std::vector<std::string> alpn = {}) {
    return {.context = tls_context::server({.certificate_file = file(name + ".pem"),
                                            .key_file = file(name + ".key"),
                                            .alpn = std::move(alpn)})};
}
tls_options trusting(const std::string& server_name, std::vector<std::string> alpn = {}) {
    return {.context = tls_context::client({.ca_file = file("ca.pem"), .alpn = std::move(alpn)}),
            .server_name = server_name};
}

std::unique_ptr<eddy::transport> over(eddy::socket one) {
    return std::make_unique<eddy::socket_transport>(std::move(one));
}

eddy::coro<stream_ends> secured(eddy::socket one, tls_options how) {
    co_return eddy::open_stream(co_await eddy::open_tls(over(std::move(one)), std::move(how)));
}

/// How a handshake ended at both ends.
struct meeting {
    eddy::outcome<stream_ends> client;
    eddy::outcome<stream_ends> server;
};

eddy::coro<meeting> meet(tls_options client, tls_options server) {
    auto [near, far] = eddy::socket::pair();
    auto serving = eddy::create_task(secured(std::move(far), std::move(server)));
    auto asked = co_await eddy::as_result(secured(std::move(near), std::move(client)));
    auto answered = co_await eddy::as_result(std::move(serving));
    co_return meeting{std::move(asked), std::move(answered)};
}

struct failure {
    std::error_code code;
    std::string text;
};

template <typename T>
failure failure_of(const eddy::outcome<T>& result) {
    try {
        result.value();
    } catch (const tls_error& error) {
        return {error.code(), error.what()};
    }
    return {{}, "no tls_error"};
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

#define EXPECT_FAILS(result, errc, part)                                                           \
    do {                                                                                           \
        const failure found = failure_of(result);                                                  \
        EXPECT_EQ(found.code, errc) << found.text;                                                 \
        EXPECT_TRUE(contains(found.text, part)) << found.text;                                     \
    } while (false)

/// Both ends of a connection that is secured.
struct connection {
    stream_ends client;
    stream_ends server;
};

eddy::coro<connection> connect() {
    meeting both = co_await meet(trusting("localhost"), serving("good"));
    co_return connection{std::move(both.client).value(), std::move(both.server).value()};
}

// -- handshakes --

CO_TEST(tls, carries_lines_both_ways) {
    connection both = co_await connect();
    both.client.second.write("question\n");
    EXPECT_EQ(co_await both.server.first.readline(), "question\n");
    both.server.second.write("answer\n");
    EXPECT_EQ(co_await both.client.first.readline(), "answer\n");
}

CO_TEST(tls, tells_what_is_known_of_the_connection) {
    connection both = co_await connect();
    const stream_writer& client = both.client.second;
    EXPECT_EQ(client.get_extra_info("version"), "TLSv1.3");
    EXPECT_TRUE(contains(client.get_extra_info("cipher"), "TLS_"))
        << client.get_extra_info("cipher");
    EXPECT_EQ(client.get_extra_info("alpn"), "");
    std::ifstream pem(file("good.pem"));
    const std::string expected{std::istreambuf_iterator<char>(pem), {}};
    EXPECT_EQ(client.get_extra_info("peercert"), expected);
    EXPECT_EQ(both.server.second.get_extra_info("peercert"), "") << "it was not asked for";
}

CO_TEST(tls, accepts_a_certificate_for_an_address) {
    const meeting both = co_await meet(trusting("127.0.0.1"), serving("good"));
    EXPECT_TRUE(both.client.has_value());
    const meeting wrong = co_await meet(trusting("127.0.0.2"), serving("good"));
    EXPECT_FAILS(wrong.client, tls_errc::certificate, "IP address mismatch");
}

CO_TEST(tls, refuses_a_certificate_of_another_name_and_the_server_hears_it) {
    const meeting both = co_await meet(trusting("elsewhere.test"), serving("good"));
    EXPECT_FAILS(both.client, tls_errc::certificate, "with elsewhere.test: hostname mismatch");
    EXPECT_FAILS(both.server, tls_errc::alert, "alert");
}

CO_TEST(tls, refuses_a_certificate_that_nobody_it_trusts_has_issued) {
    tls_options client{.context = tls_context::client({.ca_file = file("other_ca.pem")}),
                       .server_name = "localhost"};
    const meeting both = co_await meet(client, serving("good"));
    EXPECT_FAILS(both.client, tls_errc::certificate, "unable to get local issuer certificate");
    EXPECT_FAILS(both.server, tls_errc::alert, "unknown ca");
    const meeting by_default = co_await meet({.server_name = "localhost"}, serving("good"));
    EXPECT_FAILS(by_default.client, tls_errc::certificate, "certificate");
}

CO_TEST(tls, refuses_a_certificate_that_has_expired) {
    const meeting both = co_await meet(trusting("localhost"), serving("expired"));
    EXPECT_FAILS(both.client, tls_errc::certificate, "certificate has expired");
}

CO_TEST(tls, accepts_anybody_only_if_verification_is_off) {
    using verification = eddy::tls_client_options::verification;
    tls_options client{.context = tls_context::client({.verify = verification::off})};
    const meeting both = co_await meet(client, serving("expired"));
    EXPECT_TRUE(both.client.has_value());
    client.context = tls_context::client({.ca_file = file("ca.pem")});
    const meeting nameless = co_await meet(client, serving("good"));
    EXPECT_TRUE(nameless.client.holds<std::invalid_argument>()) << "a name is needed to verify";
}

CO_TEST(tls, agrees_on_the_protocol_that_the_server_likes_best) {
    meeting both = co_await meet(trusting("localhost", {"http/1.1", "h2"}),
                                 serving("good", {"h2", "http/1.1"}));
    EXPECT_EQ(both.client->second.get_extra_info("alpn"), "h2");
    EXPECT_EQ(both.server->second.get_extra_info("alpn"), "h2");
    const meeting none = co_await meet(trusting("localhost", {"spdy/1"}), serving("good", {"h2"}));
    EXPECT_FAILS(none.client, tls_errc::alert, "no application protocol");
}

CO_TEST(tls, asks_clients_for_a_certificate_if_it_is_told_to) {
    tls_options server{.context = tls_context::server({.certificate_file = file("good.pem"),
                                                       .key_file = file("good.key"),
                                                       .client_ca_file = file("ca.pem")})};
    const meeting without = co_await meet(trusting("localhost"), server);
    EXPECT_FAILS(without.server, tls_errc::certificate, "peer did not return a certificate");
    tls_options client{.context = tls_context::client({.ca_file = file("ca.pem"),
                                                       .certificate_file = file("elsewhere.pem"),
                                                       .key_file = file("elsewhere.key")}),
                       .server_name = "localhost"};
    meeting with = co_await meet(client, server);
    EXPECT_TRUE(contains(with.server->second.get_extra_info("peercert"), "BEGIN CERTIFICATE"));
}

CO_TEST(tls, uses_a_new_certificate_from_reload_on) {
    std::filesystem::copy_file(file("good.pem"), file("live.pem"),
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(file("good.key"), file("live.key"),
                               std::filesystem::copy_options::overwrite_existing);
    tls_options server = serving("live");
    EXPECT_TRUE((co_await meet(trusting("localhost"), server)).client.has_value());
    std::ofstream(file("live.pem")) << "not a certificate";
    EXPECT_THROW(server.context.reload(), tls_error);
    EXPECT_TRUE((co_await meet(trusting("localhost"), server)).client.has_value()) << "the old one";
    std::filesystem::copy_file(file("renewed.pem"), file("live.pem"),
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(file("renewed.key"), file("live.key"),
                               std::filesystem::copy_options::overwrite_existing);
    server.context.reload();
    EXPECT_TRUE((co_await meet(trusting("renewed.test"), server)).client.has_value());
}

TEST(tls, says_which_file_is_no_good) {
    const auto text_of = [](const std::string& certificate, const std::string& key) {
        try {
            (void)tls_context::server({.certificate_file = certificate, .key_file = key});
        } catch (const tls_error& error) {
            EXPECT_EQ(error.code(), tls_errc::configuration);
            return std::string(error.what());
        }
        return std::string("no tls_error");
    };
    EXPECT_TRUE(
        contains(text_of("/nowhere.pem", file("good.key")), "'/nowhere.pem': No such file"));
    EXPECT_FALSE(contains(text_of("/nowhere.pem", file("good.key")), "system lib"));
    EXPECT_TRUE(contains(text_of(file("good.pem"), file("expired.key")), "key values mismatch"));
}

// -- peers that are none --

CO_TEST(tls, refuses_a_client_that_does_not_speak_it) {
    auto [near, far] = eddy::socket::pair();
    auto server = eddy::create_task(secured(std::move(far), serving("good")));
    co_await near.sendall("GET / HTTP/1.0\r\n\r\n");
    EXPECT_FAILS(co_await eddy::as_result(server), tls_errc::protocol, "http request");
    auto [near2, far2] = eddy::socket::pair();
    auto server2 = eddy::create_task(secured(std::move(far2), serving("good")));
    co_await near2.sendall("hello, who is there?");
    EXPECT_FAILS(co_await eddy::as_result(server2), tls_errc::protocol, "wrong version number");
}

CO_TEST(tls, notices_a_peer_that_leaves_during_the_handshake) {
    auto [near, far] = eddy::socket::pair();
    auto client = eddy::create_task(secured(std::move(near), trusting("localhost")));
    (void)co_await far.recv(10);
    far.close();
    const auto ended = co_await eddy::as_result(client);
    EXPECT_TRUE(ended.holds<tls_error>());
    auto [near2, far2] = eddy::socket::pair();
    auto server = eddy::create_task(secured(std::move(far2), serving("good")));
    co_await eddy::yield();
    near2.close();
    EXPECT_FAILS(co_await eddy::as_result(server), tls_errc::truncated, "unexpected eof");
}

CO_TEST(tls, gives_up_on_a_peer_that_says_nothing) {
    auto [near, far] = eddy::socket::pair();
    tls_options how = trusting("localhost");
    how.handshake_timeout = 3s;
    const auto start = eddy::now();
    const auto ended = co_await eddy::as_result(secured(std::move(near), how));
    EXPECT_FAILS(ended, tls_errc::timed_out, "localhost");
    EXPECT_EQ(eddy::now() - start, 3s);
    EXPECT_NE(co_await far.recv(1000), "") << "the hello";
    EXPECT_EQ(co_await far.recv(1000), "") << "and the end";
}

CO_TEST(tls, handshake_is_cancelled_at_once) {
    auto [near, far] = eddy::socket::pair();
    auto waiting = eddy::create_task(secured(std::move(near), trusting("localhost")));
    EXPECT_NE(co_await far.recv(1000), "");
    waiting.cancel();
    EXPECT_TRUE((co_await eddy::as_result(waiting)).cancelled());
    EXPECT_EQ(co_await far.recv(1000), "") << "it is closed";
}

// -- the end --

CO_TEST(tls, tells_the_end_from_a_connection_that_was_cut) {
    connection proper = co_await connect();
    proper.client.second.write("all of it");
    proper.client.second.close();
    EXPECT_EQ(co_await proper.server.first.read(), "all of it");
    connection cut = co_await connect();
    cut.client.second.write("half of");
    EXPECT_EQ(co_await cut.server.first.readexactly(7), "half of");
    cut.client.second.get_socket()->shutdown(eddy::shut::writing);
    EXPECT_FAILS(co_await eddy::as_result(cut.server.first.read()), tls_errc::truncated,
                 "unexpected eof");
    EXPECT_FAILS(co_await eddy::as_result(cut.server.first.read()), tls_errc::truncated, "eof");
}

CO_TEST(tls, goes_on_in_the_other_direction_after_write_eof) {
    connection both = co_await connect();
    both.client.second.write("question");
    both.client.second.write_eof();
    EXPECT_EQ(co_await both.server.first.read(), "question");
    both.server.second.write("answer");
    both.server.second.close();
    EXPECT_EQ(co_await both.client.first.read(), "answer");
}

CO_TEST(tls, ends_properly_when_the_ends_are_dropped) {
    connection both = co_await connect();
    both.client.second.write("all of it");
    both.client = {};
    EXPECT_EQ(co_await both.server.first.read(), "all of it");
}

CO_TEST(tls, says_no_proper_end_after_an_abort_that_dropped_something) {
    connection both = co_await connect();
    both.client.second.write(std::string(4'000'000, 'x'));
    EXPECT_GT(both.client.second.buffered(), 0U);
    both.client.second.abort();
    const auto got = co_await eddy::as_result(both.server.first.read());
    EXPECT_TRUE(got.holds<std::system_error>()) << "it would take a part for all";
}

// -- much of it --

std::string noise(std::size_t bytes, unsigned seed) {
    std::string out(bytes, '\0');
    unsigned state = seed;
    for (char& each : out) {
        state = state * 1'664'525 + 1'013'904'223;
        each = static_cast<char>(state >> 24U);
    }
    return out;
}

eddy::coro<> send_all(stream_writer& out, const std::string& all) {
    for (std::size_t at = 0; at < all.size(); at += 100'000) {
        out.write(std::string_view(all).substr(at, 100'000));
        co_await out.drain();
    }
    out.write_eof();
}

CO_TEST(tls, moves_much_both_ways_at_once) {
    connection both = co_await connect();
    const std::string up = noise(3'000'000, 1);
    const std::string down = noise(3'000'000, 2);
    auto sent_up = eddy::create_task(send_all(both.client.second, up));
    auto sent_down = eddy::create_task(send_all(both.server.second, down));
    auto got_up = eddy::create_task(both.server.first.read());
    const std::string got_down = co_await both.client.first.read();
    EXPECT_TRUE(got_down == down) << got_down.size();
    EXPECT_TRUE(co_await got_up == up);
    co_await sent_up;
    co_await sent_down;
}

CO_TEST(tls, joins_small_pieces_and_splits_large_ones) {
    connection both = co_await connect();
    const std::vector<std::string> pieces{"a", "", noise(40'000, 3), "b"};
    std::string all;
    for (const std::string& each : pieces) {
        all += each;
    }
    both.client.second.writelines(pieces);
    EXPECT_TRUE(co_await both.server.first.readexactly(all.size()) == all);
    std::string room(10, '\0'); // less than a record
    both.client.second.write("0123456789abcdef");
    EXPECT_EQ(co_await both.server.first.read_into(std::as_writable_bytes(std::span(room))), 10U);
    EXPECT_EQ(co_await both.server.first.readexactly(6), "abcdef") << "what was left of the record";
}

// -- connections and servers --

eddy::coro<> echo(stream_reader in, stream_writer out) {
    while (!in.at_eof()) {
        out.write(co_await in.read(100));
        co_await out.drain();
    }
}

struct served {
    std::vector<std::string> refused;
    std::optional<eddy::server> server;
};

eddy::coro<> serve(served& here) {
    eddy::server_options options;
    options.tls = serving("good");
    options.on_failed_handshake = [&here](const tls_error& error, const std::string&) {
        here.refused.emplace_back(error.what());
    };
    here.server = co_await eddy::start_server(echo, "127.0.0.1", 0, options);
}

eddy::coro<> end(served& here) {
    (void)co_await here.server->drain(1s);
    co_await eddy::sleep(1ms); // what accepts sees that it is over
}

CO_TEST(tls, is_an_option_of_connections_and_servers) {
    served here;
    co_await serve(here);
    auto [in, out] =
        co_await eddy::open_connection("127.0.0.1", here.server->port(), {.tls = trusting("")});
    out.write("over TLS\n");
    EXPECT_EQ(co_await in.readline(), "over TLS\n");
    EXPECT_EQ(out.get_extra_info("version"), "TLSv1.3");
    EXPECT_TRUE(contains(out.get_extra_info("peername"), "127.0.0.1:"));
    out.close();
    co_await out.wait_closed();
    co_await end(here);
    EXPECT_TRUE(here.refused.empty());
}

CO_TEST(tls, server_goes_on_after_handshakes_that_fail) {
    served here;
    co_await serve(here);
    {
        auto [in, out] = co_await eddy::open_connection("127.0.0.1", here.server->port());
        out.write("GET / HTTP/1.0\r\n\r\n");
        (void)co_await eddy::as_result(in.read());
        out.close();
    }
    const auto wrong = co_await eddy::as_result(eddy::open_connection(
        "127.0.0.1", here.server->port(), {.tls = trusting("elsewhere.test")}));
    EXPECT_FAILS(wrong, tls_errc::certificate, "hostname mismatch");
    auto [in, out] = co_await eddy::open_connection("127.0.0.1", here.server->port(),
                                                    {.tls = trusting("localhost")});
    out.write("still here\n");
    EXPECT_EQ(co_await in.readline(), "still here\n");
    out.close();
    co_await out.wait_closed();
    co_await end(here);
    EXPECT_EQ(here.refused.size(), 2U);
}

CO_TEST(tls, context_of_the_other_side_is_refused) {
    eddy::server_options options;
    options.tls = trusting("localhost");
    const auto server = co_await eddy::as_result(eddy::start_server(echo, "127.0.0.1", 0, options));
    EXPECT_TRUE(server.holds<std::invalid_argument>());
    served here;
    co_await serve(here);
    const auto client = co_await eddy::as_result(
        eddy::open_connection("127.0.0.1", here.server->port(), {.tls = serving("good")}));
    EXPECT_TRUE(client.holds<std::invalid_argument>());
    co_await end(here);
}

// On one worker: what is read belongs to one task at a time, and is not locked.
CO_TEST_ON_1(tls, connection_survives_a_second_task_that_wants_to_read) {
    connection both = co_await connect();
    auto first = eddy::create_task(
        [&]() -> eddy::coro<std::string> { co_return co_await both.server.first.readline(); });
    co_await eddy::sleep(1ms);
    std::array<std::byte, 10> room{};
    const auto second = co_await eddy::as_result(both.server.first.read_into(room));
    EXPECT_TRUE(second.holds<eddy::invalid_state_error>());
    both.client.second.write("for the first\n");
    EXPECT_EQ(co_await first, "for the first\n");
}

// -- start_tls --

CO_TEST(start_tls, secures_a_connection_that_is_in_use) {
    auto [near, far] = eddy::socket::pair();
    stream_ends client = eddy::open_stream(std::move(near));
    stream_ends server = eddy::open_stream(std::move(far));
    client.second.write("STARTTLS\n");
    EXPECT_EQ(co_await server.first.readline(), "STARTTLS\n");
    server.second.write("go ahead\n");
    auto answering = eddy::create_task(eddy::start_tls(std::move(server), serving("good")));
    EXPECT_EQ(co_await client.first.readline(), "go ahead\n");
    client = co_await eddy::start_tls(std::move(client), trusting("localhost"));
    server = co_await std::move(answering);
    client.second.write("secret\n");
    EXPECT_EQ(co_await server.first.readline(), "secret\n");
}

CO_TEST(start_tls, refuses_bytes_that_came_before_it) {
    auto [near, far] = eddy::socket::pair();
    stream_ends client = eddy::open_stream(std::move(near));
    co_await far.sendall("go ahead\ninjected\n");
    EXPECT_EQ(co_await client.first.readline(), "go ahead\n");
    const auto refused =
        co_await eddy::as_result(eddy::start_tls(std::move(client), trusting("localhost")));
    EXPECT_TRUE(refused.holds<eddy::invalid_state_error>());
}

} // namespace
