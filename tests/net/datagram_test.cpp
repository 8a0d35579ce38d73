// datagram_test.cpp — UDP over the loopback.

#include <eddy/net/datagram.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <system_error>
#include <vector>

namespace {

using eddy::udp_endpoint;
using namespace std::chrono_literals;

eddy::coro<udp_endpoint> somewhere() {
    return udp_endpoint::bind("127.0.0.1", 0);
}

CO_TEST(udp_endpoint, gives_each_message_whole_and_whose_it_is) {
    udp_endpoint here = co_await somewhere();
    udp_endpoint there = co_await somewhere();
    co_await there.sendto("one", here.local_address());
    co_await there.sendto("", here.local_address());
    co_await there.sendto(std::string(60'000, 'x'), here.local_address());
    const eddy::udp_message first = co_await here.recvfrom();
    EXPECT_EQ(first.data, "one");
    EXPECT_EQ(first.from, there.local_address());
    EXPECT_EQ((co_await here.recvfrom()).data, "");
    EXPECT_EQ((co_await here.recvfrom()).data.size(), 60'000U);
}

CO_TEST(udp_endpoint, says_that_a_message_did_not_fit) {
    udp_endpoint here = co_await somewhere();
    udp_endpoint there = co_await somewhere();
    co_await there.sendto("0123456789", here.local_address());
    std::array<std::byte, 4> room{};
    const eddy::datagram got = co_await here.recvfrom_into(room);
    EXPECT_EQ(got.bytes, 4U);
    EXPECT_TRUE(got.truncated);
}

CO_TEST(udp_endpoint, is_an_iterable_that_ends_when_it_is_closed) {
    udp_endpoint here = co_await somewhere();
    udp_endpoint there = co_await somewhere();
    std::vector<std::string> got;
    eddy::event all;
    auto reading = eddy::create_task([&]() -> eddy::coro<> {
        EDDY_FOR(auto message, here) {
            got.push_back(message.data);
            if (got.size() == 3) {
                all.set();
            }
        }
    });
    for (const char* each : {"a", "b", "c"}) {
        co_await there.sendto(each, here.local_address());
    }
    co_await all.wait();
    here.close();
    co_await reading;
    EXPECT_EQ(got, (std::vector<std::string>{"a", "b", "c"}));
}

CO_TEST(udp_endpoint, that_is_connected_talks_to_its_peer_alone) {
    udp_endpoint server = co_await somewhere();
    udp_endpoint stranger = co_await somewhere();
    udp_endpoint client =
        co_await udp_endpoint::connect("127.0.0.1", server.local_address().port());
    co_await client.send("question");
    const eddy::udp_message question = co_await server.recvfrom();
    EXPECT_EQ(question.data, "question");
    co_await stranger.sendto("spam", client.local_address());
    co_await server.sendto("answer", question.from);
    EXPECT_EQ(co_await client.recv(), "answer");
}

CO_TEST(udp_endpoint, that_is_connected_hears_that_nobody_is_there) {
    udp_endpoint gone = co_await somewhere();
    const auto port = gone.local_address().port();
    gone.close();
    udp_endpoint client = co_await udp_endpoint::connect("127.0.0.1", port);
    co_await client.send("anybody?");
    try {
        (void)co_await client.recv();
        ADD_FAILURE() << "somebody";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::connection_refused);
    }
}

CO_TEST(udp_endpoint, that_has_no_peer_says_so) {
    udp_endpoint alone = co_await somewhere();
    try {
        co_await alone.send("to nobody");
        ADD_FAILURE() << "sent";
    } catch (const std::system_error& error) {
        EXPECT_EQ(std::string(error.what()), "send a datagram: Destination address required");
    }
}

CO_TEST(udp_endpoint, binds_and_connects_by_name) {
    udp_endpoint here = co_await udp_endpoint::bind("localhost", 0);
    udp_endpoint there = co_await udp_endpoint::connect("localhost", here.local_address().port(),
                                                        {.family = here.local_address().family()});
    co_await there.send("hello");
    EXPECT_EQ(co_await here.recv(), "hello");
}

CO_TEST(udp_endpoint, loses_no_message_to_a_cancel) {
    udp_endpoint here = co_await somewhere();
    udp_endpoint there = co_await somewhere();
    auto waiting = eddy::create_task(here.recv());
    co_await eddy::sleep(1ms); // it waits now
    waiting.cancel();
    co_await there.sendto("kept", here.local_address());
    const auto ended = co_await eddy::as_result(waiting);
    EXPECT_EQ(ended ? ended.value() : co_await here.recv(), "kept");
}

} // namespace
