// spawn_bench.cpp — child processes that end at once.
//
// Question: what does it cost to start /bin/true and to hear of its end, two at a time; and what
//           does a bare loop pay that calls posix_spawn and polls pidfds?
// Unit:     ns on the clock a process; the second column is CPU time of this process.
// Valid if: nothing else runs: most of it is the kernel's, and the child's own.

#include "bench.hpp"
#include <eddy/os.hpp>

#include <array>
#include <cerrno>
#include <system_error>

#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using eddy::bench::check;

eddy::coro<bool> run_true() {
    eddy::process child = co_await eddy::create_subprocess_exec({"/bin/true"});
    co_return co_await child.wait() == 0;
}

eddy::coro<> spawn_two(benchmark::State& state) {
    std::int64_t ended = 0;
    while (state.KeepRunningBatch(2)) {
        const auto [one, other] = co_await eddy::gather(run_true(), run_true());
        ended += (one ? 1 : 0) + (other ? 1 : 0);
    }
    check(ended, state.iterations(), "processes that ended well");
}

struct bare_child {
    bare_child() {
        std::array<char*, 2> arguments{path.data(), nullptr};
        if (const int error =
                ::posix_spawn(&pid, path.data(), nullptr, nullptr, arguments.data(), environ)) {
            throw std::system_error(error, std::system_category(), "posix_spawn");
        }
        pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
        if (pidfd < 0) {
            throw std::system_error(errno, std::system_category(), "pidfd_open");
        }
    }
    bare_child(const bare_child&) = delete;
    bare_child& operator=(const bare_child&) = delete;
    ~bare_child() { ::close(pidfd); }

    /// Whether it has ended well.
    [[nodiscard]] bool join() const {
        pollfd end{.fd = pidfd, .events = POLLIN, .revents = 0};
        while (::poll(&end, 1, -1) < 0 && errno == EINTR) {
        }
        int status = -1;
        return ::waitpid(pid, &status, 0) == pid && status == 0;
    }

    std::array<char, 10> path{"/bin/true"};
    pid_t pid = 0;
    int pidfd = -1;
};

void bare_spawn_two(benchmark::State& state) {
    std::int64_t ended = 0;
    while (state.KeepRunningBatch(2)) {
        const bare_child one;
        const bare_child other;
        ended += one.join() ? 1 : 0;
        ended += other.join() ? 1 : 0;
    }
    check(ended, state.iterations(), "processes that ended well");
}

} // namespace

EDDY_BENCH(spawn_two);
BENCHMARK(bare_spawn_two)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_MAIN();
