// net_balance_stress.cpp — connections that one loop has accepted use every core, get their answers
// while that loop is stuck, and cost little while they are silent.
//
// Covers:    the CPU time of each worker while connections of one loop burn it, and the time for
//            which it has lacked a processor; answers by siblings during a handler that blocks; the
//            memory of idle connections.
// Expect:    shares of time, counts and bytes: no duration is compared.

#include "base/thread_state.hpp"
#include "stress/stress_case.hpp"
#include "support/net.hpp"
#include <eddy/eddy.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

using stress::scaled;
using stress::slowness;
using stress::stress_case;

std::int64_t thread_cpu_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void burn(std::chrono::nanoseconds how_long) {
    const std::int64_t end = thread_cpu_ns() + how_long.count();
    while (thread_cpu_ns() < end) {
    }
}

class net_balance : public stress_case, public testing::WithParamInterface<unsigned> {};

INSTANTIATE_TEST_SUITE_P(workers, net_balance, testing::Values(2U, 4U),
                         testing::PrintToStringParamName());

// -- every core --

eddy::coro<> burn_for_each_byte(eddy::socket connection) {
    for (;;) {
        const std::string asked = co_await connection.recv(1);
        if (asked.empty()) {
            co_return;
        }
        burn(100us);
        co_await connection.sendall(asked);
    }
}

/// All connections begin on the loop of who accepts.
eddy::coro<> accept_and_burn(eddy::socket& listening, std::size_t connections) {
    std::vector<eddy::task<>> all;
    while (all.size() != connections) {
        eddy::accepted next = co_await listening.accept();
        all.push_back(eddy::create_task(burn_for_each_byte(std::move(next.connection))));
    }
    for (auto& each : all) {
        co_await each;
    }
}

eddy::coro<> ask(eddy::socket_address at, std::size_t times) {
    eddy::socket mine = eddy::socket::stream(at);
    co_await mine.connect(at);
    for (; times != 0; --times) {
        co_await mine.sendall("x");
        EXPECT_EQ(co_await mine.recv(1), "x");
    }
}

/// In a thread of its own: runs `connections` clients, all at a time.
std::thread clients(const eddy::socket_address& at, std::size_t connections, std::size_t times) {
    return std::thread([=] {
        eddy::run(
            [](eddy::socket_address at, std::size_t connections,
               std::size_t times) -> eddy::coro<> {
                std::vector<eddy::task<>> all;
                for (std::size_t i = 0; i != connections; ++i) {
                    all.push_back(eddy::create_task(ask(at, times)));
                }
                for (auto& each : all) {
                    co_await each;
                }
            }(at, connections, times),
            {.workers = 1});
    });
}

/// What a worker has done, and what it could have done: of more threads than processors the kernel
/// says which one runs.
struct work_done {
    std::int64_t cpu = 0;
    std::int64_t wanted = 0; // and the time without a processor

    static work_done here() {
        const auto waited = eddy::time_without_processor(::gettid());
        const std::int64_t cpu = thread_cpu_ns();
        return {cpu, cpu + std::chrono::nanoseconds(waited).count()};
    }
    work_done operator-(const work_done& before) const {
        return {cpu - before.cpu, wanted - before.wanted};
    }
};

eddy::coro<std::vector<work_done>> work_of_workers() {
    std::vector<work_done> out;
    for (eddy::event_loop* const each : eddy::get_all_loops()) {
        out.push_back(co_await eddy::create_task(
            []() -> eddy::coro<work_done> { co_return work_done::here(); }(),
            {.pinned = true, .loop = each}));
    }
    co_return out;
}

TEST_P(net_balance, connections_that_one_loop_has_accepted_keep_every_worker_as_busy) {
    constexpr std::size_t connections = 256;
    const std::size_t times = scaled(160 * slowness); // what is burnt is measured in CPU time
    std::vector<work_done> used;
    eddy::run(
        [](std::vector<work_done>& used, std::size_t times) -> eddy::coro<> {
            eddy::socket listening = eddy::test_support::listening_socket(connections);
            const std::vector<work_done> before = co_await work_of_workers();
            std::thread others = clients(listening.local_address(), connections, times);
            co_await eddy::create_task(accept_and_burn(listening, connections));
            used = co_await work_of_workers();
            std::ranges::transform(used, before, used.begin(), std::minus<>());
            others.join();
        }(used, times),
        {.workers = GetParam()});
    work_done all;
    for (const work_done& each : used) {
        all = {all.cpu + each.cpu, all.wanted + each.wanted};
    }
    const auto even = static_cast<double>(all.wanted) / GetParam();
    for (const work_done& each : used) {
        const double share = static_cast<double>(each.wanted) / even;
        std::printf("%6.1f ms, and %.1f ms without a processor: %.2f of an even share\n",
                    static_cast<double>(each.cpu) / 1e6,
                    static_cast<double>(each.wanted - each.cpu) / 1e6, share);
        EXPECT_GT(share, 0.8);
        EXPECT_LT(share, 1.2);
    }
}

// -- a stuck loop --

struct stuck_server {
    std::size_t others = 0;
    std::atomic<bool> blocks{false};
    std::atomic<std::size_t> answers_meanwhile{0};
    std::atomic<bool> over{false};
    std::size_t answered_at_the_end = 0;

    void block() {
        blocks = true;
        for (std::size_t i = 0; i != 500 * slowness; ++i) {
            std::this_thread::sleep_for(1ms);
            if (answers_meanwhile == others) {
                break;
            }
        }
        answered_at_the_end = answers_meanwhile;
        over = true;
    }
};

eddy::coro<> answer_or_block(eddy::stream_reader in, eddy::stream_writer out, stuck_server& state) {
    for (;;) {
        const std::string line = co_await in.readline();
        if (line.empty()) {
            co_return;
        }
        if (line == "block\n") {
            state.block();
        }
        out.write(line);
    }
}

eddy::coro<eddy::stream_ends> connected(eddy::socket_address at) {
    eddy::socket made = eddy::socket::stream(at);
    co_await made.connect(at);
    auto ends = eddy::open_stream(std::move(made));
    ends.second.write("hello\n"); // it waits for its second line when that is answered
    EXPECT_EQ(co_await ends.first.readline(), "hello\n");
    co_return ends;
}

eddy::coro<> ask_while_it_is_stuck(eddy::socket_address at, stuck_server& state) {
    std::vector<eddy::stream_ends> all;
    for (std::size_t i = 0; i != state.others + 1; ++i) {
        all.push_back(co_await connected(at));
    }
    all.front().second.write("block\n");
    while (!state.blocks) {
        co_await eddy::sleep(1ms);
    }
    std::vector<eddy::task<>> asked;
    for (std::size_t i = 1; i != all.size(); ++i) {
        asked.push_back(
            eddy::create_task([](eddy::stream_ends& ends, stuck_server& state) -> eddy::coro<> {
                ends.second.write("question\n");
                EXPECT_EQ(co_await ends.first.readline(), "question\n");
                ++state.answers_meanwhile;
            }(all[i], state)));
    }
    for (auto& each : asked) {
        co_await each;
    }
    EXPECT_EQ(co_await all.front().first.readline(), "block\n");
}

TEST_P(net_balance, connections_of_a_stuck_loop_are_answered_by_its_siblings) {
    stuck_server state;
    state.others = 100;
    eddy::run(
        [](stuck_server& state) -> eddy::coro<> {
            eddy::server s = co_await eddy::start_server(
                [&state](eddy::stream_reader in, eddy::stream_writer out) {
                    return answer_or_block(std::move(in), std::move(out), state);
                },
                "127.0.0.1", 0);
            std::thread others([&state, at = s.addresses().front()] {
                eddy::run(ask_while_it_is_stuck(at, state), {.workers = 1});
            });
            while (!state.over) {
                co_await eddy::sleep(1ms);
            }
            s.close();
            co_await s.wait_closed();
            others.join();
        }(state),
        {.workers = GetParam()});
    EXPECT_EQ(state.answered_at_the_end, state.others);
}

// -- silence --

std::size_t resident_bytes() {
    std::ifstream from("/proc/self/statm");
    std::size_t size = 0;
    std::size_t resident = 0;
    from >> size >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// How many connections, both ends in this process, may be open.
std::size_t connections_allowed(std::size_t wanted) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t allowed = (static_cast<std::size_t>(limit.rlim_cur) - 200) / 2;
    if (allowed < wanted) {
        std::printf("%zu connections only: RLIMIT_NOFILE is %zu\n", allowed,
                    static_cast<std::size_t>(limit.rlim_cur));
    }
    return std::min(allowed, wanted);
}

eddy::coro<> wait_for_a_line(eddy::stream_reader in, eddy::stream_writer out) {
    for (;;) {
        const std::string line = co_await in.readline();
        if (line.empty()) {
            co_return;
        }
        out.write(line);
        co_await out.drain();
    }
}

TEST_P(net_balance, an_idle_connection_costs_little) {
    const std::size_t connections = connections_allowed(10'000);
    double each = 0;
    eddy::run(
        [](std::size_t connections, double& each) -> eddy::coro<> {
            eddy::server s = co_await eddy::start_server(wait_for_a_line, "127.0.0.1", 0);
            const eddy::socket_address at = s.addresses().front();
            std::vector<eddy::owned_fd> clients;
            clients.reserve(connections);
            const auto add = [&](std::size_t count) -> eddy::coro<> {
                for (; count != 0; --count) {
                    eddy::socket made = eddy::socket::stream(at);
                    co_await made.connect(at);
                    clients.push_back(made.detach());
                }
                while (s.connections() != clients.size()) {
                    co_await eddy::sleep(1ms);
                }
                co_await eddy::sleep(10ms);
            };
            const std::size_t warm = connections / 10; // tables and caches that there are anyway
            co_await add(warm);
            const std::size_t before = resident_bytes();
            co_await add(connections - warm);
            each = static_cast<double>(resident_bytes() - before) /
                   static_cast<double>(connections - warm);
            clients.clear();
            co_await s.drain(10s);
        }(connections, each),
        {.workers = GetParam()});
    std::printf("%zu connections, %.0f bytes each\n", connections, each);
#ifndef EDDY_STRESS_SLOW
    EXPECT_LT(each, 1024);
#endif
}

} // namespace
