// stuck_loop_stress.cpp — a task that really blocks its loop's thread, and what the siblings do
// meanwhile.
//
// Covers:    ready tasks, new tasks, timers, callbacks of foreign threads, call_later and pipe
//            readiness of a loop that is stuck; two stuck loops; the report that names the slow
//            task, and not one that has no processor; callbacks of one loop never two at a time.
// Expect:    what had happened when the block ended, as flags read by the blocker itself: no times
//            are compared.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>
#include <eddy/io/fd.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>
#include <time.h>

using namespace std::chrono_literals;

namespace {

using stress::stress_case;

/// Blocks the thread until `enough()` or, at the latest, for 2 s: gives whether it was enough.
template <typename Enough>
bool block_until(Enough enough) {
    for (int i = 0; i != 2000; ++i) {
        std::this_thread::sleep_for(1ms);
        if (enough()) {
            return true;
        }
    }
    return false;
}

struct pipe_pair {
    pipe_pair() {
        const auto ends = eddy::sys::pipe2();
        reading = eddy::owned_fd(ends[0]);
        writing = eddy::owned_fd(ends[1]);
    }
    void put() const {
        const std::byte one{1};
        (void)eddy::sys::write(writing.get(), std::span(&one, 1));
    }
    eddy::owned_fd reading;
    eddy::owned_fd writing;
};

class stuck_loop : public stress_case, public testing::WithParamInterface<unsigned> {
protected:
    void run(eddy::coro<> main, eddy::runtime_options options = {}) {
        options.workers = GetParam();
        eddy::run(std::move(main), std::move(options));
    }
};

INSTANTIATE_TEST_SUITE_P(workers, stuck_loop, testing::Values(2U, 4U),
                         testing::PrintToStringParamName());

eddy::coro<> count_one(std::atomic<int>& count) {
    count.fetch_add(1);
    co_return;
}

TEST_P(stuck_loop, ready_tasks_run_on_siblings) {
    std::atomic<int> ran{0};
    bool all_ran = false;
    auto main = [](std::atomic<int>& ran, bool& all_ran) -> eddy::coro<> {
        for (int i = 0; i != 300; ++i) { // more than the ready ring holds
            (void)eddy::create_task(count_one(ran));
        }
        all_ran = block_until([&] { return ran.load() == 300; });
        co_return;
    };
    run(main(ran, all_ran));
    EXPECT_TRUE(all_ran) << ran.load();
}

TEST_P(stuck_loop, one_ready_task_runs_on_a_sibling) {
    std::atomic<int> ran{0};
    bool all_ran = false;
    auto main = [](std::atomic<int>& ran, bool& all_ran) -> eddy::coro<> {
        (void)eddy::create_task(count_one(ran));
        all_ran = block_until([&] { return ran.load() == 1; });
        co_return;
    };
    run(main(ran, all_ran));
    EXPECT_TRUE(all_ran);
}

TEST_P(stuck_loop, children_of_a_gather_run_on_siblings) {
    std::atomic<int> ran{0};
    bool all_ran = false;
    auto blocker = [](std::atomic<int>& ran, bool& all_ran) -> eddy::coro<> {
        all_ran = block_until([&] { return ran.load() == 2; });
        co_return;
    };
    auto main = [&blocker](std::atomic<int>& ran, bool& all_ran) -> eddy::coro<> {
        co_await eddy::gather(blocker(ran, all_ran), count_one(ran), count_one(ran));
    };
    run(main(ran, all_ran));
    EXPECT_TRUE(all_ran);
}

TEST_P(stuck_loop, timers_of_the_loop_fire) {
    std::atomic<int> woken{0};
    bool all_woken = false;
    auto sleeper = [](std::atomic<int>& woken, int i) -> eddy::coro<> {
        co_await eddy::sleep(std::chrono::milliseconds(5 + i));
        woken.fetch_add(1);
    };
    auto main = [&sleeper](std::atomic<int>& woken, bool& all_woken) -> eddy::coro<> {
        for (int i = 0; i != 20; ++i) { // eager: each sleeps in this loop's wheel
            (void)eddy::create_task(sleeper(woken, i), {.eager = true});
        }
        (void)eddy::get_running_loop().call_later(10ms, [&woken] { woken.fetch_add(1); });
        all_woken = block_until([&] { return woken.load() == 21; });
        co_return;
    };
    run(main(woken, all_woken));
    EXPECT_TRUE(all_woken) << woken.load();
}

TEST_P(stuck_loop, callbacks_of_foreign_threads_run) {
    std::atomic<int> called{0};
    bool all_called = false;
    auto main = [](std::atomic<int>& called, bool& all_called) -> eddy::coro<> {
        eddy::event_loop& loop = eddy::get_running_loop();
        std::thread foreign([&] {
            for (int i = 0; i != 100; ++i) {
                (void)loop.call_soon_threadsafe([&called, i] {
                    EXPECT_EQ(called.load(), i); // in order, so one at a time
                    called.store(i + 1);
                });
                std::this_thread::sleep_for(100us);
            }
        });
        all_called = block_until([&] { return called.load() == 100; });
        foreign.join();
        co_return;
    };
    run(main(called, all_called));
    EXPECT_TRUE(all_called) << called.load();
}

TEST_P(stuck_loop, pipes_of_the_loop_are_read) {
    const pipe_pair awaited;
    const pipe_pair watched;
    std::atomic<int> readable{0};
    bool all_readable = false;
    auto reader = [](int fd, std::atomic<int>& readable) -> eddy::coro<> {
        co_await eddy::readable(fd);
        readable.fetch_add(1);
    };
    auto main = [&](std::atomic<int>& readable, bool& all_readable) -> eddy::coro<> {
        eddy::event_loop& loop = eddy::get_running_loop();
        (void)eddy::create_task(reader(awaited.reading.get(), readable), {.eager = true});
        loop.add_reader(watched.reading.get(), [&] {
            readable.fetch_add(1);
            (void)loop.remove_reader(watched.reading.get());
        });
        std::thread foreign([&] {
            std::this_thread::sleep_for(5ms);
            awaited.put();
            watched.put();
        });
        all_readable = block_until([&] { return readable.load() == 2; });
        foreign.join();
        co_return;
    };
    run(main(readable, all_readable));
    EXPECT_TRUE(all_readable) << readable.load();
}

TEST_P(stuck_loop, the_slow_task_is_named_while_it_is_stuck) {
    std::atomic<bool> named{false};
    bool in_time = false;
    reports.listen([&named](const eddy::report& what) {
        if (what.kind == eddy::report_kind::slow_step && what.task_name == "the slow one") {
            named.store(true);
        }
    });
    auto blocker = [](std::atomic<bool>& named, bool& in_time) -> eddy::coro<> {
        in_time = block_until([&] { return named.load(); });
        co_return;
    };
    auto main = [&blocker](std::atomic<bool>& named, bool& in_time) -> eddy::coro<> {
        co_await eddy::create_task(blocker(named, in_time), {.name = "the slow one"});
    };
    run(main(named, in_time), {.slow_step = 20ms});
    reports.listen({});
    EXPECT_TRUE(in_time);
    EXPECT_EQ(reports.count(eddy::report_kind::slow_step), 1U) << reports.last();
}

void stay_on(int processor) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(processor, &only);
    (void)::sched_setaffinity(0, sizeof only, &only);
}

/// Threads that never sleep, on one processor.
std::vector<std::jthread> crowd_on(int processor) {
    std::vector<std::jthread> out;
    for (int i = 0; i != 16; ++i) {
        out.emplace_back([processor](const std::stop_token& end) {
            stay_on(processor);
            while (!end.stop_requested()) {
            }
        });
    }
    return out;
}

std::chrono::nanoseconds time_on_the_processor() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

TEST_F(stress_case, a_task_is_not_called_slow_for_what_others_do_to_it) {
    const int processor = ::sched_getcpu();
    std::vector<std::jthread> crowd = crowd_on(processor);
    auto main = [](int processor) -> eddy::coro<> {
        cpu_set_t before;
        (void)::sched_getaffinity(0, sizeof before, &before);
        stay_on(processor);
        const auto end = time_on_the_processor() + 20ms; // a third of a second, as it is
        while (time_on_the_processor() < end) {
        }
        (void)::sched_setaffinity(0, sizeof before, &before);
        co_return;
    };
    eddy::run(main(processor), {.workers = 2, .slow_step = 200ms});
    EXPECT_EQ(reports.count(eddy::report_kind::slow_step), 0U) << reports.last();
}

// With three of four loops stuck, the last one serves them all.
TEST_F(stress_case, several_stuck_loops_are_served_by_the_one_that_is_left) {
    std::atomic<int> stuck{0};
    std::atomic<int> served{0};
    std::atomic<int> content{0};
    auto blocker = [](std::atomic<int>& stuck, std::atomic<int>& served,
                      std::atomic<int>& content) -> eddy::coro<> {
        auto sleeper = [](std::atomic<int>& served) -> eddy::coro<> {
            co_await eddy::sleep(20ms);
            served.fetch_add(1);
        };
        (void)eddy::create_task(sleeper(served), {.eager = true});
        stuck.fetch_add(1);
        (void)block_until([&] { return stuck.load() == 3; });
        (void)eddy::create_task(count_one(served));
        if (block_until([&] { return served.load() == 6; })) {
            content.fetch_add(1);
        }
        co_return;
    };
    auto main = [&](std::atomic<int>& stuck, std::atomic<int>& served,
                    std::atomic<int>& content) -> eddy::coro<> {
        auto a = eddy::create_task(blocker(stuck, served, content));
        auto b = eddy::create_task(blocker(stuck, served, content));
        auto c = eddy::create_task(blocker(stuck, served, content));
        co_await eddy::gather(a, b, c);
    };
    eddy::run(main(stuck, served, content), {.workers = 4});
    EXPECT_EQ(served.load(), 6);
    EXPECT_EQ(content.load(), 3);
}

// A sibling that gets stuck itself, in a task it has rescued, is replaced.
TEST_F(stress_case, what_a_rescuer_is_stuck_in_does_not_stop_the_rescue) {
    std::atomic<int> ran{0};
    std::atomic<int> content{0};
    auto blocker = [](std::atomic<int>& ran, std::atomic<int>& content) -> eddy::coro<> {
        if (block_until([&] { return ran.load() == 1; })) {
            content.fetch_add(1);
        }
        co_return;
    };
    auto main = [&](std::atomic<int>& ran, std::atomic<int>& content) -> eddy::coro<> {
        co_await eddy::sleep(30ms); // the siblings sleep, one of them as the watcher
        auto other = eddy::create_task(blocker(ran, content));
        auto pause = std::chrono::steady_clock::now() + 20ms;
        // Stuck: the other one is rescued meanwhile.
        while (std::chrono::steady_clock::now() < pause) {
        }
        (void)eddy::create_task(count_one(ran));
        if (block_until([&] { return ran.load() == 1; })) {
            content.fetch_add(1);
        }
        co_await other;
    };
    eddy::run(main(ran, content), {.workers = 4});
    EXPECT_EQ(content.load(), 2);
}

} // namespace
