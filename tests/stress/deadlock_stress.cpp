// deadlock_stress.cpp — what only looks like a deadlock is not called one; what is one, is.
//
// Covers:    tokens that are passed between pinned tasks, so that all but one worker sleep all the
//            time; other threads that answer late, often, or never.
// Expect:    no report and no deadlock_error before the program has done its rounds.

#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>
#include <eddy/testing/report_log.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

eddy::runtime_options stopping(unsigned workers) {
    return {.workers = workers, .deadlock = eddy::runtime_options::on_deadlock::stop};
}

/// Without the watchdog of a stress_case: it is a thread, and with others there it takes a second
/// until anything is called a deadlock.
class deadlock_stress : public testing::TestWithParam<unsigned> {
protected:
    void SetUp() override {
        std::printf("EDDY_SEED=0x%llx\n", static_cast<unsigned long long>(eddy::process_seed()));
    }
};
INSTANTIATE_TEST_SUITE_P(workers, deadlock_stress, testing::Values(1U, 2U, 4U, 8U));

class deadlock_and_threads : public stress::stress_case,
                             public testing::WithParamInterface<unsigned> {};
INSTANTIATE_TEST_SUITE_P(workers, deadlock_and_threads, testing::Values(1U, 4U));

/// A place in a ring: takes the token, and gives it to the next one.
eddy::coro<> pass(std::vector<eddy::promise<>>& tokens, std::size_t place, std::size_t members,
                  std::size_t rounds) {
    for (std::size_t at = place; at < members * rounds; at += members) {
        co_await tokens[at].get_future();
        if (at + 1 != tokens.size()) {
            tokens[at + 1].set_value();
        }
    }
}

// Whoever passes the token sleeps at once, and whoever gets it may not be awake yet.
TEST_P(deadlock_stress, a_token_that_goes_round_is_always_somewhere) {
    constexpr std::size_t members = 8;
    const std::size_t rounds = stress::scaled(2000);
    std::vector<eddy::promise<>> tokens(members * rounds);
    eddy::runtime loops(stopping(GetParam()));
    std::vector<eddy::task<>> all;
    for (std::size_t i = 0; i != members; ++i) { // each on a loop of its own, as far as there are
        loops.loop(static_cast<unsigned>(i) % GetParam()).call_soon([&tokens, &all, i, rounds] {
            all.push_back(eddy::create_task(pass(tokens, i, members, rounds), {.pinned = true}));
        });
        loops.run_until_complete([]() -> eddy::coro<> { co_await eddy::sleep(1ms); }());
    }
    ASSERT_EQ(all.size(), members);
    loops.run_until_complete([](auto& tokens, auto& all) -> eddy::coro<> {
        tokens[0].set_value();
        for (auto& each : all) {
            co_await each;
        }
    }(tokens, all));
    EXPECT_THROW(loops.run_until_complete([]() -> eddy::coro<> {
        const eddy::promise<> unset;
        co_await unset.get_future();
    }()),
                 eddy::deadlock_error);
}

TEST_P(deadlock_stress, forks_and_sleeps_are_no_deadlock) {
    auto busy = [](auto& self, int depth) -> eddy::coro<int> {
        if (depth == 0) {
            co_await eddy::sleep(10us);
            co_return 1;
        }
        const auto [a, b] = co_await eddy::gather(self(self, depth - 1), self(self, depth - 1));
        co_return a + b;
    };
    eddy::runtime loops(stopping(GetParam()));
    for (std::size_t i = 0; i != stress::scaled(100); ++i) {
        EXPECT_EQ(loops.run_until_complete(busy(busy, 5)), 32);
    }
}

// Whoever counts threads meets some that are just ending, and others that have not answered yet.
TEST_P(deadlock_stress, threads_that_set_and_end_together_are_no_deadlock) {
    eddy::runtime loops(stopping(GetParam()));
    for (std::size_t i = 0; i != stress::scaled(300); ++i) {
        std::vector<std::thread> threads;
        loops.run_until_complete([](auto& threads) -> eddy::coro<> {
            std::vector<eddy::future<>> all;
            for (int k = 0; k != 20; ++k) {
                eddy::promise<> answer;
                all.push_back(answer.get_future());
                threads.emplace_back(
                    [answer = std::move(answer)]() mutable { answer.set_value(); });
            }
            co_await eddy::gather(std::move(all));
        }(threads));
        for (std::thread& each : threads) {
            each.join();
        }
    }
}

TEST_P(deadlock_and_threads, another_thread_may_answer_late) {
    eddy::promise<int> answer;
    std::thread other([&] {
        std::this_thread::sleep_for(300ms);
        answer.set_value(5);
    });
    eddy::runtime loops(stopping(GetParam()));
    EXPECT_EQ(loops.run_until_complete([](eddy::future<int> of) -> eddy::coro<int> {
        co_return co_await of;
    }(answer.get_future())),
              5);
    other.join();
}

// Between two looks of a worker it may set its promise and be gone.
TEST_P(deadlock_and_threads, a_thread_that_sets_and_ends_is_no_deadlock) {
    eddy::runtime loops(stopping(GetParam()));
    for (std::size_t i = 0; i != stress::scaled(2000); ++i) {
        eddy::promise<> answer;
        auto t = loops.create_task(
            [](eddy::future<> of) -> eddy::coro<> { co_await of; }(answer.get_future()));
        loops.run_until_complete([](auto& t, eddy::promise<> answer) -> eddy::coro<> {
            while (t.stage() != eddy::task_state::suspended) {
                co_await eddy::yield();
            }
            std::thread([answer = std::move(answer)]() mutable { answer.set_value(); }).detach();
            co_await t;
        }(t, std::move(answer)));
    }
}

TEST_P(deadlock_and_threads, another_thread_that_has_announced_itself_may_take_any_time) {
    eddy::promise<int> answer;
    std::thread other([&] {
        std::this_thread::sleep_for(1300ms);
        answer.set_value(5);
    });
    eddy::runtime loops(stopping(GetParam()));
    const eddy::outside_work announced(loops.loop());
    EXPECT_EQ(loops.run_until_complete([](eddy::future<int> of) -> eddy::coro<int> {
        co_return co_await of;
    }(answer.get_future())),
              5);
    other.join();
}

TEST_P(deadlock_and_threads, one_that_never_answers_is_waited_for_a_second) {
    std::atomic<bool> over = false;
    std::thread other([&] {
        while (!over) {
            std::this_thread::sleep_for(1ms);
        }
    });
    eddy::runtime loops(stopping(GetParam()));
    std::string text;
    try {
        loops.run_until_complete([]() -> eddy::coro<> {
            const eddy::promise<> unset;
            co_await unset.get_future();
        }());
    } catch (const eddy::deadlock_error& error) {
        text = error.what();
    }
    EXPECT_TRUE(text.starts_with("possible deadlock: the only task waits")) << text;
    over = true;
    other.join();
}

// A server whose work comes from a thread: it is silent between two pieces of work, for ever.
TEST_P(deadlock_and_threads, a_thread_that_has_posted_before_may_do_so_again_at_any_time) {
    const eddy::report_log reports;
    std::atomic<std::size_t> served = 0;
    eddy::runtime loops({.workers = GetParam()});
    const eddy::promise<> unset;
    auto consumer = loops.create_task(
        [](eddy::future<> of) -> eddy::coro<> { co_await of; }(unset.get_future()));
    std::thread feeder([&] {
        for (std::size_t i = 0; i != stress::scaled(1000); ++i) {
            loops.loop().call_soon_threadsafe([&] { ++served; });
            if (i % 100 == 0) {
                std::this_thread::sleep_for(1ms);
            }
        }
        std::this_thread::sleep_for(1200ms);
        loops.stop();
    });
    loops.run_forever();
    feeder.join();
    EXPECT_EQ(served, stress::scaled(1000));
    EXPECT_EQ(reports.count(eddy::report_kind::deadlock), 0U);
    (void)consumer.cancel();
}

} // namespace
