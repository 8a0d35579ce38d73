// reactor_look_test.cpp — what a reactor tells of those who wait in it, and delivery in two halves.
//
// Covers:    any_armed and all_watched through every way in and out; take_ready and call.
// Not here:  who is called when -> reactor_test.cpp

#include <eddy/io/reactor.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

namespace eddy {
namespace {

using namespace std::chrono_literals;

struct counter : fd_wait {
    counter()
        : fd_wait([](fd_wait& wait, unsigned) noexcept { ++static_cast<counter&>(wait).calls; }) {}
    int calls = 0;
};

struct pipe_ends {
    pipe_ends() : pipe_ends(sys::pipe2()) {}
    explicit pipe_ends(std::array<int, 2> ends) : in(ends[0]), out(ends[1]) {}
    void send() const {
        const std::array<std::byte, 1> byte{};
        ASSERT_EQ(sys::write(out.get(), byte).bytes, 1U);
    }
    owned_fd in;
    owned_fd out;
};

TEST(reactor_look, a_wait_counts_until_it_is_called_or_disarmed) {
    reactor io;
    const pipe_ends pipe;
    counter wait;
    EXPECT_FALSE(io.any_armed());
    ASSERT_FALSE(io.arm(pipe.in.get(), interest::read, wait));
    EXPECT_TRUE(io.any_armed());
    ASSERT_EQ(io.all_watched().size(), 1U);
    EXPECT_EQ(io.all_watched()[0].fd, pipe.in.get());
    EXPECT_TRUE(io.disarm(wait));
    EXPECT_FALSE(io.any_armed());
    ASSERT_FALSE(io.arm(pipe.in.get(), interest::read, wait));
    pipe.send();
    EXPECT_EQ(io.poll(0ns, 8), 1U);
    EXPECT_FALSE(io.any_armed());
    EXPECT_TRUE(io.all_watched().empty());
}

TEST(reactor_look, a_wait_that_could_not_be_armed_does_not_count) {
    reactor io;
    counter wait;
    EXPECT_TRUE(io.arm(-1, interest::read, wait));
    const pipe_ends pipe;
    counter second;
    ASSERT_FALSE(io.arm(pipe.in.get(), interest::read, wait));
    EXPECT_TRUE(io.arm(pipe.in.get(), interest::read, second));
    EXPECT_TRUE(io.disarm(wait));
    EXPECT_FALSE(io.any_armed());
}

TEST(reactor_look, a_watch_counts_as_armed_only_between_its_calls) {
    reactor io;
    const pipe_ends pipe;
    counter watch;
    ASSERT_FALSE(io.add_reader(pipe.in.get(), watch));
    pipe.send();
    EXPECT_EQ(io.poll(0ns, 8), 1U);
    EXPECT_FALSE(io.any_armed());
    EXPECT_EQ(io.all_watched().size(), 1U);
    ASSERT_FALSE(io.rearm(watch));
    EXPECT_TRUE(io.any_armed());
    (void)io.remove_reader(pipe.in.get());
    EXPECT_FALSE(io.any_armed());
    EXPECT_TRUE(io.all_watched().empty());
}

TEST(reactor_look, a_forgotten_descriptor_has_nobody_armed) {
    reactor io;
    const pipe_ends pipe;
    counter wait;
    ASSERT_FALSE(io.arm(pipe.in.get(), interest::read, wait));
    io.forget(pipe.in.get());
    EXPECT_FALSE(io.any_armed());
    EXPECT_EQ(wait.calls, 1);
}

TEST(reactor_look, what_was_taken_is_called_in_the_order_of_the_list) {
    reactor io;
    const pipe_ends first;
    const pipe_ends second;
    counter a;
    counter b;
    ASSERT_FALSE(io.arm(first.in.get(), interest::read, a));
    ASSERT_FALSE(io.arm(second.in.get(), interest::read, b));
    first.send();
    second.send();
    fd_wait_list ready;
    io.take_ready(0ns, 8, reactor::poller::owner, ready);
    EXPECT_EQ(a.calls + b.calls, 0);
    EXPECT_FALSE(io.disarm(a));
    EXPECT_EQ(a.descriptor(), std::pair(first.in.get(), interest::read));
    EXPECT_EQ(reactor::call(ready), 2U);
    EXPECT_EQ(a.calls, 1);
    EXPECT_EQ(b.calls, 1);
}

TEST(reactor_look, its_descriptor_is_readable_when_a_poll_has_something_to_do) {
    reactor io;
    reactor outer;
    counter wait;
    ASSERT_FALSE(outer.arm(io.fd(), interest::read, wait));
    EXPECT_EQ(outer.poll(0ns, 8), 0U);
    io.interrupt();
    EXPECT_EQ(outer.poll(0ns, 8), 1U);
}

} // namespace
} // namespace eddy
