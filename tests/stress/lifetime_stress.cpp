// lifetime_stress.cpp — runtimes that end while others still hold, post, or have queued something.
//
// Covers:    the last wake-up, from a foreign thread, racing with the end of the runtime; handles
//            of plain, pinned and strand tasks and of callbacks that outlive it; callbacks, timers,
//            strands and watches that are queued when it ends; many runtimes at once; one runtime
//            driven many times; tasks of two runtimes that wait for each other.
// Not here:  failures to start -> failure_stress.cpp.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>
#include <eddy/io/fd.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::coro;
using stress::scaled;

class lifetime_stress : public stress::stress_case, public testing::WithParamInterface<unsigned> {};

INSTANTIATE_TEST_SUITE_P(workers, lifetime_stress, testing::Values(1U, 3U),
                         testing::PrintToStringParamName());

/// A thread that does what it is told, again and again, without being started anew.
class foreign_thread {
public:
    foreign_thread() : thread_([this] { run(); }) {}
    ~foreign_thread() {
        ask([this] { over_ = true; });
        thread_.join();
    }
    foreign_thread(const foreign_thread&) = delete;
    foreign_thread& operator=(const foreign_thread&) = delete;

    void ask(std::function<void()> what) {
        while (asked_.load()) {
            std::this_thread::yield();
        }
        what_ = std::move(what);
        asked_.store(true);
    }

private:
    void run() {
        while (!over_) {
            while (!asked_.load()) {
                std::this_thread::yield();
            }
            std::exchange(what_, {})();
            asked_.store(false);
        }
    }

    std::function<void()> what_;
    std::atomic<bool> asked_{false};
    bool over_ = false; // the thread's own
    std::thread thread_;
};

TEST_P(lifetime_stress, a_foreign_wake_up_ends_the_runtime) {
    foreign_thread foreign;
    for (std::size_t i = 0; i != scaled(2000); ++i) {
        auto made = std::make_shared<eddy::promise<int>>();
        auto main = [](std::shared_ptr<eddy::promise<int>> made,
                       foreign_thread& foreign) -> coro<int> {
            foreign.ask([made] { made->set_value(1); });
            co_return co_await made->get_future();
        };
        const auto workers = GetParam();
        EXPECT_EQ(eddy::run(main(std::move(made), foreign), {.workers = workers}), 1);
    }
}

TEST_P(lifetime_stress, a_foreign_wake_up_of_a_pinned_task_ends_the_runtime) {
    foreign_thread foreign;
    for (std::size_t i = 0; i != scaled(1000); ++i) {
        auto made = std::make_shared<eddy::promise<int>>();
        auto main = [](std::shared_ptr<eddy::promise<int>> made,
                       foreign_thread& foreign) -> coro<int> {
            foreign.ask([made] { made->set_value(1); });
            co_return co_await made->get_future();
        };
        eddy::runtime runtime({.workers = GetParam()});
        EXPECT_EQ(runtime.run_until_complete(main(std::move(made), foreign), {.pinned = true}), 1);
    }
}

TEST_P(lifetime_stress, a_foreign_cancel_ends_the_runtime) {
    foreign_thread foreign;
    for (std::size_t i = 0; i != scaled(2000); ++i) {
        auto main = [](foreign_thread& foreign) -> coro<> {
            const auto self = eddy::current_task();
            foreign.ask([self] { (void)self.cancel(); });
            co_await eddy::sleep(1h);
        };
        EXPECT_THROW(eddy::run(main(foreign), {.workers = GetParam()}), eddy::cancelled_error);
    }
}

coro<int> seven() {
    co_await eddy::yield();
    co_return 7;
}

TEST_P(lifetime_stress, handles_outlive_the_runtime) {
    for (std::size_t i = 0; i != scaled(200); ++i) {
        std::vector<eddy::task<int>> kept;
        eddy::callback_handle later;
        eddy::callback_handle soon;
        auto main = [](std::vector<eddy::task<int>>& kept, eddy::callback_handle& later,
                       eddy::callback_handle& soon) -> coro<> {
            eddy::strand line;
            kept.push_back(eddy::create_task(seven()));
            kept.push_back(eddy::create_task(seven(), {.pinned = true}));
            kept.push_back(eddy::create_task(seven(), {.name = "named"}));
            kept.push_back(line.create_task(seven()));
            co_await eddy::wait(kept);
            later = eddy::get_running_loop().call_later(1h, [] {});
            soon = eddy::get_running_loop().call_soon([] {});
        };
        eddy::run(main(kept, later, soon), {.workers = GetParam()});
        for (const auto& each : kept) {
            EXPECT_EQ(each.result(), 7);
            EXPECT_FALSE(each.cancel());
        }
        later.cancel();
        soon.cancel();
        EXPECT_TRUE(later.cancelled());
    }
}

// What is queued on any loop when the main task ends is run or let go, wherever it has been taken.
TEST_P(lifetime_stress, callbacks_that_are_queued_at_the_end_are_let_go) {
    for (std::size_t i = 0; i != scaled(300); ++i) {
        auto alive = std::make_shared<int>(0);
        auto main = [](std::shared_ptr<int> alive) -> coro<> {
            auto spread = [](std::shared_ptr<int> alive) -> coro<> {
                eddy::event_loop& loop = eddy::get_running_loop();
                for (int k = 0; k != 20; ++k) {
                    (void)loop.call_soon([alive] {});
                    (void)loop.call_later(1h, [alive] {});
                }
                co_return;
            };
            std::vector<coro<>> all;
            for (int k = 0; k != 10; ++k) {
                all.push_back(spread(alive));
            }
            co_await eddy::gather(std::move(all));
        };
        eddy::run(main(alive), {.workers = GetParam()});
        EXPECT_EQ(alive.use_count(), 1);
    }
}

TEST_P(lifetime_stress, a_strand_that_is_queued_at_the_end_is_let_go) {
    for (std::size_t i = 0; i != scaled(300); ++i) {
        auto main = []() -> coro<int> {
            eddy::strand line;
            co_return co_await line.create_task(seven());
        };
        EXPECT_EQ(eddy::run(main(), {.workers = GetParam()}), 7);
    }
}

TEST_P(lifetime_stress, watches_that_are_armed_or_queued_at_the_end_are_let_go) {
    for (std::size_t i = 0; i != scaled(200); ++i) {
        auto ends = eddy::sys::pipe2();
        const eddy::owned_fd reading(ends[0]);
        const eddy::owned_fd writing(ends[1]);
        auto alive = std::make_shared<int>(0);
        auto main = [](int reading, int writing, std::shared_ptr<int> alive) -> coro<> {
            eddy::get_running_loop().add_reader(reading, [alive] {});
            eddy::get_running_loop().add_writer(writing, [alive] {}); // ready all the time
            for (int k = 0; k != 20; ++k) {
                co_await eddy::yield();
            }
        };
        eddy::run(main(reading.get(), writing.get(), alive), {.workers = GetParam()});
        EXPECT_EQ(alive.use_count(), 1);
    }
}

TEST_P(lifetime_stress, tasks_that_are_left_are_cancelled_and_awaited) {
    for (std::size_t i = 0; i != scaled(200); ++i) {
        std::atomic<int> alive{0};
        auto left = [](std::atomic<int>& alive) -> coro<> {
            alive.fetch_add(1);
            (void)co_await eddy::as_result(eddy::sleep(1h));
            (void)co_await eddy::as_result(eddy::sleep(100us));
            alive.fetch_sub(1);
        };
        auto main = [&left](std::atomic<int>& alive) -> coro<> {
            for (int k = 0; k != 20; ++k) {
                (void)eddy::create_task(left(alive), {.pinned = k % 3 == 0, .eager = k % 4 == 0});
            }
            if (alive.load() > 5) {
                co_await eddy::yield();
            }
        };
        eddy::run(main(alive), {.workers = GetParam()});
        EXPECT_EQ(alive.load(), 0);
    }
}

coro<> fail_for_ever() {
    for (;;) {
        (void)eddy::create_task([]() -> coro<> {
            throw std::runtime_error("while the process exits");
            co_return;
        }());
        co_await eddy::sleep(10us);
    }
}

// In a process of its own.
TEST_P(lifetime_stress, a_task_may_exit_while_others_report_failures) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto end = [] {
        (void)eddy::on_unhandled([text = std::string(1000, 'x')](const eddy::report&) {
            if (text != std::string(1000, 'x')) {
                std::abort();
            }
        });
        eddy::run(
            []() -> coro<> {
                for (int i = 0; i != 20; ++i) {
                    (void)eddy::create_task(fail_for_ever());
                }
                co_await eddy::sleep(5ms);
                std::exit(3); // NOLINT(concurrency-mt-unsafe): that is the case
            }(),
            {.workers = GetParam()});
    };
    for (std::size_t i = 0; i != scaled(10); ++i) {
        EXPECT_EXIT(end(), testing::ExitedWithCode(3), "");
    }
}

TEST_P(lifetime_stress, one_runtime_is_driven_many_times_and_stopped_from_elsewhere) {
    foreign_thread foreign;
    eddy::runtime runtime({.workers = GetParam()});
    for (std::size_t i = 0; i != scaled(2000); ++i) {
        EXPECT_EQ(runtime.run_until_complete(seven()), 7);
        if (i % 4 == 0) {
            foreign.ask([&runtime] { runtime.stop(); });
            runtime.run_forever();
        }
        const auto before = runtime.create_task(seven());
        foreign.ask([&runtime] { (void)runtime.create_task(seven()); });
        EXPECT_EQ(runtime.run_until_complete(seven()), 7);
    }
    foreign.ask([] {});
}

TEST_P(lifetime_stress, runtimes_run_side_by_side) {
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
        threads.emplace_back([] {
            for (std::size_t k = 0; k != scaled(200); ++k) {
                auto main = []() -> coro<int> {
                    auto [a, b] = co_await eddy::gather(seven(), seven());
                    co_return a + b + co_await eddy::create_task(seven());
                };
                EXPECT_EQ(eddy::run(main(), {.workers = 2}), 21);
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
}

// Tasks of one runtime wait for promises and tasks of another, and are cancelled across.
TEST_P(lifetime_stress, two_runtimes_wait_for_each_other) {
    const unsigned workers = GetParam();
    for (std::size_t i = 0; i != scaled(300); ++i) {
        eddy::runtime far({.workers = workers});
        std::thread driver([&far] { far.run_forever(); });
        auto relay = [](eddy::future<int> from, eddy::promise<int> to) -> coro<int> {
            to.set_value(co_await from + 1);
            co_await eddy::sleep(1h);
            co_return 0;
        };
        auto main = [&](eddy::runtime& other) -> coro<> {
            eddy::promise<int> there;
            eddy::promise<int> back;
            eddy::future<int> answer = back.get_future();
            const auto task = other.create_task(relay(there.get_future(), std::move(back)));
            there.set_value(1);
            EXPECT_EQ(co_await answer, 2);
            const auto ended =
                co_await eddy::as_result(eddy::wait_for(task, std::chrono::microseconds(50)));
            EXPECT_TRUE(ended.holds<eddy::timeout_error>());
            EXPECT_TRUE(task.cancelled());
        };
        eddy::run(main(far), {.workers = workers});
        far.stop();
        driver.join();
    }
}

} // namespace
