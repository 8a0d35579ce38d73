// scopes_stress.cpp — nested groups, limits, masks, races and bindings: at random, cancelled at
// every point, and by threads from outside.
//
// Covers:    random programs of tests/support/scope_program.hpp in virtual time on one worker and
//            on four, with a cancel at each of their suspensions; many of them at the same time on
//            up to 32 workers, cancelled by other threads; groups whose children fail, end and are
//            created on all workers at once.
// Expect:    every run ends; no scope ends before what it awaits; no binding leaks; requests are
//            counted back; no frame is left.

#include "stress/stress_case.hpp"
#include "support/scope_program.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using scopes::statement;

statement program_of(std::uint64_t number) {
    return scopes::generator(eddy::process_seed() + number, scopes::vocabulary::all).make();
}

// -- cancels at every suspension --

/// Runs `program` and cancels its main task at suspension `k`. False: it did not suspend so often.
bool run_with_cancel(const statement& program, unsigned workers, std::size_t k) {
    std::atomic<std::size_t> seen{0};
    eddy::any_task main;
    const auto hook = [&](const eddy::any_task& /*suspending*/) {
        if (seen.fetch_add(1) + 1 == k) {
            (void)main.cancel();
        }
    };
    scopes::trace log; // what is shielded writes into it after main's end
    auto body = [&log](const statement& of, eddy::any_task& self) -> eddy::coro<> {
        self = eddy::current_task();
        co_await scopes::interpreter::run(of, log);
    };
    try {
        eddy::run(body(program, main),
                  {.workers = workers, .virtual_time = true, .on_suspend = hook});
    } catch (const eddy::cancelled_error&) {
    }
    EXPECT_TRUE(main.done());
    return seen.load() >= k;
}

class scope_programs : public stress::stress_case, public testing::WithParamInterface<unsigned> {};
INSTANTIATE_TEST_SUITE_P(on, scope_programs, testing::Values(1U, 4U));

TEST_P(scope_programs, are_cancelled_at_every_suspension) {
    std::size_t points = 0;
    for (std::uint64_t i = 0; i != stress::scaled(40); ++i) {
        const statement program = program_of(i);
        const std::int64_t before = eddy::frame_cache::live_hint();
        for (std::size_t k = 1; run_with_cancel(program, GetParam(), k); ++k) {
            ++points;
            ASSERT_EQ(scopes::alive.load(), 0) << k << " " << to_text(program);
            ASSERT_EQ(scopes::broken_rules.load(), 0) << k << " " << to_text(program);
            ASSERT_EQ(eddy::frame_cache::live_hint(), before) << k << " " << to_text(program);
        }
    }
    std::printf("%zu points\n", points);
    EXPECT_GT(points, 0U);
}

// The same program does the same, however often it runs.
TEST_F(scope_programs, are_repeatable_on_one_worker) {
    auto trace_of = [](const statement& program) {
        std::string text;
        eddy::run(
            [](const statement& of, std::string& text) -> eddy::coro<> {
                scopes::trace log;
                co_await scopes::interpreter::run(of, log);
                text = log.text();
            }(program, text),
            {.workers = 1, .virtual_time = true});
        return text;
    };
    for (std::uint64_t i = 0; i != stress::scaled(100); ++i) {
        const statement program = program_of(i);
        const statement copy = scopes::parser(to_text(program)).parse();
        ASSERT_EQ(trace_of(program), trace_of(copy)) << to_text(program);
    }
}

// -- on many workers, in real time, with cancels from threads --

class scopes_on_many : public stress::stress_case, public testing::WithParamInterface<unsigned> {};
INSTANTIATE_TEST_SUITE_P(on, scopes_on_many, testing::Values(8U, 32U));

TEST_P(scopes_on_many, programs_at_the_same_time_are_cancelled_by_threads) {
    const std::size_t count = stress::scaled(200);
    std::vector<statement> programs;
    for (std::uint64_t i = 0; i != count; ++i) {
        programs.push_back(program_of(1000 + i));
    }
    std::atomic<bool> over{false};
    std::vector<scopes::trace> logs(programs.size());
    auto main = [&]() -> eddy::coro<> {
        std::vector<eddy::task<>> tasks;
        for (std::size_t i = 0; i != programs.size(); ++i) {
            tasks.push_back(eddy::create_task(scopes::interpreter::run(programs[i], logs[i])));
        }
        std::vector<std::thread> cancellers;
        for (std::size_t t = 0; t != 3; ++t) {
            cancellers.emplace_back([&, t] {
                eddy::random_source random(eddy::process_seed(), t);
                while (!over.load()) {
                    (void)tasks[random.below(tasks.size())].cancel();
                    std::this_thread::sleep_for(std::chrono::microseconds(random.below(300)));
                }
            });
        }
        (void)co_await eddy::wait(tasks, {.timeout = 10s});
        over.store(true);
        for (std::thread& each : cancellers) {
            each.join();
        }
        for (const eddy::task<>& each : tasks) {
            each.cancel();
        }
        (void)co_await eddy::wait(tasks);
    };
    eddy::run(main(), {.workers = GetParam()});
    EXPECT_EQ(scopes::alive.load(), 0);
    EXPECT_EQ(scopes::broken_rules.load(), 0);
}

// Children that end, fail, create siblings and cancel the group, on all workers at the same time.
eddy::coro<> busy_child(eddy::task_group& group, std::atomic<int>& alive, int depth, int number) {
    struct one {
        std::atomic<int>& of;
        explicit one(std::atomic<int>& all) : of(all) { of.fetch_add(1); }
        one(const one&) = delete;
        one& operator=(const one&) = delete;
        ~one() { of.fetch_sub(1); }
    };
    const one present(alive);
    for (int i = 0; i != number % 5; ++i) {
        co_await eddy::yield();
    }
    if (depth != 0) {
        (void)group.create_task(busy_child(group, alive, depth - 1, number + 1));
        (void)group.create_task(busy_child(group, alive, depth - 1, number + 3));
    } else if (number % 7 == 0) {
        throw std::runtime_error("planned");
    } else if (number % 11 == 0) {
        group.cancel();
    }
    co_await eddy::sleep(std::chrono::microseconds(number % 50));
}

TEST_P(scopes_on_many, children_come_and_go_on_all_workers) {
    std::atomic<int> left{0};
    std::atomic<int> miscounted{0};
    auto once = [&](int number) -> eddy::coro<> {
        std::atomic<int> mine{0};
        auto body = [&mine, number](eddy::task_group& group) -> eddy::coro<> {
            for (int i = 0; i != 4; ++i) {
                (void)group.create_task(busy_child(group, mine, 3, number + i));
            }
            if (number % 3 == 0) {
                co_await eddy::sleep(10us);
            }
        };
        const auto result = co_await eddy::as_result(
            eddy::wait_for(eddy::with_task_group(body), std::chrono::microseconds(100 + number)));
        left.fetch_add(mine.load());
        if (!result && !result.holds<eddy::exception_group>() &&
            !result.holds<eddy::timeout_error>()) {
            left.fetch_add(1);
        }
    };
    auto repeat = [&](int first) -> eddy::coro<> {
        for (int i = 0; i != static_cast<int>(stress::scaled(150)); ++i) {
            co_await once(first + 13 * i);
            miscounted.fetch_add(eddy::current_task().cancelling() != 0 ? 1 : 0);
        }
    };
    auto main = [&]() -> eddy::coro<> {
        co_await eddy::with_task_group([&](eddy::task_group& group) -> eddy::coro<> {
            for (int i = 0; i != 16; ++i) {
                (void)group.create_task(repeat(i));
            }
            co_return;
        });
    };
    eddy::run(main(), {.workers = GetParam()});
    EXPECT_EQ(left.load(), 0);
    EXPECT_EQ(miscounted.load(), 0);
}

TEST_P(scopes_on_many, groups_are_cancelled_by_threads_while_they_end) {
    std::atomic<int> ended{0};
    auto main = [&]() -> eddy::coro<> {
        for (std::size_t i = 0; i != stress::scaled(300); ++i) {
            std::atomic<eddy::task_group*> shown{nullptr};
            std::thread canceller([&shown] {
                while (shown.load() == nullptr) {
                }
                shown.load()->cancel();
                shown.store(nullptr);
            });
            co_await eddy::with_task_group([&](eddy::task_group& group) -> eddy::coro<> {
                for (int child = 0; child != 8; ++child) {
                    (void)group.create_task([](int child) -> eddy::coro<> {
                        co_await eddy::sleep(std::chrono::microseconds(10 * child));
                    }(child));
                }
                shown.store(&group);
                // The group must be there while the thread is in it.
                co_await eddy::masked([&shown]() -> eddy::coro<> {
                    while (shown.load() != nullptr) {
                        co_await eddy::yield();
                    }
                });
            });
            canceller.join();
            ended.fetch_add(1);
        }
        EXPECT_EQ(eddy::current_task().cancelling(), 0U);
    };
    eddy::run(main(), {.workers = GetParam()});
    EXPECT_EQ(ended.load(), static_cast<int>(stress::scaled(300)));
}

// -- what follows the work --

const eddy::context_var<int> owner("owner", -1);

eddy::coro<int> wrong_owners(int expected, int depth) {
    int wrong = 0;
    for (int i = 0; i != 3; ++i) {
        wrong += owner.get() == expected ? 0 : 1;
        if (depth != 0) {
            const int inner = expected * 10 + i;
            const auto bound = owner.set(inner);
            const auto [a, b, c] = co_await eddy::gather(
                wrong_owners(inner, depth - 1), wrong_owners(inner, depth - 1),
                eddy::create_task(wrong_owners(inner, depth - 1)));
            wrong += a + b + c;
            wrong += owner.get() == inner ? 0 : 1;
        }
        i % 2 == 0 ? co_await eddy::yield() : co_await eddy::sleep(1us);
    }
    wrong += owner.get() == expected ? 0 : 1;
    co_return wrong;
}

TEST_P(scopes_on_many, bindings_follow_forks_and_tasks_that_are_stolen) {
    int wrong = 0;
    auto main = [&wrong]() -> eddy::coro<> {
        std::vector<eddy::coro<int>> all;
        for (int i = 0; i != static_cast<int>(stress::scaled(40)); ++i) {
            all.push_back([](int number) -> eddy::coro<int> {
                const auto bound = owner.set(number);
                co_return co_await wrong_owners(number, 3);
            }(i));
        }
        for (const int each : co_await eddy::gather(std::move(all))) {
            wrong += each;
        }
    };
    eddy::run(main(), {.workers = GetParam()});
    EXPECT_EQ(wrong, 0);
}

} // namespace
