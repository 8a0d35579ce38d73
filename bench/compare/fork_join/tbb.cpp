// tbb.cpp — fork-join with oneTBB's task_group, one task for every fork.

#include "common.hpp"

#include <tbb/global_control.h>
#include <tbb/task_group.h>

namespace eddy::compare::fork_join {

namespace {

std::uint64_t fib(std::uint64_t n) {
    if (n < 2) {
        return n;
    }
    std::uint64_t left = 0;
    tbb::task_group group;
    group.run([&] { left = fib(n - 1); });
    const std::uint64_t right = fib(n - 2);
    group.wait();
    return left + right;
}

} // namespace

metrics run_tbb(const request& asked) {
    const tbb::global_control cores(tbb::global_control::max_allowed_parallelism, asked.cores);
    runs runs(asked.size);
    while (runs.wanted()) {
        runs.add(fib(asked.size));
    }
    return runs.found();
}

} // namespace eddy::compare::fork_join
