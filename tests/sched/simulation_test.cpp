// simulation_test.cpp — virtual workers on one thread, in an order that a seed decides.
//
// Covers:    equal seeds give equal runs, different ones different runs; what is promised stays;
//            time, descriptors, threads outside, deadlocks, the end of a run.
// Not here:  simulate, explore and what they find -> testing/simulate_test.cpp.

#include "base/thread_state.hpp"
#include "support/event_log.hpp"
#include <eddy/base/syscall.hpp>
#include <eddy/io/fd.hpp>
#include <eddy/testing/co_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace eddy {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t some_seeds = 20;

runtime_options seeded(std::uint64_t seed, unsigned workers = 4) {
    return {.workers = workers, .simulation = simulation_options{.seed = seed}};
}

/// What `body(log)` writes into the log under each of some seeds.
template <typename Body>
std::set<std::string> logs_of(Body body, unsigned workers = 4) {
    std::set<std::string> out;
    for (std::uint64_t seed = 0; seed != some_seeds; ++seed) {
        event_log log;
        run(body(log), seeded(seed, workers));
        out.insert(log.text());
    }
    return out;
}

coro<> add_twice(event_log& log, std::string word) {
    log.add(word);
    co_await yield();
    log.add(word);
}

coro<> three_tasks(event_log& log) {
    auto a = create_task(add_twice(log, "a"));
    auto b = create_task(add_twice(log, "b"));
    auto c = create_task(add_twice(log, "c"));
    co_await gather(a, b, c);
}

coro<int> fib(int n) {
    if (n < 2) {
        co_return n;
    }
    const auto [a, b] = co_await gather(fib(n - 1), fib(n - 2));
    co_return a + b;
}

coro<> everything(event_log& log) {
    strand line;
    auto on_a_line = line.create_task(add_twice(log, "line"));
    auto pinned = create_task(add_twice(log, "pinned"), {.pinned = true});
    const auto later = get_running_loop().call_later(1ms, [&] { log.add("later"); });
    (void)co_await as_result(wait_for(sleep(1h), 2ms));
    log.add(std::to_string(co_await fib(8)));
    co_await three_tasks(log);
    co_await gather(on_a_line, pinned);
}

/// The steps of a run of everything(), one a line.
std::string steps_of(std::uint64_t seed, unsigned workers) {
    std::string out;
    auto options = seeded(seed, workers);
    options.simulation->on_step = [&](const simulated_step& each) {
        out += to_string(each) + "\n";
    };
    event_log log;
    run(everything(log), options);
    return out + log.text();
}

// -- replay --

TEST(simulation, equal_seeds_give_equal_runs) {
    for (const unsigned workers : {1U, 2U, 4U}) {
        for (std::uint64_t seed = 0; seed != some_seeds; ++seed) {
            const std::string first = steps_of(seed, workers);
            EXPECT_EQ(steps_of(seed, workers), first);
        }
    }
}

TEST(simulation, different_seeds_give_different_runs) {
    std::set<std::string> distinct;
    for (std::uint64_t seed = 0; seed != some_seeds; ++seed) {
        distinct.insert(steps_of(seed, 4));
    }
    EXPECT_EQ(distinct.size(), some_seeds);
}

TEST(simulation, tasks_have_the_same_names_each_time) {
    const auto name_of = [](std::uint64_t seed) {
        return run(
            []() -> coro<std::string> {
                auto t = create_task(fib(1));
                co_await t;
                co_return t.name();
            }(),
            seeded(seed));
    };
    EXPECT_EQ(name_of(1), "Task-2");
    EXPECT_EQ(name_of(2), "Task-2");
}

TEST(simulation, a_step_in_words) {
    simulated_step step{.worker = 1, .from = 1, .now = virtual_clock_source().now() + 1500ms};
    step.what = simulated_step::kind::callback;
    EXPECT_EQ(to_string(step), "+1.5s worker 1 calls a callback");
    step.from = 0;
    step.what = simulated_step::kind::timers;
    EXPECT_EQ(to_string(step), "+1.5s worker 1 fires timers, of worker 0");
    step.what = simulated_step::kind::time;
    EXPECT_EQ(to_string(step).substr(0, 17), "+1.5s time passes");
    std::string resumed;
    auto options = seeded(1, 1);
    options.simulation->on_step = [&](const simulated_step& each) { resumed = to_string(each); };
    auto run_named = [](auto body, auto opts) {
        runtime loops(opts);
        loops.run_until_complete(body(), {.name = "main"});
    };
    run_named([]() -> coro<> { co_await yield(); }, options);
    EXPECT_NE(resumed.find("+0s worker 0 resumes main at "), std::string::npos) << resumed;
    EXPECT_NE(resumed.find("simulation_test.cpp:"), std::string::npos) << resumed;
}

TEST(simulation, what_on_step_throws_is_reported) {
    const report_log reports;
    auto options = seeded(1, 1);
    options.simulation->on_step = [](const simulated_step&) { throw std::runtime_error("bad"); };
    run([]() -> coro<> { co_return; }(), options);
    EXPECT_NE(reports.count(report_kind::callback_failed), 0U);
}

// -- what is left open, and what is promised --

TEST(simulation, with_several_workers_ready_tasks_run_in_many_orders) {
    EXPECT_GT(logs_of(three_tasks).size(), some_seeds / 2);
}

TEST(simulation, with_one_worker_there_is_one_order) {
    EXPECT_EQ(logs_of(three_tasks, 1), std::set<std::string>{"a b c a b c"});
    EXPECT_EQ(logs_of(everything, 1).size(), 1U);
}

TEST(simulation, with_one_worker_what_is_ready_gets_a_turn_among_forks) {
    const auto logs = logs_of(
        [](event_log& log) -> coro<> {
            auto other = create_task([](event_log& log) -> coro<> {
                log.add("other");
                co_return;
            }(log));
            std::vector<coro<>> children;
            for (int i = 0; i != 200; ++i) {
                children.push_back([](event_log& log, bool last) -> coro<> {
                    if (last) {
                        log.add("last");
                    }
                    co_await yield();
                }(log, i == 199));
            }
            co_await gather(std::move(children));
            co_await other;
        },
        1);
    EXPECT_EQ(logs, std::set<std::string>{"other last"});
}

TEST(simulation, timers_that_are_due_together_fire_in_many_orders) {
    const auto logs = logs_of([](event_log& log) -> coro<> {
        auto sleeper = [](event_log& log, std::string name) -> coro<> {
            co_await sleep(1s);
            log.add(name);
        };
        co_await gather(sleeper(log, "a"), sleeper(log, "b"), sleeper(log, "c"));
    });
    EXPECT_EQ(logs.size(), 6U);
}

TEST(simulation, callbacks_of_a_loop_stay_in_order) {
    const auto logs = logs_of([](event_log& log) -> coro<> {
        for (const char* name : {"a", "b", "c", "d"}) {
            get_running_loop().call_soon([&log, name] { log.add(name); });
        }
        co_await sleep(1ms);
    });
    EXPECT_EQ(logs, std::set<std::string>{"a b c d"});
}

TEST(simulation, tasks_of_a_strand_run_one_at_a_time_and_in_order) {
    const auto logs = logs_of([](event_log& log) -> coro<> {
        strand line;
        auto a = line.create_task(add_twice(log, "a"));
        auto b = line.create_task(add_twice(log, "b"));
        auto c = line.create_task(add_twice(log, "c"));
        co_await gather(a, b, c);
    });
    EXPECT_EQ(logs, std::set<std::string>{"a b c a b c"});
}

TEST(simulation, tasks_wander_and_pinned_ones_do_not) {
    std::set<event_loop*> seen;
    std::set<event_loop*> seen_pinned;
    auto body = [](std::set<event_loop*>& loops) -> coro<> {
        for (int i = 0; i != 20; ++i) {
            loops.insert(&get_running_loop());
            co_await yield();
        }
    };
    run(
        [](auto free, auto pinned) -> coro<> {
            auto a = create_task(std::move(free));
            auto b = create_task(std::move(pinned), {.pinned = true});
            co_await gather(a, b);
        }(body(seen), body(seen_pinned)),
        seeded(1));
    EXPECT_EQ(seen.size(), 4U);
    EXPECT_EQ(seen_pinned.size(), 1U);
}

TEST(simulation, more_tasks_than_a_ready_ring_holds) {
    int ended = 0;
    run(
        [](int& ended) -> coro<> {
            std::vector<task<>> all;
            for (int i = 0; i != 1000; ++i) {
                all.push_back(create_task([](int& ended) -> coro<> {
                    co_await yield();
                    ++ended;
                }(ended)));
            }
            co_await gather(std::move(all));
        }(ended),
        seeded(1));
    EXPECT_EQ(ended, 1000);
}

// -- time --

TEST(simulation, time_stands_while_anything_can_run) {
    for (std::uint64_t seed = 0; seed != some_seeds; ++seed) {
        run(
            []() -> coro<> {
                const auto begun = now();
                co_await gather(sleep(3h), sleep(2h));
                EXPECT_EQ(now() - begun, 3h);
            }(),
            seeded(seed));
    }
}

TEST(simulation, time_may_pass_while_something_is_ready) {
    std::set<bool> expired;
    for (std::uint64_t seed = 0; seed != some_seeds; ++seed) {
        auto options = seeded(seed);
        options.simulation->time = simulation_options::time_passes::at_any_time;
        expired.insert(run(
            []() -> coro<bool> {
                auto busy = []() -> coro<> {
                    for (int i = 0; i != 20; ++i) {
                        co_await yield();
                    }
                };
                co_return !(co_await as_result(wait_for(busy(), 1s))).has_value();
            }(),
            options));
    }
    EXPECT_EQ(expired.size(), 2U);
}

// -- descriptors and threads --

class pipe_pair {
public:
    pipe_pair() {
        const auto ends = sys::pipe2();
        read_ = owned_fd(ends[0]);
        write_ = owned_fd(ends[1]);
    }
    void put() {
        const std::byte one{1};
        EXPECT_EQ(sys::write(write_.get(), std::span(&one, 1)).bytes, 1U);
    }
    [[nodiscard]] int out() const { return read_.get(); }

private:
    owned_fd read_;
    owned_fd write_;
};

coro<> read_in_turn(event_log& log, pipe_pair& a, pipe_pair& b, pipe_pair& c) {
    auto reader = [](event_log& log, std::string name, int fd) -> coro<> {
        co_await readable(fd);
        log.add(name);
    };
    auto first = create_task(reader(log, "a", a.out()));
    auto second = create_task(reader(log, "b", b.out()));
    auto third = create_task(reader(log, "c", c.out()));
    co_await yield();
    for (pipe_pair* each : {&a, &b, &c}) {
        each->put();
    }
    co_await gather(first, second, third);
}

TEST(simulation, descriptors_that_are_ready_together_come_in_many_orders) {
    for (const unsigned workers : {1U, 4U}) {
        const auto logs = logs_of(
            [](event_log& log) -> coro<> {
                pipe_pair a;
                pipe_pair b;
                pipe_pair c;
                co_await read_in_turn(log, a, b, c);
            },
            workers);
        EXPECT_EQ(logs.size(), 6U) << workers << " workers";
    }
}

TEST(simulation, it_waits_for_a_descriptor_that_another_thread_makes_ready) {
    for (const unsigned workers : {1U, 4U}) {
        pipe_pair pipe;
        std::thread other([&] { pipe.put(); });
        run([](int fd) -> coro<> { co_await readable(fd); }(pipe.out()), seeded(1, workers));
        other.join();
    }
}

TEST(simulation, it_waits_for_what_another_thread_sets) {
    for (const unsigned workers : {1U, 4U}) {
        promise<int> answer;
        std::thread other([&] { answer.set_value(5); });
        EXPECT_EQ(
            run([](future<int> of) -> coro<int> { co_return co_await of; }(answer.get_future()),
                seeded(1, workers)),
            5);
        other.join();
    }
}

TEST(simulation, another_thread_may_stop_it) {
    runtime loops(seeded(1));
    promise<> running;
    loops.loop().call_soon([&] { running.set_value(); });
    std::thread other([&] {
        while (!running.done()) {
            std::this_thread::yield();
        }
        loops.stop();
    });
    loops.run_forever();
    other.join();
}

// -- the end --

TEST(simulation, a_deadlock_ends_the_run_and_names_every_task) {
    for (const unsigned workers : {1U, 4U}) {
        runtime loops(seeded(1, workers));
        auto body = []() -> coro<> {
            const promise<> unset;
            auto stuck = create_task([](future<> of) -> coro<> { co_await of; }(unset.get_future()),
                                     {.name = "stuck"});
            co_await stuck;
        };
        try {
            loops.run_until_complete(body(), {.name = "main"});
            ADD_FAILURE() << "no error";
        } catch (const deadlock_error& error) {
            const std::string text = error.what();
            EXPECT_NE(text.find("2 tasks"), std::string::npos) << text;
            EXPECT_NE(text.find("main"), std::string::npos) << text;
            EXPECT_NE(text.find("stuck"), std::string::npos) << text;
            EXPECT_NE(text.find("simulation_test.cpp"), std::string::npos) << text;
        }
        EXPECT_EQ(loops.run_until_complete(fib(2)), 1); // it can be used again
    }
}

TEST(simulation, run_forever_with_nothing_to_do_is_a_deadlock) {
    runtime loops(seeded(1));
    EXPECT_THROW(loops.run_forever(), deadlock_error);
}

TEST(simulation, what_is_left_is_cancelled_at_the_end) {
    event_log log;
    run(
        [](event_log& log) -> coro<> {
            create_task([](event_log& log) -> coro<> {
                (void)co_await as_result(sleep(1h));
                log.add("cancelled");
            }(log));
            co_await sleep(1ms);
        }(log),
        seeded(1));
    EXPECT_EQ(log.text(), "cancelled");
}

TEST(simulation, nothing_is_left_when_it_has_ended) {
    const std::int64_t before = frame_cache::live_hint();
    for (std::uint64_t seed = 0; seed != some_seeds; ++seed) {
        event_log log;
        run(everything(log), seeded(seed));
    }
    EXPECT_EQ(frame_cache::live_hint(), before);
}

TEST(simulation, the_environment_may_switch_it_on) {
    const std::size_t before = living_threads();
    setenv("EDDY_SIMULATE", "1", 1); // NOLINT(concurrency-mt-unsafe): no other thread
    const runtime loops({.workers = 3});
    unsetenv("EDDY_SIMULATE"); // NOLINT(concurrency-mt-unsafe): no other thread
    EXPECT_EQ(loops.workers(), 3U);
    EXPECT_EQ(living_threads(), before);
}

} // namespace
} // namespace eddy
