// stream_test.cpp — lines, lengths and flow control over a connection of this process.
//
// Covers:    every way to read, the end of the stream, limits; write buffers and drain; closing.
// Not here:  servers -> server_test.cpp; faults of the network -> stream_faults_test.cpp.

#include <eddy/net/stream.hpp>
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/sleep.hpp>
#include <eddy/sched/timeout.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct connection {
    connection() : connection(eddy::socket::pair()) {}
    explicit connection(std::pair<eddy::socket, eddy::socket> ends)
        : near(eddy::open_stream(std::move(ends.first), 64)),
          far(eddy::open_stream(std::move(ends.second), 64)) {}

    eddy::stream_ends near;
    eddy::stream_ends far;
};

CO_TEST(stream, a_line_comes_when_it_is_complete) {
    connection both;
    auto line = eddy::create_task(
        [](eddy::stream_reader& in) -> eddy::coro<std::string> {
            co_return co_await in.readline();
        },
        std::ref(both.far.first));
    both.near.second.write("hel");
    co_await eddy::sleep(1ms);
    EXPECT_FALSE(line.done());
    both.near.second.write("lo\nnext");
    EXPECT_EQ(co_await line, "hello\n");
    both.near.second.close();
    EXPECT_EQ(co_await both.far.first.readline(), "next");
    EXPECT_EQ(co_await both.far.first.readline(), "");
    EXPECT_TRUE(both.far.first.at_eof());
}

} // namespace
