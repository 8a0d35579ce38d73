// timer_wheel_bench.cpp — timers in and out of the wheel, without tasks around them.
//
// Question: what do insert, cancel and expire cost, and does the number of timers matter?
// Unit:     ns a timer.
// Valid if: nothing else runs. insert_cancel should be flat; insert_expire moves each timer down
//           through as many levels as its deadline is far away.

#include "bench.hpp"
#include <eddy/io/timer_wheel.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace {

using namespace std::chrono_literals;
using eddy::bench::check;

constinit std::int64_t fired_count = 0;

class timer : public eddy::timer_node {
public:
    timer() noexcept : timer_node([](timer_node& /*self*/) noexcept { ++fired_count; }) {}
};

// 1 to 10 s after the start, in no order.
std::chrono::nanoseconds delay_of(std::size_t index) {
    return 1s + std::chrono::nanoseconds(index * 7'919'993'111U % 9'000'000'000U);
}

constexpr eddy::clock::time_point start(1h);

// As a time-out around each request does: armed, and gone before it is due.
void insert_cancel(benchmark::State& state) {
    eddy::timer_wheel wheel(start);
    std::deque<timer> others(static_cast<std::size_t>(state.range(0)));
    for (std::size_t i = 0; i != others.size(); ++i) {
        wheel.insert(others[i], start + delay_of(i));
    }
    timer mine;
    std::int64_t cancelled = 0;
    std::size_t index = 0;
    for (auto _ : state) {
        wheel.insert(mine, start + delay_of(index++ % 1024));
        cancelled += wheel.cancel(mine) ? 1 : 0;
    }
    for (timer& other : others) {
        wheel.cancel(other);
    }
    check(cancelled, state.iterations(), "timers cancelled");
}
BENCHMARK(insert_cancel)->ArgName("others")->Arg(0)->Arg(100'000);

void insert_expire(benchmark::State& state) {
    const std::int64_t count = state.range(0);
    std::deque<timer> timers(static_cast<std::size_t>(count));
    eddy::clock::time_point now = start;
    eddy::timer_wheel wheel(now);
    fired_count = 0;
    while (state.KeepRunningBatch(count)) {
        for (std::size_t i = 0; i != timers.size(); ++i) {
            wheel.insert(timers[i], now + delay_of(i));
        }
        // In steps of a millisecond, as a loop would that has something to do.
        for (const auto end = now + 10s; now <= end; now += 1ms) {
            eddy::timer_list due;
            wheel.expire(now, due);
            eddy::timer_wheel::fire(due);
        }
    }
    check(fired_count, state.iterations(), "timers fired");
}
BENCHMARK(insert_expire)->ArgName("timers")->Arg(10'000)->Arg(1'000'000);

} // namespace

BENCHMARK_MAIN();
