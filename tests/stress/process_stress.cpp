// process_stress.cpp — many children at a time, that end, are killed, dropped and cancelled at any
// moment.
//
// Covers:    no zombie and no descriptor is left; every wait gives what it should.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>
#include <eddy/os.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>

using namespace std::chrono_literals;

namespace {

using eddy::coro;
namespace subprocess = eddy::subprocess;

class process_stress : public stress::stress_case {
protected:
    // The reaper takes its time; afterwards there is no child any more.
    static void expect_no_child() {
        siginfo_t found{};
        while (::waitid(P_ALL, 0, &found, WEXITED | WNOHANG | WNOWAIT) == 0) {
            std::this_thread::yield();
        }
        EXPECT_EQ(errno, ECHILD);
    }
};

coro<> one(std::atomic<int>& right) {
    switch (eddy::random_below(5)) {
    case 0: {
        auto p = co_await eddy::create_subprocess_exec({"true"});
        right += co_await p.wait() == 0 ? 1 : 0;
        break;
    }
    case 1: {
        auto p = co_await eddy::create_subprocess_exec({"sleep", "1000"});
        right += p.kill() && co_await p.wait() == -SIGKILL ? 1 : 0;
        break;
    }
    case 2: {
        const auto p = co_await eddy::create_subprocess_exec({"sleep", "1000"}); // dropped
        ++right;
        break;
    }
    case 3: {
        auto p = co_await eddy::create_subprocess_exec({"cat"}, {.stdin_ = subprocess::pipe});
        (void)co_await eddy::as_result(eddy::wait_for(p.wait(), 1ms));
        p.stdin_.close();
        right += co_await p.wait() == 0 ? 1 : 0;
        break;
    }
    default: {
        const std::string text(100'000, 'x');
        auto p = co_await eddy::create_subprocess_exec(
            {"cat"}, {.stdin_ = subprocess::pipe, .stdout_ = subprocess::pipe});
        right += (co_await p.communicate(text)).stdout_ == text ? 1 : 0;
    }
    }
}

TEST_F(process_stress, children_of_every_kind_leave_nothing_behind) {
    const int rounds = static_cast<int>(stress::scaled(40));
    constexpr int at_once = 8;
    std::atomic<int> right = 0;
    eddy::run(
        [](std::atomic<int>& right, int rounds) -> coro<> {
            for (int i = 0; i != rounds; ++i) {
                std::vector<coro<>> all;
                for (int k = 0; k != at_once; ++k) {
                    all.push_back(one(right));
                }
                co_await eddy::gather(std::move(all));
            }
        }(right, rounds),
        {.workers = 3});
    EXPECT_EQ(right, rounds * at_once);
    expect_no_child();
}

TEST_F(process_stress, tasks_cancelled_at_any_moment_leave_no_child) {
    const int rounds = static_cast<int>(stress::scaled(200));
    eddy::run(
        [](int rounds) -> coro<> {
            for (int i = 0; i != rounds; ++i) {
                std::atomic<int> right = 0;
                auto t = eddy::create_task(one(right));
                if (const auto us = eddy::random_below(1500); us != 0) {
                    co_await eddy::sleep(std::chrono::microseconds(us));
                }
                (void)t.cancel();
                (void)co_await eddy::as_result(t);
            }
        }(rounds),
        {.workers = 3});
    expect_no_child();
}

} // namespace
