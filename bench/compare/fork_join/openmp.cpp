// openmp.cpp — fork-join with OpenMP tasks, one for every fork.

#include "../in_parallel.hpp"
#include "common.hpp"

namespace eddy::compare::fork_join {

namespace {

std::uint64_t fib(std::uint64_t n) {
    if (n < 2) {
        return n;
    }
    std::uint64_t left = 0;
#pragma omp task shared(left) firstprivate(n)
    left = fib(n - 1);
    const std::uint64_t right = fib(n - 2);
#pragma omp taskwait
    return left + right;
}

} // namespace

metrics run_openmp(const request& asked) {
    runs runs(asked.size);
    while (runs.wanted()) {
        runs.add(in_parallel(asked.cores, [&] { return fib(asked.size); }));
    }
    return runs.found();
}

} // namespace eddy::compare::fork_join
