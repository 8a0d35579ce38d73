// timer_wheel_stress.cpp — many timers, many threads.
//
// Covers:    a million timers in order; each of many timers either cancelled or fired while one
//            thread expires and others insert and cancel.

#include <eddy/base/atomic.hpp>
#include <eddy/base/random.hpp>
#include <eddy/io/timer_wheel.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using eddy::clock;
using eddy::timer_list;
using eddy::timer_node;
using eddy::timer_wheel;

constexpr clock::time_point start{1h};

TEST(timer_wheel_stress, a_million_timers_fire_in_order) {
    struct timer : timer_node {
        timer()
            : timer_node([](timer_node& node) noexcept {
                  auto& self = static_cast<timer&>(node);
                  self.log->push_back(self.deadline());
              }) {}
        std::vector<clock::time_point>* log = nullptr;
    };
    constexpr std::size_t count = 1'000'000;
    std::vector<clock::time_point> log;
    log.reserve(count);
    const auto timers = std::make_unique<timer[]>(count);
    timer_wheel wheel(start);
    eddy::random_source random(1);
    for (std::size_t i = 0; i < count; ++i) {
        timers[i].log = &log;
        const auto span = static_cast<std::int64_t>(random.below(9'000'000'000));
        wheel.insert(timers[i], start + 1s + std::chrono::nanoseconds(span));
    }
    for (auto now = start; log.size() < count; now += 1ms) {
        timer_list due;
        wheel.expire(now, due);
        timer_wheel::fire(due);
        ASSERT_LE(now, start + 10s);
        ASSERT_TRUE(log.empty() || log.back() <= now);
    }
    EXPECT_TRUE(std::ranges::is_sorted(log));
    EXPECT_EQ(wheel.next_deadline(), clock::time_point::max());
}

TEST(timer_wheel_stress, a_timer_is_either_cancelled_or_fired) {
    struct timer : timer_node {
        timer()
            : timer_node([](timer_node& node) noexcept {
                  static_cast<timer&>(node).fired.fetch_add(1, std::memory_order_release);
              }) {}
        std::atomic<int> fired{0};
    };
    constexpr int rounds = 20'000;
    constexpr int users = 3;
    timer_wheel wheel(start);
    eddy::virtual_clock_source time(start);
    std::atomic<int> running{users};
    std::vector<std::jthread> threads;
    for (int user = 0; user < users; ++user) {
        threads.emplace_back([&, user] {
            eddy::random_source random(eddy::process_seed(), static_cast<std::uint64_t>(user));
            for (int round = 0; round < rounds; ++round) {
                timer one;
                const auto span = std::chrono::nanoseconds(random.below(1 << random.below(20)));
                wheel.insert(one, time.now() + span);
                for (auto spins = random.below(200); spins > 0; --spins) {
                    eddy::native_sync::pause();
                }
                const bool cancelled = wheel.cancel(one);
                while (!cancelled && one.fired.load(std::memory_order_acquire) == 0) {
                    std::this_thread::yield(); // the thread that expires is about to fire it
                }
                ASSERT_EQ(one.fired.load(), cancelled ? 0 : 1);
            }
            running.fetch_sub(1);
        });
    }
    while (running.load() > 0) {
        time.advance_by(1us);
        timer_list due;
        wheel.expire(time.now(), due);
        timer_wheel::fire(due);
    }
    threads.clear();
    EXPECT_EQ(wheel.next_deadline(), clock::time_point::max());
}

} // namespace
