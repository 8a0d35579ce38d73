// threads.cpp — fork-join with a std::thread for every fork.

#include "common.hpp"

#include <thread>

namespace eddy::compare::fork_join {

namespace {

std::uint64_t fib(std::uint64_t n) {
    if (n < 2) {
        return n;
    }
    std::uint64_t left = 0;
    std::thread fork([&] { left = fib(n - 1); });
    const std::uint64_t right = fib(n - 2);
    fork.join();
    return left + right;
}

} // namespace

metrics run_threads(const request& asked) {
    runs runs(asked.size);
    while (runs.wanted()) {
        runs.add(fib(asked.size));
    }
    return runs.found();
}

} // namespace eddy::compare::fork_join
