// await_chain_stress.cpp — threads that look at tasks while these suspend, wake, are cancelled and
// end.
//
// Covers:    looks against wake-ups, against cancels (each is delivered), against the children of a
//            gather that end, against a task that ends while its awaiter is looked at; texts of
//            everything while runtimes come and go.
// Not here:  the schedules of one word -> tests/model/branch_word_model.cpp.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::coro;
using stress::scaled;
using stress::stress_case;

/// Threads that do the same thing over and over while it lives.
class crowd {
public:
    template <typename Fn>
    crowd(unsigned threads, Fn fn) {
        for (unsigned i = 0; i != threads; ++i) {
            threads_.emplace_back([this, fn] {
                while (!over_.load()) {
                    fn();
                    rounds_.fetch_add(1);
                }
            });
        }
    }
    ~crowd() {
        over_.store(true);
        for (std::thread& each : threads_) {
            each.join();
        }
    }
    crowd(const crowd&) = delete;
    crowd& operator=(const crowd&) = delete;

    [[nodiscard]] long rounds() const { return rounds_.load(); }

private:
    std::atomic<bool> over_{false};
    std::atomic<long> rounds_{0};
    std::vector<std::thread> threads_;
};

coro<> sleep_long() {
    co_await eddy::sleep(1h);
}
coro<> sleep_deep(int levels) {
    if (levels == 0) {
        co_await sleep_long();
    } else {
        co_await sleep_deep(levels - 1);
    }
}

class await_chain_stress : public stress_case, public testing::WithParamInterface<unsigned> {
protected:
    template <typename Body>
    void run_looked_at(Body body) {
        const crowd lookers(2, [] { (void)eddy::format_tasks(); });
        eddy::run(std::move(body), {.workers = GetParam()});
    }
};

INSTANTIATE_TEST_SUITE_P(workers, await_chain_stress, testing::Values(1U, 2U, 8U),
                         testing::PrintToStringParamName());

// A cancel that took a look for another cancel would go away, and the task sleep on.
TEST_P(await_chain_stress, each_cancel_is_delivered) {
    auto main = [](std::size_t rounds) -> coro<> {
        for (std::size_t i = 0; i != rounds; ++i) {
            auto task = eddy::create_task(sleep_deep(static_cast<int>(i % 20)));
            while (task.stage() != eddy::task_state::suspended) {
                co_await eddy::yield();
            }
            std::thread canceller([&task] { (void)task.cancel(); });
            auto got = co_await eddy::as_result(eddy::shield(task));
            canceller.join();
            EXPECT_TRUE(got.cancelled());
        }
    };
    run_looked_at(main(scaled(2000)));
}

// One task, two threads that do nothing but look at it: most of its wake-ups meet a look.
TEST_P(await_chain_stress, each_wake_up_and_cancel_of_one_task_comes) {
    auto victim = [](std::size_t rounds) -> coro<std::size_t> {
        std::size_t cancels = 0;
        for (std::size_t i = 0; i != rounds; ++i) {
            auto got = co_await eddy::as_result(eddy::sleep(i % 2 == 0 ? 5us : 1us));
            cancels += got.cancelled() ? 1 : 0;
            (void)co_await eddy::as_result(eddy::yield());
        }
        co_return cancels;
    };
    auto main = [&victim](std::size_t rounds) -> coro<> {
        auto task = eddy::create_task(victim(rounds));
        const crowd lookers(2, [&task] {
            const eddy::await_chain chain = eddy::capture_await_chain(task);
            EXPECT_LE(chain.frames.size(), 1U);
            EXPECT_TRUE(chain.now != eddy::await_chain::state::waits || chain.frames.size() == 1);
        });
        const crowd cancellers(1, [&task] {
            (void)task.cancel();
            std::this_thread::sleep_for(50us);
        });
        auto got = co_await eddy::as_result(eddy::shield(task));
        EXPECT_TRUE(got.has_value() || got.cancelled());
        EXPECT_TRUE(task.done());
    };
    eddy::run(main(scaled(10'000)), {.workers = GetParam()});
}

TEST_P(await_chain_stress, children_of_gathers_come_and_go) {
    auto child = [](unsigned turns) -> coro<> {
        for (unsigned i = 0; i != turns; ++i) {
            co_await eddy::sleep(std::chrono::microseconds(i));
        }
    };
    auto nested = [&child](unsigned turns) -> coro<> {
        co_await eddy::gather(child(turns), child(turns / 2), child(0));
    };
    auto main = [&](std::size_t rounds) -> coro<> {
        for (std::size_t i = 0; i != rounds; ++i) {
            std::vector<coro<>> all;
            for (unsigned k = 0; k != 20; ++k) {
                all.push_back(k % 3 == 0 ? nested(k % 7) : child(k % 5));
            }
            co_await eddy::gather(std::move(all));
        }
    };
    run_looked_at(main(scaled(300)));
}

// The awaiter names the task while it ends; the task names its awaiters while they leave.
TEST_P(await_chain_stress, tasks_end_while_their_awaiters_are_looked_at) {
    auto brief = [](int i) -> coro<int> {
        co_await eddy::yield();
        co_return i;
    };
    auto main = [&brief](std::size_t rounds) -> coro<> {
        for (std::size_t i = 0; i != rounds; ++i) {
            std::vector<eddy::task<int>> tasks;
            for (int k = 0; k != 5; ++k) {
                tasks.push_back(eddy::create_task(brief(k)));
            }
            const std::vector<eddy::any_task> looked_at(tasks.begin(), tasks.end());
            const crowd looker(1, [&looked_at] {
                for (const eddy::any_task& each : looked_at) {
                    (void)eddy::to_string(each);
                }
            });
            (void)co_await eddy::wait(tasks, {.timeout = 1us});
            int sum = 0;
            for (int got : co_await eddy::gather(tasks)) {
                sum += got;
            }
            EXPECT_EQ(sum, 10);
            EXPECT_EQ(co_await eddy::create_task(brief(7)), 7); // nobody else holds it
        }
    };
    run_looked_at(main(scaled(500)));
}

TEST_F(stress_case, texts_are_made_while_runtimes_come_and_go) {
    const crowd lookers(3, [] { (void)eddy::format_tasks(); });
    auto main = []() -> coro<> {
        auto left = eddy::create_task(sleep_deep(3));
        co_await eddy::gather(eddy::sleep(10us), eddy::create_task(eddy::as_coro(eddy::yield())));
    };
    for (std::size_t i = 0; i != scaled(300); ++i) {
        eddy::run(main(), {.workers = 1 + static_cast<unsigned>(i % 3)});
    }
}

} // namespace
