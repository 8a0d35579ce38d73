// common.cpp — fork-join: what every contender needs.

#include "common.hpp"

#include "../median.hpp"

#include <algorithm>
#include <string>

namespace eddy::compare::fork_join {

namespace {

using namespace std::chrono_literals;
constexpr auto enough_time = 50ms;

} // namespace

std::uint64_t expected(std::uint64_t n) noexcept {
    std::uint64_t current = 0;
    std::uint64_t next = 1;
    for (std::uint64_t i = 0; i < n; ++i) {
        const std::uint64_t sum = current + next;
        current = next;
        next = sum;
    }
    return current;
}

std::uint64_t forks(std::uint64_t n) noexcept {
    return expected(n + 1) - 1;
}

bool runs::wanted() noexcept {
    run_started_ = clock::now();
    return spans_.empty() || time_.wall() < enough_time;
}

void runs::add(std::uint64_t value) {
    spans_.push_back(nanoseconds(clock::now() - run_started_));
    if (value != expected(n_)) {
        throw wrong_result("fib(" + std::to_string(n_) + ") = " + std::to_string(value));
    }
}

metrics runs::found() const {
    const double total = median(spans_);
    const auto count = static_cast<double>(spans_.size());
    return {
        {"total_ns", total},
        {"fork_ns", total / static_cast<double>(std::max<std::uint64_t>(1, forks(n_)))},
        {"cpu_ns", nanoseconds(time_.used().cpu) / count},
        {"runs", count},
    };
}

} // namespace eddy::compare::fork_join
