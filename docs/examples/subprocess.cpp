// subprocess.cpp — child processes: their output, a conversation, a limit, a program that is not
// there.
//
// Output:
//     sort says: apples pears plums
//     returncode 0
//     cat answers: ping
//     took too long: ended by signal 9
//     cannot run no-such-program: No such file or directory

#include <eddy/eddy.hpp>
#include <eddy/os.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <system_error>

using namespace std::chrono_literals;
namespace subprocess = eddy::subprocess;

eddy::coro<> amain() {
    auto sort = co_await eddy::create_subprocess_exec(
        {"sort"}, {.stdin_ = subprocess::pipe, .stdout_ = subprocess::pipe});
    auto sorted = co_await sort.communicate("plums\napples\npears\n");
    std::ranges::replace(sorted.stdout_, '\n', ' ');
    std::printf("sort says: %s\n", sorted.stdout_.substr(0, sorted.stdout_.size() - 1).c_str());
    std::printf("returncode %d\n", *sort.returncode());

    auto cat = co_await eddy::create_subprocess_shell(
        "exec cat", {.stdin_ = subprocess::pipe, .stdout_ = subprocess::pipe});
    co_await cat.stdin_.write_all("ping");
    std::printf("cat answers: %s\n", (co_await cat.stdout_.read(100)).c_str());
    cat.stdin_.close();
    co_await cat.wait();

    auto slow = co_await eddy::create_subprocess_exec({"sleep", "1000"});
    try {
        co_await eddy::wait_for(slow.wait(), 10ms);
    } catch (const eddy::timeout_error&) {
        slow.kill();
    }
    std::printf("took too long: ended by signal %d\n", -co_await slow.wait());

    try {
        (void)co_await eddy::create_subprocess_exec({"no-such-program"});
    } catch (const std::system_error& error) {
        std::puts(error.what());
    }
}

int main() {
    eddy::run(amain());
}
