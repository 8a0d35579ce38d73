// syscall_test.cpp — what callers see of system calls that do not go well.
//
// Covers:    interrupted, short and failing calls, the fallback for epoll_pwait2, names in errors.

#include <eddy/base/fault_plan.hpp>
#include <eddy/base/syscall.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

namespace sys = eddy::sys;
using sys::call;
using sys::fault_plan;

/// A descriptor for the length of a test; io/fd.hpp is of a higher layer.
struct scoped_fd {
    explicit scoped_fd(int fd) : fd(fd) {}
    ~scoped_fd() { sys::close(fd); }
    scoped_fd(const scoped_fd&) = delete;
    scoped_fd& operator=(const scoped_fd&) = delete;
    const int fd;
};

struct pipe_ends {
    pipe_ends() : pipe_ends(sys::pipe2()) {}
    explicit pipe_ends(std::array<int, 2> ends) : in(ends[0]), out(ends[1]) {}
    scoped_fd in;
    scoped_fd out;
};

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::string error_text(const std::function<void()>& action) {
    try {
        action();
    } catch (const std::system_error& error) {
        return error.what();
    }
    return "no error";
}

TEST(syscall, an_error_names_the_call) {
    fault_plan plan;
    plan.fail(call::epoll_create1, 1, EMFILE);
    plan.fail(call::eventfd, 1, ENFILE);
    plan.fail(call::pipe2, 1, EMFILE);
    plan.fail(call::sched_getaffinity, 1, EPERM);
    plan.fail(call::getrandom, 1, ENOSYS);
    std::array<std::byte, 4> room{};
    const auto starts = [](const std::string& text, const char* name) {
        return text.starts_with(name);
    };
    EXPECT_PRED2(starts, error_text([] { static_cast<void>(sys::epoll_create1()); }),
                 "epoll_create1");
    EXPECT_PRED2(starts, error_text([] { static_cast<void>(sys::eventfd()); }), "eventfd");
    EXPECT_PRED2(starts, error_text([] { static_cast<void>(sys::pipe2()); }), "pipe2");
    EXPECT_PRED2(starts, error_text([] { static_cast<void>(sys::sched_getaffinity_count()); }),
                 "sched_getaffinity");
    EXPECT_PRED2(starts, error_text([&] { sys::getrandom(room); }), "getrandom");
}

TEST(syscall, descriptors_are_closed_on_exec_and_never_block) {
    const pipe_ends pipe;
    const scoped_fd event(sys::eventfd());
    const scoped_fd epoll(sys::epoll_create1());
    for (const int fd : {pipe.in.fd, pipe.out.fd, event.fd, epoll.fd}) {
        EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    for (const int fd : {pipe.in.fd, pipe.out.fd, event.fd}) {
        EXPECT_TRUE(::fcntl(fd, F_GETFL) & O_NONBLOCK);
    }
}

TEST(syscall, interrupted_reads_and_writes_are_repeated) {
    const pipe_ends pipe;
    fault_plan plan;
    plan.fail(call::write, 1, EINTR, 2);
    plan.fail(call::read, 1, EINTR, 3);
    EXPECT_EQ(sys::write(pipe.out.fd, bytes_of("abc")).bytes, 3U);
    std::array<std::byte, 8> room{};
    EXPECT_EQ(sys::read(pipe.in.fd, room).bytes, 3U);
    EXPECT_EQ(plan.calls(call::write), 3U);
    EXPECT_EQ(plan.calls(call::read), 4U);
}

TEST(syscall, a_shortened_write_moves_what_it_says) {
    const pipe_ends pipe;
    fault_plan plan;
    plan.shorten(call::write, 1, 2);
    EXPECT_EQ(sys::write(pipe.out.fd, bytes_of("abc")).bytes, 2U);
    std::array<std::byte, 8> room{};
    EXPECT_EQ(sys::read(pipe.in.fd, room).bytes, 2U);
}

TEST(syscall, an_empty_pipe_would_block_and_a_closed_one_ends) {
    pipe_ends pipe;
    std::array<std::byte, 8> room{};
    EXPECT_TRUE(sys::read(pipe.in.fd, room).would_block());
    const auto ends = sys::pipe2();
    const scoped_fd in(ends[0]);
    sys::close(ends[1]);
    const sys::io_result end = sys::read(in.fd, room);
    EXPECT_FALSE(end.error);
    EXPECT_EQ(end.bytes, 0U);
}

TEST(syscall, an_error_of_write_is_a_result) {
    const pipe_ends pipe;
    fault_plan plan;
    plan.fail(call::write, 1, ECONNRESET);
    EXPECT_EQ(sys::write(pipe.out.fd, bytes_of("abc")).error, std::errc::connection_reset);
}

TEST(syscall, an_eventfd_counts_its_writes) {
    const scoped_fd event(sys::eventfd());
    EXPECT_EQ(sys::eventfd_read(event.fd), 0U);
    sys::eventfd_write(event.fd);
    sys::eventfd_write(event.fd);
    EXPECT_EQ(sys::eventfd_read(event.fd), 2U);
}

TEST(syscall, a_full_eventfd_is_signalled_already) {
    const scoped_fd event(sys::eventfd());
    fault_plan plan;
    plan.fail(call::eventfd_write, 1, EINTR);
    plan.fail(call::eventfd_write, 2, EAGAIN);
    sys::eventfd_write(event.fd);
    EXPECT_EQ(plan.calls(call::eventfd_write), 2U);
}

TEST(syscall_death, a_wake_up_that_cannot_be_sent_ends_the_process) {
    EXPECT_DEATH(sys::eventfd_write(-1), "write to an eventfd: Bad file descriptor");
}

TEST(syscall, an_interrupted_epoll_wait_has_no_events) {
    const scoped_fd epoll(sys::epoll_create1());
    std::array<epoll_event, 4> events{};
    fault_plan plan;
    plan.fail(call::epoll_pwait2, 1, EINTR);
    EXPECT_EQ(sys::epoll_pwait2(epoll.fd, events, sys::forever), 0U);
    EXPECT_EQ(plan.calls(call::epoll_pwait2), 1U);
}

TEST(syscall, a_kernel_without_epoll_pwait2_gets_epoll_wait) {
    for (const int error : {ENOSYS, EPERM}) {
        const scoped_fd epoll(sys::epoll_create1());
        const scoped_fd event(sys::eventfd());
        epoll_event wanted{.events = EPOLLIN, .data = {.u64 = 5}};
        ASSERT_FALSE(sys::epoll_ctl(epoll.fd, EPOLL_CTL_ADD, event.fd, &wanted));
        std::array<epoll_event, 4> events{};
        fault_plan plan;
        plan.fail(call::epoll_pwait2, 1, error, fault_plan::no_limit);
        EXPECT_EQ(sys::epoll_pwait2(epoll.fd, events, -1ns), 0U);
        sys::eventfd_write(event.fd);
        EXPECT_EQ(sys::epoll_pwait2(epoll.fd, events, sys::forever), 1U);
        const std::uint64_t seen = events[0].data.u64; // a copy: the kernel packs the struct
        EXPECT_EQ(seen, 5U);
        EXPECT_EQ(plan.calls(call::epoll_wait), 2U);
    }
}

TEST(syscall, epoll_wait_does_not_return_before_the_nanoseconds_have_passed) {
    const scoped_fd epoll(sys::epoll_create1());
    std::array<epoll_event, 4> events{};
    fault_plan plan;
    plan.fail(call::epoll_pwait2, 1, ENOSYS, fault_plan::no_limit);
    const std::int64_t start = sys::monotonic_ns();
    EXPECT_EQ(sys::epoll_pwait2(epoll.fd, events, 1us), 0U);
    EXPECT_GE(sys::monotonic_ns() - start, 1'000);
}

TEST(syscall, an_error_of_epoll_ctl_is_a_result) {
    const scoped_fd epoll(sys::epoll_create1());
    epoll_event wanted{};
    EXPECT_EQ(sys::epoll_ctl(epoll.fd, EPOLL_CTL_ADD, -1, &wanted), std::errc::bad_file_descriptor);
}

TEST(syscall, a_failed_close_is_not_repeated) {
    const auto ends = sys::pipe2();
    const scoped_fd out(ends[1]);
    fault_plan plan;
    plan.fail(call::close, 1, EIO);
    EXPECT_EQ(sys::close(ends[0]), std::errc::io_error);
    EXPECT_EQ(plan.calls(call::close), 1U);
    EXPECT_EQ(::fcntl(ends[0], F_GETFD), -1);
}

TEST(syscall, an_interrupted_close_has_closed) {
    const auto ends = sys::pipe2();
    const scoped_fd out(ends[1]);
    fault_plan plan;
    plan.fail(call::close, 1, EINTR);
    EXPECT_FALSE(sys::close(ends[0]));
    EXPECT_EQ(::fcntl(ends[0], F_GETFD), -1);
}

TEST(syscall, poll_sees_what_is_ready) {
    const pipe_ends pipe;
    std::array<pollfd, 1> fds{pollfd{.fd = pipe.in.fd, .events = POLLIN, .revents = 0}};
    EXPECT_EQ(sys::poll(fds, 0ns), 0U);
    ASSERT_EQ(sys::write(pipe.out.fd, bytes_of("x")).bytes, 1U);
    EXPECT_EQ(sys::poll(fds, sys::forever), 1U);
    fault_plan plan;
    plan.fail(call::poll, 1, EINTR);
    EXPECT_EQ(sys::poll(fds, sys::forever), 0U);
}

TEST(syscall, random_bytes_arrive_in_pieces) {
    std::array<std::byte, 64> room{};
    fault_plan plan;
    plan.shorten(call::getrandom, 1, 10, 3);
    plan.fail(call::getrandom, 2, EINTR);
    sys::getrandom(room);
    EXPECT_GE(plan.calls(call::getrandom), 4U);
    EXPECT_NE(room, (std::array<std::byte, 64>{}));
}

TEST(syscall, the_main_thread_has_the_number_of_the_process) {
    EXPECT_EQ(sys::gettid(), ::getpid());
    sys::sched_yield();
}

} // namespace
