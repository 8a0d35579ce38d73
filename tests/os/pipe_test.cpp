// pipe_test.cpp — reading and writing a pipe.
//
// Covers:    order, short reads and writes, the end, EPIPE without a signal, cancel, close while a
//            task waits, failures of the kernel.

#include <eddy/base/fault_plan.hpp>
#include <eddy/os/pipe.hpp>
#include <eddy/testing/co_test.hpp>

#include <cerrno>
#include <string>
#include <utility>

namespace eddy {
namespace {

using namespace std::chrono_literals;

std::string pattern(std::size_t bytes) {
    std::string out(bytes, '\0');
    for (std::size_t i = 0; i != bytes; ++i) {
        out[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
    }
    return out;
}

coro<> write_and_close(pipe_writer to, std::string text) {
    co_await to.write_all(text);
}

CO_TEST(pipe, what_is_written_is_read_and_then_the_end) {
    auto [reader, writer] = pipe();
    co_await writer.write_all("hello");
    EXPECT_EQ(co_await reader.read(2), "he");
    EXPECT_EQ(co_await reader.read(100), "llo");
    writer.close();
    EXPECT_EQ(co_await reader.read(100), "");
    EXPECT_EQ(co_await reader.read(100), ""); // and stays there
}

CO_TEST(pipe, more_than_a_pipe_holds_goes_through_it_in_order) {
    auto [reader, writer] = pipe();
    const std::string sent = pattern(1'000'000);
    auto t = create_task(write_and_close(std::move(writer), sent));
    EXPECT_EQ(co_await reader.read_all(), sent);
    co_await t;
}

TEST(pipe, calls_that_move_a_byte_or_are_interrupted_lose_nothing) {
    run_virtual(1, []() -> coro<> {
        auto [reader, writer] = pipe();
        sys::fault_plan plan;
        plan.shorten(sys::call::read, 1, 1, 500);
        plan.shorten(sys::call::write, 1, 1, 300);
        plan.fail(sys::call::read, 600, EINTR, 2);
        const std::string sent = pattern(2000);
        auto t = create_task(write_and_close(std::move(writer), sent));
        EXPECT_EQ(co_await reader.read_all(), sent);
        co_await t;
    });
}

CO_TEST(pipe, a_reader_waits_for_the_first_byte) {
    auto [reader, writer] = pipe();
    auto t = create_task(
        [](pipe_reader& from) -> coro<std::string> { co_return co_await from.read(10); },
        std::ref(reader));
    co_await yield();
    EXPECT_FALSE(t.done());
    co_await writer.write_all("x");
    EXPECT_EQ(co_await t, "x");
}

CO_TEST(pipe, a_write_that_nobody_reads_throws_epipe_and_raises_no_signal) {
    auto [reader, writer] = pipe(); // SIGPIPE has its default action in this program
    reader.close();
    const auto got = co_await as_result(writer.write_all("x"));
    try {
        got.value();
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::broken_pipe);
        EXPECT_NE(std::string(error.what()).find("write to a pipe"), std::string::npos);
    }
}

CO_TEST(pipe, a_cancelled_read_loses_nothing) {
    auto [reader, writer] = pipe();
    auto t = create_task(
        [](pipe_reader& from) -> coro<std::string> { co_return co_await from.read(10); },
        std::ref(reader));
    co_await yield();
    EXPECT_TRUE(t.cancel());
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    co_await writer.write_all("kept");
    EXPECT_EQ(co_await reader.read(10), "kept");
}

CO_TEST(pipe, close_wakes_who_waits) {
    auto [reader, writer] = pipe();
    auto t = create_task(
        [](pipe_reader& from) -> coro<std::string> { co_return co_await from.read(10); },
        std::ref(reader));
    co_await sleep(1ms);
    reader.close();
    EXPECT_TRUE((co_await as_result(t)).holds<std::system_error>());
    EXPECT_FALSE(static_cast<bool>(reader));
    EXPECT_TRUE((co_await as_result(reader.read(1))).holds<std::system_error>());
}

CO_TEST(pipe, one_that_was_never_opened_says_so) {
    pipe_reader reader;
    pipe_writer writer;
    EXPECT_FALSE(static_cast<bool>(reader));
    EXPECT_TRUE((co_await as_result(reader.read(1))).holds<std::system_error>());
    EXPECT_TRUE((co_await as_result(writer.write_all("x"))).holds<std::system_error>());
}

TEST(pipe, without_descriptors_it_cannot_be_made) {
    sys::fault_plan plan;
    plan.fail(sys::call::pipe2, 1, EMFILE);
    EXPECT_THROW((void)pipe(), std::system_error);
}

} // namespace
} // namespace eddy
