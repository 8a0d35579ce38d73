// serial.cpp — fork-join without the forks: plain calls, for what the work itself costs.

#include "common.hpp"

namespace eddy::compare::fork_join {

namespace {

std::uint64_t fib(std::uint64_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

} // namespace

metrics run_serial(const request& asked) {
    runs runs(asked.size);
    while (runs.wanted()) {
        runs.add(fib(asked.size));
    }
    return runs.found();
}

} // namespace eddy::compare::fork_join
