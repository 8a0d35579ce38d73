// registration_test.cpp — a descriptor that is registered once, with what is remembered of it.
//
// Covers:    waiting and moving, both directions, ends of streams, withdrawing, closing while
//            somebody waits or is in a call, giving away, numbers that are used again, the end of a
//            reactor, failing system calls.
// Not here:  interleavings -> tests/model/readiness_model.cpp; tasks -> sched/async_fd_test.cpp.

#include "support/counting_wait.hpp"
#include <eddy/base/fault_plan.hpp>
#include <eddy/base/syscall_socket.hpp>
#include <eddy/io/reactor.hpp>
#include <eddy/io/registration.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

using namespace std::chrono_literals;

namespace {

using eddy::call_found;
using eddy::call_start;
using eddy::fd_wait;
using eddy::interest;
using eddy::owned_fd;
using eddy::reactor;
using eddy::registration;
using eddy::wait_start;
using eddy::sys::call;

using waiter = eddy::test_support::counting_wait;

constexpr std::size_t many = 64;

/// A registration that is given back at the end.
struct owned_registration {
    explicit owned_registration(int fd) : it(registration::open(owned_fd(fd))) {}
    ~owned_registration() { it.dispose(); }
    owned_registration(const owned_registration&) = delete;
    owned_registration& operator=(const owned_registration&) = delete;

    /// A call that finds nothing.
    void exhaust(interest what) const {
        ASSERT_EQ(it.begin(what), call_start::go);
        it.end(what, call_found::nothing);
    }
    [[nodiscard]] wait_start wait(interest what, fd_wait& who, reactor& at) const {
        return it.wait(what, who, at).result;
    }
    /// Receives all there is, and gives how much.
    [[nodiscard]] std::size_t receive() const {
        std::array<std::byte, 64> room{};
        EXPECT_EQ(it.begin(interest::read), call_start::go);
        const eddy::sys::io_result got = eddy::sys::recv(it.fd(), room);
        it.end(interest::read, got.would_block() ? call_found::nothing : call_found::the_end);
        return got.bytes;
    }

    registration& it;
};

struct connection {
    connection() : connection(eddy::sys::socketpair(AF_UNIX, SOCK_STREAM)) {}
    explicit connection(const eddy::sys::fd_pair& made) : near(made.fds[0]), far(made.fds[1]) {}

    void send() const {
        const std::array<std::byte, 1> byte{};
        ASSERT_EQ(eddy::sys::send(far.get(), byte).bytes, 1U);
    }

    owned_registration near;
    owned_fd far;
};

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

TEST(registration, who_waits_is_called_when_something_comes) {
    reactor here;
    const connection both;
    waiter who;
    both.near.exhaust(interest::read);
    EXPECT_EQ(both.near.wait(interest::read, who, here), wait_start::waiting);
    EXPECT_TRUE(here.any_armed());
    EXPECT_EQ(both.near.it.home(), &here);
    EXPECT_EQ(who.descriptor(), std::pair(both.near.it.fd(), interest::read));
    EXPECT_EQ(here.poll(0ns, many), 0U);
    both.send();
    EXPECT_EQ(here.poll(0ns, many), 1U);
    EXPECT_EQ(who.calls, 1);
    EXPECT_NE(who.events & EPOLLIN, 0U);
    EXPECT_FALSE(here.any_armed());
    EXPECT_EQ(both.near.receive(), 1U);
}

TEST(registration, it_is_registered_once) {
    reactor here;
    const connection both;
    const eddy::sys::fault_plan plan;
    both.near.exhaust(interest::read);
    for (int i = 0; i != 5; ++i) {
        waiter who;
        EXPECT_EQ(both.near.wait(interest::read, who, here), wait_start::waiting);
        both.send();
        EXPECT_EQ(here.poll(0ns, many), 1U);
        EXPECT_EQ(both.near.receive(), 1U);
        EXPECT_FALSE(both.near.it.ready_hint(interest::read));
        both.send();
        EXPECT_EQ(here.poll(0ns, many), 0U); // nobody waits; it is remembered
        EXPECT_TRUE(both.near.it.ready_hint(interest::read));
        EXPECT_EQ(both.near.receive(), 1U);
    }
    EXPECT_EQ(plan.calls(call::epoll_ctl), 1U);
}

TEST(registration, both_directions_wait_at_once) {
    reactor here;
    const connection both;
    waiter reader;
    waiter writer;
    both.near.exhaust(interest::read);
    both.near.exhaust(interest::write);
    EXPECT_EQ(both.near.wait(interest::read, reader, here), wait_start::waiting);
    EXPECT_EQ(both.near.wait(interest::write, writer, here), wait_start::waiting);
    EXPECT_EQ(here.poll(0ns, many), 1U);
    EXPECT_EQ(writer.calls, 1);
    both.send();
    EXPECT_EQ(here.poll(0ns, many), 1U);
    EXPECT_EQ(reader.calls, 1);
}

TEST(registration, an_end_that_comes_with_bytes_is_seen_after_them) {
    reactor here;
    connection both;
    waiter who;
    both.near.exhaust(interest::read);
    EXPECT_EQ(both.near.wait(interest::read, who, here), wait_start::waiting);
    both.send();
    both.far.reset();
    EXPECT_EQ(here.poll(0ns, many), 1U);
    EXPECT_EQ(both.near.receive(), 1U);
    EXPECT_TRUE(both.near.it.ready_hint(interest::read));
    EXPECT_EQ(both.near.receive(), 0U);
}

TEST(registration, what_came_before_the_first_wait_is_an_event) {
    reactor here;
    const connection both;
    waiter who;
    both.near.exhaust(interest::read);
    both.send();
    EXPECT_EQ(both.near.wait(interest::read, who, here), wait_start::waiting);
    EXPECT_EQ(here.poll(0ns, many), 1U);
}

TEST(registration, who_withdraws_is_not_called_and_loses_no_event) {
    reactor here;
    const connection both;
    waiter first;
    waiter second;
    both.near.exhaust(interest::read);
    EXPECT_EQ(both.near.wait(interest::read, first, here), wait_start::waiting);
    EXPECT_TRUE(both.near.it.withdraw(interest::read, first));
    EXPECT_FALSE(both.near.it.withdraw(interest::read, first));
    both.send();
    EXPECT_EQ(here.poll(0ns, many), 0U);
    EXPECT_EQ(first.calls, 0);
    EXPECT_EQ(both.near.wait(interest::read, second, here), wait_start::ready);
}

TEST(registration, it_moves_to_where_its_reader_keeps_being) {
    reactor old;
    reactor fresh;
    const connection both;
    const auto wait_at = [&](reactor& at) {
        waiter who;
        EXPECT_EQ(both.near.wait(interest::read, who, at), wait_start::waiting);
        both.send();
        EXPECT_EQ(old.poll(0ns, many) + fresh.poll(0ns, many), 1U);
        EXPECT_EQ(both.near.receive(), 1U);
    };
    both.near.exhaust(interest::read);
    wait_at(old);
    for (int i = 0; i != 3; ++i) {
        wait_at(fresh);
        EXPECT_EQ(both.near.it.home(), &old);
    }
    wait_at(old); // that ends the row
    for (int i = 0; i != 3; ++i) {
        wait_at(fresh);
        EXPECT_EQ(both.near.it.home(), &old);
    }
    wait_at(fresh);
    EXPECT_EQ(both.near.it.home(), &fresh);
}

TEST(registration, closing_calls_who_waits_and_closes_the_descriptor) {
    reactor here;
    const connection both;
    const int fd = both.near.it.fd();
    waiter reader;
    waiter writer;
    both.near.exhaust(interest::read);
    both.near.exhaust(interest::write);
    EXPECT_EQ(both.near.wait(interest::read, reader, here), wait_start::waiting);
    EXPECT_EQ(both.near.wait(interest::write, writer, here), wait_start::waiting);
    EXPECT_FALSE(both.near.it.close());
    EXPECT_EQ(reader.calls, 1);
    EXPECT_EQ(reader.events, fd_wait::forgotten);
    EXPECT_EQ(writer.calls, 1);
    EXPECT_EQ(both.near.it.fd(), -1);
    EXPECT_FALSE(is_open(fd));
    EXPECT_EQ(both.near.it.begin(interest::read), call_start::closed);
    waiter late;
    EXPECT_EQ(both.near.wait(interest::read, late, here), wait_start::closed);
    EXPECT_FALSE(here.any_armed());
}

TEST(registration, a_descriptor_in_use_is_closed_by_who_uses_it_last) {
    const connection both;
    const int fd = both.near.it.fd();
    ASSERT_EQ(both.near.it.begin(interest::read), call_start::go);
    ASSERT_EQ(both.near.it.begin(interest::write), call_start::go);
    const eddy::sys::fault_plan plan;
    EXPECT_FALSE(both.near.it.close());
    EXPECT_FALSE(both.near.it.close());
    EXPECT_EQ(both.near.it.fd(), fd);
    both.near.it.end(interest::write, call_found::more);
    EXPECT_TRUE(is_open(fd));
    both.near.it.end(interest::read, call_found::more);
    EXPECT_FALSE(is_open(fd));
    EXPECT_EQ(plan.calls(call::close), 1U);
}

TEST(registration, an_error_of_the_close_is_given_to_who_closes) {
    const connection both;
    eddy::sys::fault_plan plan;
    plan.fail(call::close, 1, EIO);
    EXPECT_EQ(both.near.it.close(), std::errc::io_error);
}

TEST(registration, what_is_given_away_stays_open_and_leaves_the_epoll) {
    reactor here;
    const connection both;
    waiter who;
    both.near.exhaust(interest::read);
    EXPECT_EQ(both.near.wait(interest::read, who, here), wait_start::waiting);
    const owned_fd given = both.near.it.give_away();
    EXPECT_EQ(who.events, fd_wait::forgotten);
    EXPECT_TRUE(is_open(given.get()));
    both.send();
    EXPECT_EQ(here.poll(0ns, many), 0U);
    EXPECT_FALSE(both.near.it.give_away());
}

TEST(registration, an_event_of_an_earlier_descriptor_is_dropped) {
    reactor here;
    waiter who;
    int copy = -1;
    {
        const connection old;
        copy = ::dup(old.near.it.fd()); // keeps the file in the epoll
        old.near.exhaust(interest::read);
        EXPECT_EQ(old.near.wait(interest::read, who, here), wait_start::waiting);
        old.send();
        EXPECT_TRUE(old.near.it.withdraw(interest::read, who));
    }
    const owned_fd kept(copy);
    const connection fresh;
    fresh.near.exhaust(interest::read);
    EXPECT_EQ(fresh.near.wait(interest::read, who, here), wait_start::waiting);
    EXPECT_EQ(here.poll(0ns, many), 0U);
    fresh.send();
    EXPECT_EQ(here.poll(0ns, many), 1U);
}

TEST(registration, it_outlives_its_reactor) {
    const connection both;
    auto gone = std::make_unique<reactor>();
    waiter who;
    both.near.exhaust(interest::read);
    EXPECT_EQ(both.near.wait(interest::read, who, *gone), wait_start::waiting);
    EXPECT_TRUE(both.near.it.withdraw(interest::read, who));
    gone.reset();
    EXPECT_EQ(both.near.it.home(), nullptr);
    reactor here;
    EXPECT_EQ(both.near.wait(interest::read, who, here), wait_start::waiting);
    both.send();
    EXPECT_EQ(here.poll(0ns, many), 1U);
}

TEST(registration, an_epoll_without_room_is_an_error_of_the_wait) {
    reactor here;
    const connection both;
    waiter who;
    both.near.exhaust(interest::read);
    eddy::sys::fault_plan plan;
    plan.fail(call::epoll_ctl, 1, ENOSPC);
    const registration::waiting refused = both.near.it.wait(interest::read, who, here);
    EXPECT_EQ(refused.result, wait_start::closed);
    EXPECT_EQ(refused.error, std::errc::no_space_on_device);
    EXPECT_FALSE(here.any_armed());
    EXPECT_EQ(both.near.wait(interest::read, who, here), wait_start::waiting);
    both.send();
    EXPECT_EQ(here.poll(0ns, many), 1U);
}

TEST(registration, a_move_that_fails_leaves_it_where_it_is) {
    reactor old;
    reactor fresh;
    const connection both;
    waiter who;
    both.near.exhaust(interest::read);
    EXPECT_EQ(both.near.wait(interest::read, who, old), wait_start::waiting);
    EXPECT_TRUE(both.near.it.withdraw(interest::read, who));
    eddy::sys::fault_plan plan;
    plan.fail(call::epoll_ctl, 1, ENOMEM);
    for (int i = 0; i != 4; ++i) {
        EXPECT_EQ(both.near.wait(interest::read, who, fresh), wait_start::waiting);
        EXPECT_TRUE(both.near.it.withdraw(interest::read, who));
    }
    EXPECT_EQ(plan.calls(call::epoll_ctl), 1U);
    EXPECT_EQ(both.near.it.home(), &old);
    EXPECT_EQ(both.near.wait(interest::read, who, fresh), wait_start::waiting);
    both.send();
    EXPECT_EQ(old.poll(0ns, many), 1U);
}

TEST(registration, there_is_room_for_thousands) {
    std::vector<std::unique_ptr<owned_registration>> all;
    for (int i = 0; i != 3000; ++i) {
        all.push_back(std::make_unique<owned_registration>(-1));
    }
    EXPECT_EQ(all.back()->it.begin(interest::read), call_start::go);
    all.back()->it.end(interest::read, call_found::nothing);
}

} // namespace
