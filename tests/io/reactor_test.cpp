// reactor_test.cpp — who waits for a descriptor hears of it once.
//
// Covers:    one-shot waits, watches, both directions, hang-up, errors, forgetting and reuse of
//            numbers, interrupts, siblings that poll, failing system calls.
// Not here:  threads that poll and disarm at random -> tests/stress/reactor_stress.cpp

#include "support/counting_wait.hpp"
#include <eddy/base/fault_plan.hpp>
#include <eddy/io/reactor.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

using eddy::fd_wait;
using eddy::interest;
using eddy::owned_fd;
using eddy::reactor;
using eddy::removed_watch;
using eddy::sys::call;

using waiter = eddy::test_support::counting_wait;

constexpr std::size_t many = 64;

struct pipe_ends {
    pipe_ends() : pipe_ends(eddy::sys::pipe2()) {}
    explicit pipe_ends(std::array<int, 2> ends) : in(ends[0]), out(ends[1]) {}

    void send() const {
        const std::array<std::byte, 1> byte{};
        ASSERT_EQ(eddy::sys::write(out.get(), byte).bytes, 1U);
    }
    void receive() const {
        std::array<std::byte, 1> byte{};
        ASSERT_EQ(eddy::sys::read(in.get(), byte).bytes, 1U);
    }
    void fill() const {
        const std::vector<std::byte> block(4096);
        while (!eddy::sys::write(out.get(), block).would_block()) {
        }
    }

    owned_fd in;
    owned_fd out;
};

/// Two connected sockets.
struct socket_pair {
    socket_pair() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()),
                  0);
        a.reset(ends[0]);
        b.reset(ends[1]);
    }
    owned_fd a;
    owned_fd b;
};

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

// -- one-shot waits --

TEST(reactor, a_reader_is_called_when_there_is_something_to_read) {
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    pipe.send();
    EXPECT_EQ(loop.poll(reactor::forever, many), 1U);
    EXPECT_EQ(wait.calls, 1);
    EXPECT_TRUE(wait.events & EPOLLIN);
}

TEST(reactor, a_wait_is_called_once_per_arm) {
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    pipe.send();
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(wait.calls, 2);
}

TEST(reactor, what_is_ready_but_waited_for_by_nobody_does_not_keep_the_loop_awake) {
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    pipe.send();
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    const std::int64_t start = eddy::sys::monotonic_ns();
    EXPECT_EQ(loop.poll(1ms, many), 0U);
    EXPECT_GE(eddy::sys::monotonic_ns() - start, 1'000'000);
}

TEST(reactor, a_writer_is_called_when_there_is_room) {
    reactor loop;
    const pipe_ends pipe;
    pipe.fill();
    waiter wait;
    ASSERT_FALSE(loop.arm(pipe.out.get(), interest::write, wait));
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    std::vector<std::byte> room(1 << 20);
    ASSERT_GT(eddy::sys::read(pipe.in.get(), room).bytes, 0U);
    EXPECT_EQ(loop.poll(reactor::forever, many), 1U);
    EXPECT_TRUE(wait.events & EPOLLOUT);
}

TEST(reactor, a_reader_and_a_writer_wait_on_one_descriptor) {
    reactor loop;
    const socket_pair sockets;
    waiter reader;
    waiter writer;
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::read, reader));
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::write, writer));
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(writer.calls, 1);
    EXPECT_EQ(reader.calls, 0);
    const std::array<std::byte, 1> byte{};
    ASSERT_EQ(eddy::sys::write(sockets.b.get(), byte).bytes, 1U);
    EXPECT_EQ(loop.poll(0ns, many), 1U) << "the writer's event must not silence the reader";
    EXPECT_EQ(reader.calls, 1);
}

TEST(reactor, a_hang_up_wakes_both_directions) {
    reactor loop;
    socket_pair sockets;
    waiter reader;
    waiter writer;
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::read, reader));
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::write, writer));
    sockets.b.reset();
    EXPECT_EQ(loop.poll(0ns, many), 2U);
    EXPECT_TRUE(reader.events & EPOLLHUP);
    EXPECT_TRUE(writer.events & EPOLLHUP);
}

TEST(reactor, the_end_of_a_pipe_wakes_its_reader) {
    reactor loop;
    pipe_ends pipe;
    waiter wait;
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    pipe.out.reset();
    EXPECT_EQ(loop.poll(0ns, many), 1U);
}

TEST(reactor, a_disarmed_wait_is_not_called) {
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    pipe.send();
    EXPECT_TRUE(loop.disarm(wait));
    EXPECT_FALSE(loop.disarm(wait));
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    EXPECT_EQ(wait.calls, 0);
}

TEST(reactor, disarm_comes_too_late_after_the_call) {
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    EXPECT_FALSE(loop.disarm(wait));
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    pipe.send();
    loop.poll(0ns, many);
    EXPECT_FALSE(loop.disarm(wait));
}

TEST(reactor, disarming_one_direction_leaves_the_other) {
    reactor loop;
    const socket_pair sockets;
    waiter reader;
    waiter writer;
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::read, reader));
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::write, writer));
    EXPECT_TRUE(loop.disarm(reader));
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(writer.calls, 1);
}

TEST(reactor, a_wait_may_arm_itself_again_when_it_is_called) {
    struct persistent : fd_wait {
        persistent(reactor& loop, int fd)
            : fd_wait([](fd_wait& wait, unsigned) noexcept {
                  auto& self = static_cast<persistent&>(wait);
                  ++self.calls;
                  EXPECT_FALSE(self.loop.arm(self.fd, interest::read, self));
              }),
              loop(loop), fd(fd) {}
        reactor& loop;
        int fd;
        int calls = 0;
    };
    reactor loop;
    const pipe_ends pipe;
    pipe.send();
    persistent wait(loop, pipe.in.get());
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(wait.calls, 2);
    EXPECT_TRUE(loop.disarm(wait));
}

TEST(reactor, takes_at_most_the_events_it_is_asked_for) {
    reactor loop;
    const std::array<pipe_ends, 5> pipes;
    std::array<waiter, 5> waits;
    for (std::size_t i = 0; i < pipes.size(); ++i) {
        pipes[i].send();
        ASSERT_FALSE(loop.arm(pipes[i].in.get(), interest::read, waits[i]));
    }
    EXPECT_EQ(loop.poll(0ns, 2), 2U);
    EXPECT_EQ(loop.poll(0ns, 2), 2U);
    EXPECT_EQ(loop.poll(0ns, 2), 1U);
    for (const waiter& wait : waits) {
        EXPECT_EQ(wait.calls, 1);
    }
}

// -- errors --

TEST(reactor, a_second_wait_for_the_same_is_refused) {
    reactor loop;
    const pipe_ends pipe;
    waiter first;
    waiter second;
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, first));
    EXPECT_EQ(loop.arm(pipe.in.get(), interest::read, second), std::errc::file_exists);
    pipe.send();
    loop.poll(0ns, many);
    EXPECT_EQ(first.calls, 1);
    EXPECT_EQ(second.calls, 0);
}

TEST(reactor, a_descriptor_that_is_not_open_is_refused) {
    reactor loop;
    waiter wait;
    for (const int fd : {-1, 1 << 30, 900}) {
        EXPECT_EQ(loop.arm(fd, interest::read, wait), std::errc::bad_file_descriptor) << fd;
        EXPECT_FALSE(loop.disarm(wait));
    }
}

TEST(reactor, a_regular_file_is_refused_because_it_is_always_ready) {
    reactor loop;
    std::string name = (std::filesystem::temp_directory_path() / "eddy-XXXXXX").string();
    const owned_fd file(::mkostemp(name.data(), O_CLOEXEC));
    ::unlink(name.c_str());
    waiter wait;
    EXPECT_EQ(loop.arm(file.get(), interest::read, wait), std::errc::operation_not_permitted);
    EXPECT_FALSE(loop.disarm(wait));
}

TEST(reactor, a_failed_registration_leaves_nothing_behind) {
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    {
        eddy::sys::fault_plan plan;
        plan.fail(call::epoll_ctl, 1, ENOSPC, eddy::sys::fault_plan::no_limit);
        EXPECT_EQ(loop.arm(pipe.in.get(), interest::read, wait), std::errc::no_space_on_device);
        EXPECT_EQ(loop.add_reader(pipe.in.get(), wait), std::errc::no_space_on_device);
    }
    EXPECT_FALSE(loop.disarm(wait));
    EXPECT_EQ(loop.remove_reader(pipe.in.get()).watch, nullptr);
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    EXPECT_TRUE(loop.disarm(wait));
}

TEST(reactor, a_failed_second_direction_leaves_the_first_alone) {
    reactor loop;
    const socket_pair sockets;
    waiter reader;
    waiter writer;
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::read, reader));
    {
        eddy::sys::fault_plan plan;
        plan.fail(call::epoll_ctl, 1, ENOMEM);
        EXPECT_EQ(loop.arm(sockets.a.get(), interest::write, writer), std::errc::not_enough_memory);
    }
    const std::array<std::byte, 1> byte{};
    ASSERT_EQ(eddy::sys::write(sockets.b.get(), byte).bytes, 1U);
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(reader.calls, 1);
}

TEST(reactor, who_cannot_be_registered_again_after_an_event_hears_of_an_error) {
    reactor loop;
    const socket_pair sockets;
    waiter reader;
    waiter writer;
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::read, reader));
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::write, writer));
    eddy::sys::fault_plan plan;
    plan.fail(call::epoll_ctl, 1, ENOMEM);
    EXPECT_EQ(loop.poll(0ns, many), 2U);
    EXPECT_EQ(reader.events, static_cast<unsigned>(EPOLLERR));
}

TEST(reactor, a_failed_construction_leaks_nothing) {
    const std::size_t before = open_descriptors();
    for (const call which : {call::epoll_create1, call::eventfd, call::epoll_ctl}) {
        eddy::sys::fault_plan plan;
        plan.fail(which, 1, EMFILE);
        EXPECT_THROW(const reactor loop, std::system_error);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(reactor, a_signal_is_a_poll_without_events) {
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    pipe.send();
    eddy::sys::fault_plan plan;
    plan.fail(call::epoll_pwait2, 1, EINTR);
    EXPECT_EQ(loop.poll(reactor::forever, many), 0U);
    EXPECT_EQ(loop.poll(reactor::forever, many), 1U);
}

TEST(reactor, works_on_a_kernel_without_epoll_pwait2) {
    eddy::sys::fault_plan plan;
    plan.fail(call::epoll_pwait2, 1, ENOSYS, eddy::sys::fault_plan::no_limit);
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    pipe.send();
    EXPECT_EQ(loop.poll(reactor::forever, many), 1U);
}

// -- watches --

TEST(reactor, a_watch_is_silent_until_it_is_armed_again) {
    reactor loop;
    const pipe_ends pipe;
    waiter watch;
    ASSERT_FALSE(loop.add_reader(pipe.in.get(), watch));
    pipe.send();
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    ASSERT_FALSE(loop.rearm(watch));
    EXPECT_EQ(loop.poll(0ns, many), 1U) << "level-triggered: the byte is still there";
    pipe.receive();
    ASSERT_FALSE(loop.rearm(watch));
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    EXPECT_EQ(loop.remove_reader(pipe.in.get()).was, removed_watch::found::waiting);
}

TEST(reactor, a_removed_watch_is_not_called) {
    reactor loop;
    const pipe_ends pipe;
    waiter watch;
    ASSERT_FALSE(loop.add_reader(pipe.in.get(), watch));
    pipe.send();
    const removed_watch removed = loop.remove_reader(pipe.in.get());
    EXPECT_EQ(removed.watch, &watch);
    EXPECT_EQ(removed.was, removed_watch::found::waiting);
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    EXPECT_EQ(loop.remove_reader(pipe.in.get()).was, removed_watch::found::nothing);
}

TEST(reactor, a_watch_removed_while_its_callback_runs_is_not_armed_again) {
    reactor loop;
    const pipe_ends pipe;
    waiter watch;
    ASSERT_FALSE(loop.add_reader(pipe.in.get(), watch));
    pipe.send();
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    const removed_watch removed = loop.remove_reader(pipe.in.get());
    EXPECT_EQ(removed.watch, &watch);
    EXPECT_EQ(removed.was, removed_watch::found::running);
    EXPECT_EQ(loop.rearm(watch), std::errc::operation_canceled);
    EXPECT_EQ(loop.poll(0ns, many), 0U);
}

TEST(reactor, a_new_watch_takes_the_place_of_a_removed_one) {
    reactor loop;
    const pipe_ends pipe;
    waiter old_watch;
    waiter new_watch;
    ASSERT_FALSE(loop.add_reader(pipe.in.get(), old_watch));
    EXPECT_EQ(loop.add_reader(pipe.in.get(), new_watch), std::errc::file_exists);
    pipe.send();
    loop.poll(0ns, many);
    loop.remove_reader(pipe.in.get());
    ASSERT_FALSE(loop.add_reader(pipe.in.get(), new_watch));
    EXPECT_EQ(loop.rearm(old_watch), std::errc::operation_canceled);
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(new_watch.calls, 1);
    loop.remove_reader(pipe.in.get());
}

TEST(reactor, watches_of_both_directions_are_apart) {
    reactor loop;
    const socket_pair sockets;
    waiter reader;
    waiter writer;
    ASSERT_FALSE(loop.add_reader(sockets.a.get(), reader));
    ASSERT_FALSE(loop.add_writer(sockets.a.get(), writer));
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    ASSERT_FALSE(loop.rearm(writer));
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(writer.calls, 2);
    EXPECT_EQ(reader.calls, 0);
    EXPECT_EQ(loop.remove_writer(sockets.a.get()).watch, &writer);
    EXPECT_EQ(loop.remove_reader(sockets.a.get()).was, removed_watch::found::waiting);
}

TEST(reactor, a_one_shot_wait_is_no_watch_to_remove) {
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    EXPECT_EQ(loop.remove_reader(pipe.in.get()).was, removed_watch::found::nothing);
    EXPECT_TRUE(loop.disarm(wait));
}

TEST(reactor, a_watch_whose_descriptor_was_closed_is_dropped_with_the_error) {
    reactor loop;
    pipe_ends pipe;
    waiter watch;
    ASSERT_FALSE(loop.add_reader(pipe.in.get(), watch));
    const int number = pipe.in.get();
    pipe.send();
    loop.poll(0ns, many);
    pipe.in.reset();
    EXPECT_EQ(loop.rearm(watch), std::errc::bad_file_descriptor);
    EXPECT_EQ(loop.remove_reader(number).was, removed_watch::found::nothing);
}

// -- descriptors that end --

TEST(reactor, a_forgotten_descriptor_wakes_those_who_wait) {
    reactor loop;
    const socket_pair sockets;
    waiter reader;
    waiter writer;
    ASSERT_FALSE(loop.arm(sockets.a.get(), interest::read, reader));
    ASSERT_FALSE(loop.add_writer(sockets.a.get(), writer));
    loop.forget(sockets.a.get());
    EXPECT_EQ(reader.events, fd_wait::forgotten);
    EXPECT_EQ(writer.events, fd_wait::forgotten);
    EXPECT_EQ(loop.rearm(writer), std::errc::operation_canceled);
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    loop.forget(sockets.a.get());
    EXPECT_EQ(reader.calls, 1);
}

TEST(reactor, a_reused_number_does_not_get_the_events_of_the_old_file) {
    reactor loop;
    waiter old_wait;
    waiter new_wait;
    int number = -1;
    owned_fd copy; // keeps the old file alive
    {
        const pipe_ends pipe;
        number = pipe.in.get();
        ASSERT_FALSE(loop.arm(number, interest::read, old_wait));
        pipe.send();
        EXPECT_TRUE(loop.disarm(old_wait));
        copy.reset(::fcntl(number, F_DUPFD_CLOEXEC, 0));
    }
    const pipe_ends next;
    ASSERT_EQ(next.in.get(), number);
    ASSERT_FALSE(loop.arm(number, interest::read, new_wait));
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    next.send();
    EXPECT_EQ(loop.poll(0ns, many), 1U);
    EXPECT_EQ(new_wait.calls, 1);
    EXPECT_EQ(old_wait.calls, 0);
}

TEST(reactor, a_number_closed_after_its_event_and_reused_can_be_armed) {
    reactor loop;
    waiter wait;
    int number = -1;
    {
        const pipe_ends pipe;
        number = pipe.in.get();
        pipe.send();
        ASSERT_FALSE(loop.arm(number, interest::read, wait));
        ASSERT_EQ(loop.poll(0ns, many), 1U);
    }
    const pipe_ends next;
    ASSERT_EQ(next.in.get(), number);
    ASSERT_FALSE(loop.arm(number, interest::read, wait));
    next.send();
    EXPECT_EQ(loop.poll(0ns, many), 1U);
}

// -- interrupts and siblings --

TEST(reactor, an_interrupt_ends_the_wait) {
    reactor loop;
    loop.interrupt();
    EXPECT_EQ(loop.poll(reactor::forever, many), 0U);
    EXPECT_EQ(loop.poll(0ns, many), 0U);
}

TEST(reactor, an_interrupt_from_another_thread_ends_the_wait) {
    reactor loop;
    const std::jthread other([&] { loop.interrupt(); });
    EXPECT_EQ(loop.poll(reactor::forever, many), 0U);
}

TEST(reactor, a_sibling_leaves_interrupts_to_the_owner) {
    reactor loop;
    loop.interrupt();
    EXPECT_EQ(loop.poll(0ns, many, reactor::poller::sibling), 0U);
    EXPECT_EQ(loop.poll(reactor::forever, many), 0U) << "would wait for ever without it";
}

TEST(reactor, a_sibling_delivers_the_events_of_a_stuck_loop) {
    reactor loop;
    const pipe_ends pipe;
    waiter wait;
    ASSERT_FALSE(loop.arm(pipe.in.get(), interest::read, wait));
    pipe.send();
    std::jthread([&] { EXPECT_EQ(loop.poll(0ns, many, reactor::poller::sibling), 1U); }).join();
    EXPECT_EQ(loop.poll(0ns, many), 0U);
    EXPECT_EQ(wait.calls, 1);
}

TEST(reactor, its_own_descriptors_cannot_be_watched) {
    const int next_free = ::dup(0);
    ::close(next_free);
    reactor loop; // takes that number and the one after it
    waiter wait;
    EXPECT_EQ(loop.arm(next_free, interest::read, wait), std::errc::invalid_argument);
    EXPECT_FALSE(loop.disarm(wait));
}

} // namespace
