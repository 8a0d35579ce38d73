// stream_test.cpp — lines, lengths and flow control over a connection of this process.
//
// Covers:    every way to read, the end of the stream, limits; write buffers, marks and drain;
//            closing from both ends; cancels.
// Threads:   a sys::fault_plan may not come or go while other threads make calls: on one worker.
// Not here:  servers -> server_test.cpp; connections that fail -> stream_faults_test.cpp.

#include "support/net.hpp"
#include <eddy/testing/cancel_everywhere.hpp>
#include <eddy/testing/co_test.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;
using test_support::bytes_of;
using test_support::code_of;

constexpr std::size_t limit = 64;
constexpr std::size_t mebibyte = 1UL << 20U;

struct connection {
    connection() : connection(socket::pair()) {}
    explicit connection(std::pair<socket, socket> ends)
        : near(open_stream(std::move(ends.first), limit)),
          far(open_stream(std::move(ends.second), limit)) {}

    [[nodiscard]] stream_writer& out() { return near.second; }
    [[nodiscard]] stream_reader& in() { return far.first; }

    stream_ends near;
    stream_ends far;
};

/// Writes `pieces`, a millisecond apart, and closes.
coro<> write_slowly(stream_writer& to, std::vector<std::string> pieces) {
    for (const std::string& each : pieces) {
        to.write(each);
        co_await sleep(1ms);
    }
    to.close();
}

template <typename Error>
coro<> fails_with(coro<std::string> reading, std::function<void(const Error&)> check = {}) {
    try {
        const std::string got = co_await std::move(reading);
        ADD_FAILURE() << "it gave " << got;
    } catch (const Error& error) {
        if (check) {
            check(error);
        }
    }
}

// -- reading --

CO_TEST(stream, a_line_comes_when_it_is_complete) {
    connection both;
    auto line = create_task(both.in().readline());
    both.out().write("he");
    co_await sleep(1ms);
    EXPECT_FALSE(line.done());
    both.out().write("llo\nnext");
    EXPECT_EQ(co_await line, "hello\n");
    both.out().close();
    EXPECT_EQ(co_await both.in().readline(), "next");
    EXPECT_EQ(co_await both.in().readline(), "");
    EXPECT_TRUE(both.in().at_eof());
}

CO_TEST(stream, read_gives_what_there_is) {
    connection both;
    both.out().write("hello");
    EXPECT_EQ(co_await both.in().read(2), "he");
    EXPECT_EQ(co_await both.in().read(100), "llo");
    EXPECT_EQ(co_await both.in().read(0), "");
    EXPECT_FALSE(both.in().at_eof());
    both.out().close();
    EXPECT_EQ(co_await both.in().read(1), "");
    EXPECT_TRUE(both.in().at_eof());
    EXPECT_EQ(co_await both.in().read(1), "");
}

CO_TEST(stream, read_gives_everything_to_the_end) {
    connection both;
    auto t = create_task(write_slowly(both.out(), {"one", "two", "three"}));
    EXPECT_EQ(co_await both.in().read(), "onetwothree");
    EXPECT_EQ(co_await both.in().read(), "");
    co_await t;
}

CO_TEST(stream, read_into_takes_from_the_buffer_first) {
    connection both;
    both.out().write("line\nrest");
    EXPECT_EQ(co_await both.in().readline(), "line\n");
    std::array<std::byte, 64> room{};
    EXPECT_EQ(co_await both.in().read_into(std::span(room).first(2)), 2U);
    EXPECT_EQ(co_await both.in().read_into(room), 2U);
    EXPECT_EQ(room[0], std::byte{'s'});
    EXPECT_EQ(co_await both.in().read_into({}), 0U);
    both.out().write("more");
    EXPECT_EQ(co_await both.in().read_into(room), 4U);
    both.out().close();
    EXPECT_EQ(co_await both.in().read_into(room), 0U);
}

CO_TEST(stream, readexactly_waits_for_all) {
    connection both;
    auto t = create_task(write_slowly(both.out(), {"a", "bcd", "efgh"}));
    EXPECT_EQ(co_await both.in().readexactly(0), "");
    EXPECT_EQ(co_await both.in().readexactly(5), "abcde");
    co_await fails_with<incomplete_read_error>(both.in().readexactly(5), [](const auto& error) {
        EXPECT_EQ(error.partial(), "fgh");
        EXPECT_EQ(error.expected(), 5U);
    });
    EXPECT_TRUE(both.in().at_eof());
    co_await t;
}

CO_TEST(stream, readexactly_into_fills_the_room) {
    connection both;
    auto t = create_task(write_slowly(both.out(), {"line\na", "bcd", "e"}));
    EXPECT_EQ(co_await both.in().readline(), "line\n");
    std::array<std::byte, 4> room{};
    co_await both.in().readexactly_into(room);
    EXPECT_EQ(room[3], std::byte{'d'});
    try {
        co_await both.in().readexactly_into(room);
        ADD_FAILURE();
    } catch (const incomplete_read_error& error) {
        EXPECT_EQ(error.partial(), "e");
        EXPECT_EQ(error.expected(), 4U);
    }
    co_await t;
}

CO_TEST(stream, readexactly_may_ask_for_more_than_the_limit) {
    connection both;
    const std::string much(3 * mebibyte, 'x');
    auto t = create_task([](stream_writer& to, const std::string& much) -> coro<> {
        to.write(much);
        co_await to.drain();
    }(both.out(), much));
    EXPECT_TRUE(co_await both.in().readexactly(much.size()) == much);
    co_await t;
}

CO_TEST(stream, readuntil_finds_a_separator_that_comes_in_pieces) {
    connection both;
    auto t = create_task(write_slowly(both.out(), {"ab\r", "\r", "\nrest\r\n", "end\r"}));
    EXPECT_EQ(co_await both.in().readuntil("\r\n"), "ab\r\r\n");
    EXPECT_EQ(co_await both.in().readuntil("\r\n"), "rest\r\n");
    co_await fails_with<incomplete_read_error>(both.in().readuntil("\r\n"), [](const auto& error) {
        EXPECT_EQ(error.partial(), "end\r");
        EXPECT_EQ(error.expected(), 0U);
    });
    co_await fails_with<std::invalid_argument>(both.in().readuntil(""));
    co_await t;
}

CO_TEST(stream, a_separator_may_be_as_far_as_the_limit_and_no_farther) {
    connection both;
    both.out().write(std::string(limit, 'x') + "\n");
    EXPECT_EQ((co_await both.in().readuntil("\n")).size(), limit + 1);
    both.out().write(std::string(limit + 1, 'y') + "\nnext\n");
    co_await fails_with<limit_overrun_error>(both.in().readuntil("\n"), [](const auto& error) {
        EXPECT_EQ(error.consumed(), limit + 1);
    });
    EXPECT_EQ(co_await both.in().readexactly(limit + 2), std::string(limit + 1, 'y') + "\n");
    EXPECT_EQ(co_await both.in().readuntil("\n"), "next\n");
}

CO_TEST(stream, who_sends_no_separator_is_not_listened_to_for_ever) {
    connection both;
    auto t = create_task(both.in().readuntil("\n"));
    std::size_t sent = 0;
    while (!t.done()) {
        CO_ASSERT_LT(sent, 10 * limit);
        both.out().write("x");
        ++sent;
        co_await sleep(1ms);
    }
    co_await fails_with<limit_overrun_error>(
        [](task<std::string>& t) -> coro<std::string> { co_return co_await t; }(t));
    EXPECT_EQ((co_await both.in().read(10 * limit)).size(), sent);
}

CO_TEST(stream, a_line_that_is_too_long_is_dropped) {
    connection both;
    both.out().write(std::string(2 * limit, 'x') + "\nnext\n");
    co_await fails_with<limit_overrun_error>(both.in().readline());
    EXPECT_EQ(co_await both.in().readline(), "next\n");
    both.out().write(std::string(2 * limit, 'y'));
    co_await fails_with<limit_overrun_error>(both.in().readline());
    both.out().write("tail\n");
    EXPECT_EQ(co_await both.in().readline(), "tail\n");
}

CO_TEST(stream, lines_come_one_after_the_other) {
    connection both;
    auto t = create_task(write_slowly(both.out(), {"a\nb", "\n", "c"}));
    std::vector<std::string> got;
    auto lines = both.in().lines();
    while (auto each = co_await lines.next()) {
        got.push_back(*each);
    }
    EXPECT_EQ(got, (std::vector<std::string>{"a\n", "b\n", "c"}));
    co_await t;
}

CO_TEST(stream, a_second_task_that_reads_is_told_so_at_once) {
    connection both;
    auto line = create_task(both.in().readline());
    co_await sleep(1ms);
    co_await fails_with<invalid_state_error>(
        both.in().readexactly(2), [](const invalid_state_error& error) {
            EXPECT_STREQ(error.what(), "readexactly() while another task reads the stream");
        });
    EXPECT_FALSE(line.done());
    both.out().write("all of it\n");
    EXPECT_EQ(co_await line, "all of it\n");
    both.out().write("more");
    EXPECT_EQ(co_await both.in().read(4), "more"); // the next one may
}

/// Reads bytes until the end, and lets others read meanwhile; gives how many it had.
coro<std::size_t> read_in_turns(stream_reader& from) {
    for (std::size_t got = 0;;) {
        const outcome<std::string> one = co_await as_result(from.read(1));
        if (one.holds<invalid_state_error>()) {
            co_await sleep(10us); // virtual time stands still while somebody can run
            continue;
        }
        if (one.value().empty()) {
            co_return got;
        }
        ++got;
    }
}

CO_TEST(stream, tasks_that_all_try_to_read_get_each_byte_once) {
    connection both;
    std::vector<task<std::size_t>> readers;
    for (int i = 0; i != 4; ++i) {
        readers.push_back(create_task(read_in_turns(both.in())));
    }
    both.out().write(std::string(500, 'x'));
    co_await sleep(1ms);
    both.out().write(std::string(500, 'y'));
    both.out().close();
    std::size_t sum = 0;
    for (const task<std::size_t>& each : readers) {
        sum += co_await each;
    }
    EXPECT_EQ(sum, 1000U);
}

CO_TEST(stream, who_was_cancelled_does_not_keep_others_from_reading) {
    connection both;
    EXPECT_TRUE((co_await as_result(wait_for(both.in().readline(), 1ms))).holds<timeout_error>());
    both.out().write("x\n");
    EXPECT_EQ(co_await both.in().readline(), "x\n");
}

CO_TEST(stream, handles_that_refer_to_nothing_are_refused) {
    stream_reader reader;
    stream_writer writer;
    EXPECT_FALSE(reader);
    EXPECT_FALSE(writer);
    EXPECT_TRUE(reader.at_eof());
    EXPECT_TRUE(writer.is_closing());
    EXPECT_EQ(writer.buffered(), 0U);
    EXPECT_EQ(writer.get_extra_info("peername"), "");
    EXPECT_EQ(writer.get_socket(), nullptr);
    writer.close();
    writer.abort();
    EXPECT_FALSE(co_await as_result(reader.read(1)));
    EXPECT_ANY_THROW(writer.write("x"));
    EXPECT_ANY_THROW(writer.write_eof());
}

// -- writing --

CO_TEST_ON_1(stream, what_there_is_room_for_is_sent_at_once) {
    connection both;
    const sys::fault_plan plan;
    both.out().write("hello");
    both.out().write("");
    EXPECT_EQ(plan.calls(sys::call::send), 1U);
    EXPECT_EQ(both.out().buffered(), 0U);
    co_await both.out().drain();
    EXPECT_EQ(co_await both.in().read(64), "hello");
}

CO_TEST_ON_1(stream, lines_are_written_in_order_and_in_one_call) {
    connection both;
    const std::vector<std::string> lines{"one\n", "", "two\n", "three\n"};
    {
        const sys::fault_plan plan;
        both.out().writelines(lines);
        EXPECT_EQ(plan.calls(sys::call::send), 1U);
    }
    const std::vector<std::span<const std::byte>> pieces{bytes_of("four"), {}, bytes_of("\n")};
    both.out().writelines(pieces);
    both.out().writelines(std::span<const std::string>());
    both.out().close();
    EXPECT_EQ(co_await both.in().read(), "one\ntwo\nthree\nfour\n");
}

CO_TEST(stream, hundreds_of_pieces_come_in_order) {
    connection both;
    std::vector<std::string> pieces(100, "");
    std::string all;
    for (int i = 0; i != 300; ++i) {
        all += pieces.emplace_back(std::to_string(i) + ' ');
    }
    both.out().writelines(pieces);
    both.out().close();
    EXPECT_EQ(co_await both.in().read(), all);
}

CO_TEST(stream, drain_waits_for_a_peer_that_does_not_read) {
    connection both;
    const std::string block(mebibyte, 'x');
    both.out().write(block);
    EXPECT_GT(both.out().buffered(), 64 * 1024U);
    EXPECT_LT(both.out().buffered(), block.size());
    auto t = create_task(both.out().drain());
    co_await sleep(1h);
    EXPECT_FALSE(t.done());
    std::size_t got = 0;
    while (!t.done()) {
        got += (co_await both.in().read(4096)).size();
        co_await sleep(1ms);
    }
    co_await t;
    EXPECT_LE(both.out().buffered(), 16 * 1024U);
    both.out().close();
    got += (co_await both.in().read()).size();
    EXPECT_EQ(got, block.size());
}

CO_TEST(stream, the_marks_say_when_drain_waits) {
    connection both;
    EXPECT_THROW(both.out().set_write_buffer_limits(1, 2), std::invalid_argument);
    both.out().set_write_buffer_limits(4 * mebibyte, 0);
    both.out().write(std::string(mebibyte, 'x'));
    EXPECT_GT(both.out().buffered(), 0U);
    co_await both.out().drain(); // less than the high mark
    both.out().set_write_buffer_limits(0, 0);
    both.out().write("y");
    auto t = create_task(both.out().drain());
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    EXPECT_EQ((co_await both.in().readexactly(mebibyte + 1)).back(), 'y');
    co_await t;
    EXPECT_EQ(both.out().buffered(), 0U);
}

CO_TEST(stream, several_tasks_drain_one_writer) {
    connection both;
    both.out().write(std::string(mebibyte, 'x'));
    std::vector<task<>> all;
    for (int i = 0; i != 5; ++i) {
        all.push_back(create_task(both.out().drain()));
    }
    co_await sleep(1ms);
    all[2].cancel();
    EXPECT_EQ((co_await both.in().readexactly(mebibyte)).size(), mebibyte);
    for (std::size_t i = 0; i != all.size(); ++i) {
        EXPECT_EQ((co_await as_result(all[i])).cancelled(), i == 2);
    }
}

CO_TEST(stream, a_dropped_connection_sends_what_was_written) {
    auto [near, far] = socket::pair();
    auto reader = open_stream(std::move(far)).first;
    {
        auto ends = open_stream(std::move(near));
        ends.second.write(std::string(mebibyte, 'x'));
    }
    EXPECT_EQ((co_await reader.read()).size(), mebibyte);
}

// -- the end --

CO_TEST(stream, after_write_eof_the_other_direction_goes_on) {
    connection both;
    both.out().write("question");
    both.out().write_eof();
    both.out().write_eof();
    EXPECT_THROW(both.out().write("x"), invalid_state_error);
    EXPECT_EQ(co_await both.in().read(), "question");
    both.far.second.write("answer");
    both.far.second.close();
    EXPECT_EQ(co_await both.near.first.read(), "answer");
}

CO_TEST(stream, write_eof_comes_after_what_is_unsent) {
    connection both;
    both.out().write(std::string(mebibyte, 'x'));
    both.out().write_eof();
    EXPECT_EQ((co_await both.in().read()).size(), mebibyte);
    both.far.second.write("answer");
    both.far.second.close();
    EXPECT_EQ(co_await both.near.first.read(), "answer");
}

CO_TEST(stream, close_sends_the_rest_and_wait_closed_waits_for_that) {
    connection both;
    both.out().write(std::string(mebibyte, 'x'));
    EXPECT_FALSE(both.out().is_closing());
    both.out().close();
    both.out().close();
    EXPECT_TRUE(both.out().is_closing());
    EXPECT_THROW(both.out().write("x"), invalid_state_error);
    auto t = create_task(both.out().wait_closed());
    co_await sleep(1ms);
    EXPECT_FALSE(t.done());
    EXPECT_EQ((co_await both.in().read()).size(), mebibyte);
    co_await t;
    co_await both.out().wait_closed();
}

CO_TEST(stream, who_reads_sees_the_end_when_this_end_is_closed) {
    connection both;
    auto t = create_task(both.near.first.read());
    auto other = create_task(both.in().readline());
    co_await sleep(1ms);
    both.near.second.close();
    EXPECT_EQ(co_await t, "");
    EXPECT_EQ(co_await other, "");
    std::array<std::byte, 4> room{};
    EXPECT_EQ(co_await both.near.first.read_into(room), 0U);
}

CO_TEST(stream, abort_ends_a_peer_that_never_reads) {
    connection both;
    both.out().write(std::string(mebibyte, 'x'));
    auto drained = create_task(both.out().drain());
    auto closed = create_task(both.out().wait_closed());
    co_await sleep(1ms);
    both.out().abort();
    EXPECT_EQ(both.out().buffered(), 0U);
    EXPECT_EQ(code_of((co_await as_result(drained)).error()), std::errc::connection_aborted);
    EXPECT_EQ(code_of((co_await as_result(closed)).error()), std::errc::connection_aborted);
    EXPECT_LT((co_await both.in().read()).size(), mebibyte);
}

CO_TEST(stream, abort_of_a_writer_that_has_sent_all_is_no_failure) {
    connection both;
    both.out().write("x");
    both.out().abort();
    co_await both.out().wait_closed();
    EXPECT_EQ(co_await both.in().read(), "x");
}

CO_TEST(stream, it_knows_its_names_and_its_socket) {
    connection both(co_await test_support::tcp_pair());
    EXPECT_EQ(both.near.second.get_extra_info("sockname"),
              both.far.second.get_extra_info("peername"));
    CO_ASSERT_NE(both.out().get_socket(), nullptr);
    EXPECT_EQ(both.out().get_socket()->local_address().str(),
              both.out().get_extra_info("sockname"));
    EXPECT_EQ(both.out().get_extra_info("cipher"), "");
}

CO_TEST(stream, the_ends_are_used_on_two_tasks_and_moved) {
    connection both;
    stream_reader in;
    in = std::move(both.far.first);
    stream_writer out(std::move(both.near.second));
    EXPECT_FALSE(both.far.first); // NOLINT(bugprone-use-after-move): that is what is asked
    auto t = create_task([](stream_writer out) -> coro<> {
        for (int i = 0; i != 100; ++i) {
            out.write(std::to_string(i) + "\n");
            co_await out.drain();
        }
        out.close();
    }(std::move(out)));
    for (int i = 0; i != 100; ++i) {
        EXPECT_EQ(co_await in.readline(), std::to_string(i) + "\n");
    }
    EXPECT_EQ(co_await in.readline(), "");
    co_await t;
}

// -- cancels --

CO_TEST(stream, a_cancelled_readexactly_into_gives_back_what_it_took) {
    connection both;
    std::array<std::byte, 8> room{};
    auto t = create_task(both.in().readexactly_into(room));
    both.out().write("abc");
    co_await sleep(1ms);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    both.out().write("def");
    EXPECT_EQ(co_await both.in().readexactly(6), "abcdef");
}

CO_TEST(stream, a_cancel_leaves_what_came_in_the_reader) {
    connection both;
    for (int i = 0; i != 20; ++i) {
        auto line = create_task(both.in().readline());
        both.out().write(std::to_string(i));
        co_await sleep(1ms);
        line.cancel();
        EXPECT_TRUE((co_await as_result(line)).cancelled());
        auto exactly = create_task(both.in().readexactly(100));
        both.out().write("-");
        co_await sleep(1ms);
        exactly.cancel();
        EXPECT_TRUE((co_await as_result(exactly)).cancelled());
        both.out().write("\n");
        EXPECT_EQ(co_await both.in().readline(), std::to_string(i) + "-\n");
    }
}

TEST(stream, a_cancel_anywhere_doubles_nothing_and_loses_nothing_before_the_end) {
    std::string got;
    const auto program = [](std::string& got) -> coro<> {
        connection both;
        (void)create_task([](stream_ends mine) -> coro<> { // its end closes the connection
            for (const char* each : {"a\nb", "c\nde", "f\n"}) {
                mine.second.write(each);
                co_await sleep(1ms);
            }
        }(std::move(both.near)));
        for (;;) {
            const std::string line = co_await both.in().readline();
            if (line.empty()) {
                break;
            }
            got += line;
        }
    };
    const std::size_t points = cancel_everywhere(
        [&] {
            got.clear();
            return program(got);
        },
        [&] { return std::string("a\nbc\ndef\n").starts_with(got); });
    EXPECT_GT(points, 5U);
}

} // namespace
} // namespace eddy
