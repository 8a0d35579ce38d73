// process_test.cpp — children: started, talked to, waited for, and never left behind.
//
// Covers:    returncodes, pipes, communicate, redirections, environment, folder, signals, what is
//            open and blocked in a child, cancel, drop and detach without a zombie, failures.
// Not here:  many at once -> stress/process_stress.cpp.

#include <eddy/base/fault_plan.hpp>
#include <eddy/os/process.hpp>
#include <eddy/os/signal.hpp>
#include <eddy/testing/co_test.hpp>
#include <eddy/testing/leak_check.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

using args = std::vector<std::string>;

// Whether `pid` is there, as a zombie or otherwise.
bool exists(int pid) {
    return std::filesystem::exists("/proc/" + std::to_string(pid));
}
void wait_until_gone(int pid) {
    while (exists(pid)) {
        std::this_thread::yield();
    }
}

coro<std::string> output_of(std::string command, subprocess_options options = {}) {
    options.stdout_ = subprocess::pipe;
    process p = co_await create_subprocess_shell(std::move(command), std::move(options));
    co_return (co_await p.communicate()).stdout_;
}

std::string message_of(const outcome<process>& failed) {
    try {
        (void)failed.value();
    } catch (const std::exception& error) {
        return error.what();
    }
    return {};
}

CO_TEST(process, wait_gives_the_exit_status) {
    process p = co_await create_subprocess_exec({"true"});
    EXPECT_GT(p.pid(), 0);
    EXPECT_EQ(co_await p.wait(), 0);
    EXPECT_EQ(p.returncode(), 0);
    EXPECT_EQ(co_await p.wait(), 0); // again
    process q = co_await create_subprocess_shell("exit 7");
    EXPECT_EQ(co_await q.wait(), 7);
    EXPECT_FALSE(exists(p.pid()));
}

CO_TEST(process, one_that_a_signal_ended_has_its_negative_number) {
    process p = co_await create_subprocess_exec({"sleep", "1000"});
    EXPECT_EQ(p.returncode(), std::nullopt);
    EXPECT_TRUE(p.kill());
    EXPECT_EQ(co_await p.wait(), -SIGKILL);
    process q = co_await create_subprocess_exec({"sleep", "1000"});
    EXPECT_TRUE(q.terminate());
    EXPECT_EQ(co_await q.wait(), -SIGTERM);
    EXPECT_FALSE(q.terminate()); // it has ended
    EXPECT_EQ(q.returncode(), -SIGTERM);
}

CO_TEST(process, communicate_writes_and_reads_a_megabyte) {
    const std::string sent(1'000'000, 'x');
    process p = co_await create_subprocess_exec(
        {"cat"}, {.stdin_ = subprocess::pipe, .stdout_ = subprocess::pipe});
    const auto got = co_await p.communicate(sent);
    EXPECT_EQ(got.stdout_, sent);
    EXPECT_EQ(p.returncode(), 0);
}

CO_TEST(process, stdout_and_stderr_are_apart_or_together) {
    process p = co_await create_subprocess_shell(
        "echo out; echo err >&2", {.stdout_ = subprocess::pipe, .stderr_ = subprocess::pipe});
    const auto apart = co_await p.communicate();
    EXPECT_EQ(apart.stdout_, "out\n");
    EXPECT_EQ(apart.stderr_, "err\n");
    EXPECT_EQ(co_await output_of("echo out; echo err >&2", {.stderr_ = subprocess::to_stdout}),
              "out\nerr\n");
    EXPECT_EQ(co_await output_of("echo out; echo err >&2", {.stderr_ = subprocess::devnull}),
              "out\n");
}

CO_TEST(process, the_pipes_are_those_of_the_process) {
    process p = co_await create_subprocess_exec(
        {"cat"}, {.stdin_ = subprocess::pipe, .stdout_ = subprocess::pipe});
    co_await p.stdin_.write_all("ping");
    EXPECT_EQ(co_await p.stdout_.read(100), "ping");
    co_await p.stdin_.write_all("pong");
    EXPECT_EQ(co_await p.stdout_.read(100), "pong");
    p.stdin_.close();
    EXPECT_EQ(co_await p.stdout_.read(100), "");
    EXPECT_EQ(co_await p.wait(), 0);
}

CO_TEST(process, input_that_nobody_reads_is_no_error) {
    process p = co_await create_subprocess_exec({"true"}, {.stdin_ = subprocess::pipe});
    (void)co_await p.communicate(std::string(1'000'000, 'x'));
    EXPECT_EQ(p.returncode(), 0);
}

CO_TEST(process, a_stream_may_be_a_descriptor_of_the_caller) {
    auto [reader, writer] = pipe();
    process p = co_await create_subprocess_exec({"echo", "hello"},
                                                {.stdout_ = subprocess::descriptor(writer.fd())});
    writer.close();
    EXPECT_EQ(co_await reader.read_all(), "hello\n");
    EXPECT_EQ(co_await p.wait(), 0);
}

CO_TEST(process, environment_and_folder_are_as_asked) {
    EXPECT_EQ(co_await output_of("echo $COLOUR-$HOME", {.env = args{"COLOUR=red"}}), "red-\n");
    EXPECT_EQ(co_await output_of("pwd", {.cwd = "/usr"}), "/usr\n");
    EXPECT_NE(co_await output_of("echo $PATH"), "\n");
}

CO_TEST(process, a_program_that_does_not_exist_is_named) {
    const auto failed = co_await as_result(create_subprocess_exec({"no-such-program-here"}));
    EXPECT_TRUE(failed.holds<std::system_error>());
    EXPECT_NE(message_of(failed).find("cannot run no-such-program-here"), std::string::npos);
    const auto nowhere = co_await as_result(create_subprocess_exec({"true"}, {.cwd = "/nowhere"}));
    EXPECT_NE(message_of(nowhere).find("/nowhere"), std::string::npos);
    EXPECT_TRUE((co_await as_result(create_subprocess_exec({}))).holds<std::invalid_argument>());
    const auto denied = co_await as_result(create_subprocess_exec({"/etc/passwd"}));
    EXPECT_NE(message_of(denied).find("Permission denied"), std::string::npos);
}

// The program of this test has descriptors open that are not close-on-exec.
CO_TEST(process, an_argument_that_would_be_cut_short_is_refused) {
    const auto failed =
        co_await as_result(create_subprocess_exec({"echo", std::string("safe\0rest", 9)}));
    EXPECT_TRUE(failed.holds<std::invalid_argument>()) << message_of(failed);
}

CO_TEST(process, input_that_cannot_reach_it_is_refused) {
    process p = co_await create_subprocess_exec({"true"});
    EXPECT_TRUE((co_await as_result(p.communicate("lost"))).holds<std::invalid_argument>());
    EXPECT_EQ(co_await p.wait(), 0);
}

CO_TEST(process, only_stderr_goes_where_stdout_goes) {
    const auto failed =
        co_await as_result(create_subprocess_exec({"true"}, {.stdin_ = subprocess::to_stdout}));
    EXPECT_TRUE(failed.holds<std::invalid_argument>()) << message_of(failed);
}

CO_TEST(process, nothing_else_is_open_in_a_child) {
    const owned_fd leaky(::open("/dev/null", O_RDONLY)); // no O_CLOEXEC
    const std::string number = std::to_string(leaky.get());
    EXPECT_EQ(co_await output_of("ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3 "); // 3: ls itself
    EXPECT_EQ(co_await output_of("test -e /proc/$$/fd/" + number + " && echo kept",
                                 {.pass_fds = {leaky.get()}}),
              "kept\n");
}

CO_TEST(process, no_signal_is_blocked_or_ignored_in_a_child) {
    const auto before = std::signal(SIGUSR2, SIG_IGN);
    EXPECT_EQ(co_await output_of("grep ^SigBlk /proc/self/status"), "SigBlk:\t0000000000000000\n");
    const std::string ignored = co_await output_of("grep ^SigIgn /proc/self/status | cut -f2");
    EXPECT_EQ(std::stoull(ignored, nullptr, 16) & 0x7fffffffU, 0U); // 32 and 33 are the C library's
    std::signal(SIGUSR2, before);
}

CO_TEST(process, it_may_have_a_session_of_its_own) {
    EXPECT_EQ(co_await output_of("test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo leader",
                                 {.start_new_session = true}),
              "leader\n");
}

CO_TEST(process, several_tasks_may_wait_for_one) {
    process p = co_await create_subprocess_exec({"cat"}, {.stdin_ = subprocess::pipe});
    auto first = create_task(p.wait());
    auto second = create_task(p.wait());
    auto third = create_task(p.wait());
    co_await sleep(1ms);
    EXPECT_TRUE(first.cancel()); // the one that is at the descriptor, usually
    EXPECT_TRUE((co_await as_result(first)).cancelled());
    p.stdin_.close();
    EXPECT_EQ(co_await second, 0);
    EXPECT_EQ(co_await third, 0);
}

CO_TEST(process, after_a_cancelled_wait_it_goes_on_and_can_be_waited_for) {
    process p = co_await create_subprocess_exec({"cat"}, {.stdin_ = subprocess::pipe});
    EXPECT_TRUE((co_await as_result(wait_for(p.wait(), 1ms))).holds<timeout_error>());
    EXPECT_EQ(p.returncode(), std::nullopt);
    p.stdin_.close();
    EXPECT_EQ(co_await p.wait(), 0);
}

CO_TEST(process, one_that_is_dropped_is_killed_and_leaves_no_zombie) {
    int pid = 0;
    {
        const process p = co_await create_subprocess_exec({"sleep", "1000"});
        pid = p.pid();
        EXPECT_TRUE(exists(pid));
    }
    wait_until_gone(pid);
}

CO_TEST(process, one_that_ended_and_was_never_waited_for_leaves_no_zombie) {
    int pid = 0;
    {
        process p = co_await create_subprocess_exec({"true"}, {.stdout_ = subprocess::pipe});
        pid = p.pid();
        EXPECT_EQ(co_await p.stdout_.read_all(), "");
    }
    wait_until_gone(pid);
}

CO_TEST(process, one_that_was_detached_goes_on_and_leaves_no_zombie) {
    std::array<int, 2> ends{};
    CO_ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    owned_fd reader(ends[0]);
    owned_fd writer(ends[1]);
    int pid = 0;
    {
        process p = co_await create_subprocess_exec(
            {"cat"}, {.stdin_ = subprocess::descriptor(reader.get())});
        pid = p.pid();
        p.detach();
    }
    reader.reset();
    EXPECT_TRUE(exists(pid));
    writer.reset(); // its input ends
    wait_until_gone(pid);
}

CO_TEST(process, a_program_that_waits_for_all_its_children_does_not_hang_us) {
    process p = co_await create_subprocess_exec({"true"});
    int status = 0;
    while (::waitpid(p.pid(), &status, 0) < 0 && errno == EINTR) {
    }
    const int code = co_await p.wait();
    EXPECT_TRUE(code == 0 || code == 255) << code; // from the system, or it is not known any more
}

CO_TEST_ON_1(process, a_returncode_that_nobody_knows_is_255) {
    process p = co_await create_subprocess_exec({"true"});
    int status = 0;
    while (::waitpid(p.pid(), &status, 0) < 0 && errno == EINTR) {
    }
    sys::fault_plan plan;
    plan.fail(sys::call::waitid, 1, ECHILD, 1000);
    EXPECT_EQ(co_await p.wait(), 255);
}

TEST(process, a_program_that_ignores_sigchld_hears_of_the_end_of_its_children) {
    void (*const before)(int) = std::signal(SIGCHLD, SIG_IGN);
    const auto body = []() -> coro<int> {
        process p = co_await create_subprocess_exec({"sh", "-c", "exit 7"});
        co_return co_await p.wait();
    };
    const outcome<int> code =
        run([](auto body) -> coro<outcome<int>> { co_return co_await as_result(body()); }(body));
    std::signal(SIGCHLD, before); // whatever came of it: other tests have children too
    EXPECT_TRUE(code.value() == 7 || code.value() == 255) << code.value();
}

CO_TEST_ON_1(process, one_that_is_gone_before_it_can_be_watched_has_ended_with_255) {
    sys::fault_plan plan;
    plan.fail(sys::call::pidfd_open, 1, ESRCH);
    process p = co_await create_subprocess_exec({"true"});
    EXPECT_EQ(p.returncode(), 255);
    EXPECT_EQ(co_await p.wait(), 255);
    EXPECT_FALSE(p.kill());
    EXPECT_EQ(::waitpid(p.pid(), nullptr, 0), p.pid()); // it was not gone
}

TEST(process, what_fails_leaves_neither_child_nor_descriptor) {
    for (const auto& [which, error] :
         {std::pair(sys::call::pipe2, EMFILE), std::pair(sys::call::spawn, EAGAIN),
          std::pair(sys::call::pidfd_open, EMFILE)}) {
        const leak_check before;
        run_virtual(1, [&]() -> coro<> {
            sys::fault_plan plan;
            plan.fail(which, 1, error);
            const auto failed = co_await as_result(create_subprocess_exec(
                {"sleep", "1000"}, {.stdin_ = subprocess::pipe, .stdout_ = subprocess::pipe}));
            EXPECT_TRUE(failed.holds<std::system_error>());
        });
        EXPECT_TRUE(before.leaks().empty());
    }
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1); // no child is left
    EXPECT_EQ(errno, ECHILD);
}

} // namespace
} // namespace eddy
