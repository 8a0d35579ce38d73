// readable_test.cpp — waiting for descriptors of other libraries.
//
// Covers:    waiting for descriptors of other libraries: ready, closed, cancelled, misused.
// Not here:  add_reader and add_writer -> event_loop_test.cpp; the reactor -> io/reactor_test.cpp.

#include <eddy/io/fd.hpp>
#include <eddy/testing/co_test.hpp>

#include <array>
#include <string>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

struct open_pipe {
    open_pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
        reader = ends[0];
        writer = ends[1];
    }
    open_pipe(const open_pipe&) = delete;
    open_pipe& operator=(const open_pipe&) = delete;
    ~open_pipe() {
        close(reader);
        close_writer();
    }
    void close_writer() {
        if (writer >= 0) {
            close(writer);
            writer = -1;
        }
    }
    void put(char c) const { EXPECT_EQ(write(writer, &c, 1), 1); }
    [[nodiscard]] char take() const {
        char c = '?';
        return read(reader, &c, 1) == 1 ? c : '\0';
    }
    // Gives the number of bytes it took.
    [[nodiscard]] std::size_t fill() const {
        std::size_t written = 0;
        const std::array<char, 4096> block{};
        for (ssize_t n = 0; (n = write(writer, block.data(), block.size())) > 0;) {
            written += static_cast<std::size_t>(n);
        }
        return written;
    }

    int reader = -1;
    int writer = -1;
};

coro<char> read_one(const open_pipe& from) {
    for (;;) {
        if (const char c = from.take(); c != '\0') {
            co_return c;
        }
        co_await readable(from.reader);
    }
}

CO_TEST(readable, it_waits_until_there_is_something) {
    const open_pipe pipe;
    auto t = create_task(read_one(pipe));
    co_await sleep(1s);
    EXPECT_FALSE(t.done());
    pipe.put('x');
    EXPECT_EQ(co_await t, 'x');
}

CO_TEST(readable, it_can_be_awaited_again_and_again) {
    const open_pipe pipe;
    for (const char c : std::string("eddy")) {
        auto t = create_task(read_one(pipe));
        co_await sleep(1ms);
        pipe.put(c);
        EXPECT_EQ(co_await t, c);
    }
}

CO_TEST(readable, what_came_from_another_thread_wakes_it) {
    const open_pipe pipe;
    auto t = create_task(read_one(pipe));
    std::thread other([&] { pipe.put('x'); });
    EXPECT_EQ(co_await t, 'x');
    other.join();
}

CO_TEST(readable, the_end_of_the_other_side_wakes_it) {
    open_pipe pipe;
    auto t = create_task([](int fd) -> coro<> { co_await readable(fd); }(pipe.reader));
    co_await sleep(1ms);
    pipe.close_writer();
    co_await t;
}

CO_TEST(readable, many_descriptors_each_wake_their_own_task) {
    std::array<open_pipe, 50> pipes;
    std::vector<task<char>> tasks;
    for (const open_pipe& each : pipes) {
        tasks.push_back(create_task(read_one(each)));
    }
    co_await sleep(1ms);
    for (std::size_t i = pipes.size(); i-- != 0;) {
        pipes[i].put(static_cast<char>('0' + i));
    }
    for (std::size_t i = 0; i != pipes.size(); ++i) {
        EXPECT_EQ(co_await tasks[i], static_cast<char>('0' + i));
    }
}

CO_TEST(readable, a_cancel_ends_it_and_the_next_wait_still_works) {
    const open_pipe pipe;
    auto t = create_task(read_one(pipe));
    co_await sleep(1ms);
    t.cancel();
    EXPECT_TRUE((co_await as_result(t)).cancelled());
    EXPECT_TRUE((co_await as_result(wait_for(read_one(pipe), 1s))).holds<timeout_error>());
    auto again = create_task(read_one(pipe));
    co_await sleep(1ms);
    pipe.put('x');
    EXPECT_EQ(co_await again, 'x');
}

CO_TEST(writable, it_waits_until_there_is_room) {
    const open_pipe pipe;
    const std::size_t size = pipe.fill();
    EXPECT_GT(size, 0U);
    auto t = create_task([](int fd) -> coro<> { co_await writable(fd); }(pipe.writer));
    co_await sleep(1s);
    EXPECT_FALSE(t.done());
    std::vector<char> sink(size);
    EXPECT_EQ(read(pipe.reader, sink.data(), size), static_cast<ssize_t>(size));
    co_await t;
}

CO_TEST(readable, a_regular_file_is_always_ready) {
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    const auto start = now();
    co_await readable(file);
    EXPECT_EQ(now(), start);
    close(file);
}

CO_TEST(readable, a_descriptor_that_is_none_is_a_system_error) {
    auto result = co_await as_result(readable(-1));
    EXPECT_TRUE(result.holds<std::system_error>());
    EXPECT_NE(describe(result.error()).find("readable"), std::string::npos);
}

CO_TEST(readable, two_that_wait_for_the_same_are_an_error_for_the_second) {
    const open_pipe pipe;
    auto body = [](int fd) -> coro<> { co_await readable(fd); };
    co_await create_task(
        [](const open_pipe& pipe, auto body) -> coro<> {
            auto first = create_task(body(pipe.reader), {.pinned = true});
            co_await sleep(1ms);
            auto second = create_task(body(pipe.reader), {.pinned = true});
            const auto result = co_await as_result(second);
            EXPECT_TRUE(result.template holds<std::system_error>());
            pipe.put('x');
            co_await first;
        }(pipe, body),
        {.pinned = true});
}

} // namespace
} // namespace eddy
