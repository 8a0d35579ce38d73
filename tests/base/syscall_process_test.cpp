// syscall_process_test.cpp — system calls on children and signals, as the layers above use them.
//
// Covers:    starting, hearing of the end, the ways to end, what a child keeps; a broken pipe.
// Not here:  awaiting all this -> tests/os.

#include "support/ignored_children.hpp"
#include <eddy/base/fault_plan.hpp>
#include <eddy/base/syscall_process.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

namespace sys = eddy::sys;

/// Starts /bin/sh with a command, and reads from `input`.
sys::spawn_result start(const char* command, int input = -1) {
    std::array<char, 3> shell{"sh"};
    std::array<char, 3> option{"-c"};
    std::string text(command);
    std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
    return sys::spawn(
        {.program = "/bin/sh", .arguments = arguments.data(), .streams = {input, -1, -1}});
}

/// How the child ends, when it has.
int end_of(int pid) {
    const sys::fd_result watch = sys::pidfd_open(pid);
    pollfd ended{.fd = watch.fd, .events = POLLIN, .revents = 0};
    while (sys::poll({&ended, 1}, sys::forever) == 0) {
    }
    const int status = sys::wait_for_child(watch.fd).status;
    sys::close(watch.fd);
    return status;
}

TEST(syscall_process, a_child_ends_with_its_status_or_its_signal) {
    EXPECT_EQ(end_of(start("exit 7").pid), 7);
    EXPECT_EQ(end_of(start("kill -TERM $$").pid), -SIGTERM);
}

TEST(syscall_process, a_program_that_does_not_exist_is_an_error) {
    std::array<char, 2> name{"x"};
    std::array<char*, 2> arguments{name.data(), nullptr};
    const sys::spawn_result none =
        sys::spawn({.program = "/no/such/program", .arguments = arguments.data()});
    EXPECT_EQ(none.error, std::errc::no_such_file_or_directory);
}

TEST(syscall_process, a_child_that_was_waited_for_is_nobodys_any_more) {
    const sys::spawn_result child = start("exec sleep 1000");
    const sys::fd_result watch = sys::pidfd_open(child.pid);
    EXPECT_EQ(sys::pidfd_send_signal(watch.fd, SIGKILL), std::error_code());
    EXPECT_EQ(end_of(child.pid), -SIGKILL);
    const sys::exit_result again = sys::wait_for_child(watch.fd);
    EXPECT_TRUE(again.error == std::errc::no_child_process || again.status == -SIGKILL);
    sys::close(watch.fd);
}

TEST(syscall_process,
     how_a_child_ends_that_nobody_can_wait_for_is_known_to_the_system_or_to_nobody) {
    EXPECT_FALSE(sys::drops_children());
    const eddy::test_support::ignored_children ignored;
    EXPECT_TRUE(sys::drops_children());
    for (const auto& [command, status] :
         {std::pair("read go; exit 7", 7), std::pair("read go; kill -9 $$", -9)}) {
        std::array<int, 2> go{};
        ASSERT_EQ(::pipe2(go.data(), O_CLOEXEC), 0); // one whose reader blocks
        const sys::fd_result watch = sys::pidfd_open(start(command, go[0]).pid);
        ASSERT_FALSE(watch.error); // it is gone at once when it ends, and so waits for this
        sys::close(go[0]);
        sys::close(go[1]);
        pollfd ended{.fd = watch.fd, .events = POLLIN, .revents = 0};
        while (sys::poll({&ended, 1}, sys::forever) == 0) {
        }
        const sys::exit_result end = sys::wait_for_child(watch.fd);
        EXPECT_TRUE(end.error == std::errc::no_child_process || end.status == status) << command;
        sys::close(watch.fd);
    }
}

TEST(syscall_process, a_status_that_nobody_knows_is_an_error) {
    const sys::spawn_result child = start("exit 7");
    const sys::fd_result watch = sys::pidfd_open(child.pid);
    {
        sys::fault_plan plan;
        plan.fail(sys::call::waitid, 1, ECHILD, 2);
        EXPECT_EQ(sys::wait_for_child(watch.fd).error, std::errc::no_child_process);
    }
    sys::close(watch.fd);
    sys::reap(child.pid);
}

TEST(syscall_process, a_pipe_without_a_reader_is_an_error_and_no_signal) {
    const std::array<int, 2> ends = sys::pipe2();
    sys::close(ends[0]);
    const std::array<std::byte, 1> byte{};
    EXPECT_EQ(sys::write_pipe(ends[1], byte).error, std::errc::broken_pipe);
    sys::close(ends[1]);
}

TEST(syscall_process, two_mappings_of_a_memory_show_the_same_and_nobody_can_cut_it) {
    const sys::fd_result memory = sys::shared_memory("test", 4096);
    ASSERT_FALSE(memory.error);
    const auto one = sys::map_shared(memory.fd, 4096);
    const auto other = sys::map_shared(memory.fd, 4096);
    ASSERT_EQ(one.size(), 4096U);
    EXPECT_EQ(other[7], std::byte{0});
    one[7] = std::byte{42};
    EXPECT_EQ(other[7], std::byte{42});
    EXPECT_NE(::ftruncate(memory.fd, 10), 0);
    sys::unmap(one);
    sys::unmap(other);
    sys::close(memory.fd);
    EXPECT_TRUE(sys::map_shared(memory.fd, 4096).empty());
}

TEST(syscall_process, a_process_knows_whether_its_parent_is_still_there) {
    EXPECT_FALSE(sys::die_with_parent(sys::getpid())); // nobody is his own parent
    EXPECT_TRUE(sys::die_with_parent(::getppid()));
    ::prctl(PR_SET_PDEATHSIG, 0);
}

TEST(syscall_process, a_limit_that_was_set_holds) {
    const int child = ::fork();
    if (child == 0) {
        rlimit found{};
        const bool set = !sys::set_limit(sys::limited::cpu_seconds, 1000) &&
                         ::getrlimit(RLIMIT_CPU, &found) == 0 && found.rlim_cur == 1000;
        ::_exit(set ? 0 : 1);
    }
    EXPECT_EQ(end_of(child), 0);
}

} // namespace
