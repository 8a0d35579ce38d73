// tbb_executor_test.cpp — algorithms of oneTBB that tasks await.
//
// Covers:    parallel_for, parallel_reduce, parallel_sort, run with a flow graph; exceptions,
//            cancels, shutdown, fork; loops that go on meanwhile; what travels with the work.
// Not here:  submit, apply, map -> executor_test.cpp.

#include "exec/tbb_headers.hpp"
#include <eddy/base/random.hpp>
#include <eddy/exec/tbb_executor.hpp>
#include <eddy/testing/co_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eddy {
namespace {

using namespace std::chrono_literals;

std::vector<int> up_to(int end) {
    std::vector<int> out(static_cast<std::size_t>(end));
    std::iota(out.begin(), out.end(), 0);
    return out;
}

CO_TEST(tbb_executor, parallel_for_calls_the_function_once_for_each_number) {
    tbb_executor tbb(2);
    std::vector<std::atomic<int>> calls(1000);
    co_await tbb.parallel_for(std::size_t{0}, calls.size(), [&](std::size_t i) { ++calls[i]; });
    for (const auto& each : calls) {
        EXPECT_EQ(each, 1);
    }
    co_await tbb.parallel_for(5, 5, [](int) { ADD_FAILURE(); });
    co_await tbb.parallel_for(5, 3, [](int) { ADD_FAILURE(); });
    std::atomic<int> sum = 0;
    co_await tbb.parallel_for(-3, 5, 100, [&](int i) { sum += i; });
    EXPECT_EQ(sum, 4);
}

CO_TEST(tbb_executor, parallel_for_over_iterators_gives_the_elements) {
    tbb_executor tbb(2);
    std::vector<int> numbers = up_to(1000);
    co_await tbb.parallel_for(numbers.begin(), numbers.end(), 16, [](int& each) { each *= 2; });
    for (std::size_t i = 0; i != numbers.size(); ++i) {
        EXPECT_EQ(numbers[i], 2 * static_cast<int>(i));
    }
}

CO_TEST(tbb_executor, parallel_reduce_combines_in_order) {
    tbb_executor tbb(3);
    EXPECT_EQ(co_await tbb.parallel_reduce(
                  0, 10'000, std::int64_t{0}, [](int i) { return std::int64_t{i}; },
                  [](std::int64_t a, std::int64_t b) { return a + b; }),
              49'995'000);
    const std::string digits = co_await tbb.parallel_reduce(
        0, 500, std::string(), [](int i) { return std::to_string(i % 10); },
        [](std::string a, const std::string& b) { return a + b; });
    EXPECT_EQ(digits.size(), 500U);
    for (std::size_t i = 0; i != digits.size(); ++i) {
        EXPECT_EQ(digits[i], static_cast<char>('0' + i % 10));
    }
    const std::vector<int> none;
    EXPECT_EQ(co_await tbb.parallel_reduce(
                  none.begin(), none.end(), 7, [](int i) { return i; }, std::plus<>()),
              7);
}

CO_TEST(tbb_executor, parallel_sort_sorts) {
    tbb_executor tbb(2);
    for (const std::uint32_t values : {1U, 5U, 1U << 31U}) { // many equal ones, too
        std::vector<std::uint32_t> numbers(50'000);
        for (auto& each : numbers) {
            each = static_cast<std::uint32_t>(random_below(values));
        }
        auto expected = numbers;
        std::ranges::sort(expected);
        co_await tbb.parallel_sort(numbers);
        EXPECT_EQ(numbers, expected);
        co_await tbb.parallel_sort(numbers, std::greater<>());
        std::ranges::reverse(expected);
        EXPECT_EQ(numbers, expected);
    }
    std::array<int, 3> few{3, 1, 2};
    co_await tbb.parallel_sort(few);
    EXPECT_EQ(few, (std::array{1, 2, 3}));
}

CO_TEST(tbb_executor, an_exception_of_a_body_comes_out_of_the_await) {
    tbb_executor tbb(2);
    EXPECT_TRUE((co_await as_result(tbb.parallel_for(0, 1000, [](int i) {
                    if (i == 500) {
                        throw std::runtime_error("not this one");
                    }
                }))).holds<std::runtime_error>());
    struct odd {};
    EXPECT_TRUE((co_await as_result(tbb.parallel_reduce(
                     0, 1000, 0,
                     [](int i) {
                         if (i == 999) {
                             throw odd();
                         }
                         return i;
                     },
                     std::plus<>())))
                    .holds<odd>());
    EXPECT_TRUE((co_await as_result(tbb.run([]() -> int { throw odd(); }))).holds<odd>());
    EXPECT_EQ(co_await tbb.run([] { return 4; }), 4); // it is as good as before
}

CO_TEST(tbb_executor, run_awaits_a_flow_graph) {
    tbb_executor tbb(2);
    namespace flow = oneapi::tbb::flow;
    std::atomic<int> sum = 0;
    co_await tbb.run([&] {
        flow::graph graph; // made where it runs: it belongs to the arena
        flow::function_node<int, int> doubles(graph, flow::unlimited, [](int i) { return 2 * i; });
        flow::function_node<int> adds(graph, flow::serial, [&](int i) { sum += i; });
        flow::make_edge(doubles, adds);
        for (int i = 0; i != 100; ++i) {
            doubles.try_put(i);
        }
        graph.wait_for_all();
    });
    EXPECT_EQ(sum, 9900);
}

CO_TEST(tbb_executor, the_loop_goes_on_meanwhile) {
    std::latch ticked(1);
    tbb_executor tbb(1);
    auto ticks = create_task([](std::latch& ticked) -> coro<> {
        for (int i = 0; i != 10; ++i) {
            co_await yield();
        }
        ticked.count_down();
    }(ticked));
    co_await tbb.parallel_for(0, 4, [&](int) { ticked.wait(); });
    co_await ticks;
}

CO_TEST(tbb_executor, a_cancel_stops_a_parallel_for_and_is_delivered_when_its_bodies_are_over) {
    tbb_executor tbb(2);
    std::atomic<int> inside = 0;
    std::atomic<int> begun = 0;
    std::atomic<bool> cancelled = false;
    auto loops = create_task([](auto& tbb, auto& inside, auto& begun, auto& cancelled) -> coro<> {
        co_await tbb.parallel_for(0, 1'000'000, [&](int) {
            ++inside;
            ++begun;
            while (!cancelled) {
                std::this_thread::yield();
            }
            --inside;
        });
    }(tbb, inside, begun, cancelled));
    while (begun == 0) {
        co_await yield();
    }
    EXPECT_TRUE(loops.cancel());
    EXPECT_FALSE(loops.done());
    cancelled = true;
    EXPECT_TRUE((co_await as_result(loops)).cancelled());
    EXPECT_EQ(inside, 0);
    EXPECT_LT(begun, 1'000'000);
}

// Waits for the cancel, which no other element may be begun after.
void wait_for_the_cancel(std::atomic<int>& begun) {
    ++begun;
    while (!oneapi::tbb::is_current_task_group_canceling()) {
        std::this_thread::yield();
    }
}

CO_TEST(tbb_executor, a_cancelled_parallel_for_does_not_go_on_with_a_part_that_it_has_begun) {
    tbb_executor tbb(2);
    std::atomic<int> begun = 0;
    auto loops =
        create_task(tbb.parallel_for(0, 1'000'000, [&](int) { wait_for_the_cancel(begun); }));
    while (begun == 0) {
        co_await yield();
    }
    EXPECT_TRUE(loops.cancel());
    EXPECT_TRUE((co_await as_result(loops)).cancelled());
    EXPECT_LE(begun, 2); // one on each thread
}

CO_TEST(tbb_executor, a_cancelled_parallel_reduce_does_not_go_on_with_a_part_that_it_has_begun) {
    tbb_executor tbb(2);
    std::atomic<int> begun = 0;
    auto sum = [&](int i) {
        wait_for_the_cancel(begun);
        return i;
    };
    auto sums = create_task(tbb.parallel_reduce(0, 1'000'000, 0, sum, std::plus<>()));
    while (begun == 0) {
        co_await yield();
    }
    EXPECT_TRUE(sums.cancel());
    EXPECT_TRUE((co_await as_result(sums)).cancelled());
    EXPECT_LE(begun, 2); // one on each thread
}

CO_TEST(tbb_executor, a_cancel_before_it_begins_withdraws_it) {
    std::latch release(1);
    std::latch begun(1);
    tbb_executor tbb(1);
    std::atomic<bool> ran = false;
    const auto busy = tbb.submit([&] {
        begun.count_down();
        release.wait();
    });
    begun.wait();
    auto waits = create_task(tbb.parallel_for(0, 10, [&](int) { ran = true; }));
    co_await yield();
    co_await yield();
    EXPECT_TRUE(waits.cancel());
    EXPECT_TRUE((co_await as_result(waits)).cancelled());
    release.count_down();
    co_await busy;
    co_await tbb.aclose();
    EXPECT_FALSE(ran);
}

CO_TEST(tbb_executor, a_cancel_stops_the_algorithms_inside_of_a_run) {
    tbb_executor tbb(2);
    std::atomic<int> begun = 0;
    std::atomic<bool> cancelled = false;
    auto runs = create_task([](auto& tbb, auto& begun, auto& cancelled) -> coro<> {
        co_await tbb.run([&] {
            oneapi::tbb::parallel_for(0, 1'000'000, [&](int) {
                ++begun;
                while (!cancelled) {
                    std::this_thread::yield();
                }
            });
        });
    }(tbb, begun, cancelled));
    while (begun == 0) {
        co_await yield();
    }
    EXPECT_TRUE(runs.cancel());
    cancelled = true;
    EXPECT_TRUE((co_await as_result(runs)).cancelled());
    EXPECT_LT(begun, 1'000'000);
}

context_var<int> number("number", 0);

CO_TEST(tbb_executor, values_and_deadlines_travel_into_the_bodies) {
    tbb_executor tbb(2);
    const auto bound = number.set(5);
    const clock::time_point limit = get_running_loop().time() + 1h;
    std::atomic<int> right = 0;
    co_await wait_until(
        tbb.parallel_for(
            0, 100,
            [&](int) { right += number.get() == 5 && current_deadline() == limit ? 1 : 0; }),
        limit);
    EXPECT_EQ(right, 100);
    EXPECT_EQ(co_await run_in_executor(tbb, [] { return number.get(); }), 5);
}

CO_TEST(tbb_executor, a_virtual_clock_stands_still_while_it_computes) {
    tbb_executor tbb(2);
    std::atomic<int> spun = 0;
    co_await wait_for(tbb.parallel_for(0, 10'000,
                                       [&](int) {
                                           ++spun;
                                           std::this_thread::yield();
                                       }),
                      1ns);
    EXPECT_EQ(spun, 10'000);
}

CO_TEST(tbb_executor, after_a_shutdown_everything_is_refused) {
    tbb_executor tbb(2);
    co_await tbb.aclose();
    EXPECT_TRUE(
        (co_await as_result(tbb.parallel_for(0, 1, [](int) {}))).holds<executor_shut_down>());
    EXPECT_TRUE((co_await as_result(tbb.run([] {}))).holds<executor_shut_down>());
    EXPECT_THROW((void)tbb.submit([] {}), executor_shut_down);
}

CO_TEST(tbb_executor, has_as_many_threads_as_there_are_loops) {
    const tbb_executor tbb;
    EXPECT_EQ(tbb.concurrency(), get_all_loops().size());
    co_return;
}

TEST(tbb_executor, computes_on_as_many_threads_as_it_was_asked_for) {
    std::latch all(3); // each waits for the others
    tbb_executor tbb(3);
    std::vector<future<>> calls;
    for (int i = 0; i != 3; ++i) {
        calls.push_back(tbb.submit([&] { all.arrive_and_wait(); }));
    }
    tbb.shutdown();
    for (const auto& each : calls) {
        EXPECT_TRUE(each.done());
    }
}

TEST(tbb_executor, its_threads_have_all_signals_blocked) {
    tbb_executor tbb(1);
    EXPECT_TRUE(tbb.apply([] {
        sigset_t blocked;
        ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
        return ::sigismember(&blocked, SIGTERM) == 1 && ::sigismember(&blocked, SIGINT) == 1;
    }));
}

TEST(tbb_executor, what_refuses_to_end_is_named) {
    const report_log reports;
    std::latch begun(1);
    std::latch release(1);
    tbb_executor tbb(1); // its end waits for who uses them
    const auto stuck = tbb.submit([&] {
        begun.count_down();
        release.wait();
    });
    const auto queued = tbb.submit([] {});
    begun.wait();
    tbb.shutdown({.grace = 1ms});
    EXPECT_TRUE(queued.cancelled());
    ASSERT_EQ(reports.count(report_kind::refuses_to_end), 1U);
    EXPECT_NE(reports.all()[0].message.find("what_refuses_to_end"), std::string::npos);
    release.count_down();
}

TEST(tbb_executor, in_the_child_of_a_fork_it_is_refused_and_left_alone) {
    std::latch begun(1);
    std::latch stop(1);
    auto arena = std::make_unique<tbb_executor>(tbb_options{.concurrency = 1});
    const auto runs = arena->submit([&] {
        begun.count_down();
        stop.wait();
    });
    begun.wait();
    const int child = ::fork();
    if (child == 0) {
        int status = 1;
        try {
            (void)arena->submit([] {});
        } catch (const executor_shut_down&) {
            arena.reset();
            status = 0;
        }
        ::_exit(status);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    stop.count_down();
    EXPECT_EQ(arena->apply([] { return 2; }), 2);
}

} // namespace
} // namespace eddy
