// common.cpp — mixed: what every contender needs.

#include "common.hpp"

#include "../median.hpp"

#include <ctime>
#include <thread>

namespace eddy::compare::mixed {

namespace {

std::chrono::nanoseconds cpu_of_this_thread() noexcept {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

} // namespace

void burn(std::chrono::nanoseconds cpu) {
    constexpr int steps_between_looks = 2000; // some microseconds: looking is a system call
    const auto end = cpu_of_this_thread() + cpu;
    volatile std::uint64_t value = 1; // volatile: the optimiser must not see that nobody wants it
    while (cpu_of_this_thread() < end) {
        for (int i = 0; i < steps_between_looks; ++i) {
            value = value * 6364136223846793005U + 1442695040888963407U;
        }
    }
}

void blocking_job() {
    burn(burn_time / 2);
    std::this_thread::sleep_for(block_time);
    burn(burn_time / 2);
}

void lateness::add_to(metrics& found) const {
    found["late_p50_ns"] = quantile(spans_, 0.5);
    found["late_p99_ns"] = quantile(spans_, 0.99);
    found["late_max_ns"] = quantile(spans_, 1);
    found["probes"] = static_cast<double>(spans_.size());
}

} // namespace eddy::compare::mixed
