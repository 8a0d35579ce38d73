// openmp.cpp — skynet with an OpenMP task for each child but the last, which its parent runs.

#include "../in_parallel.hpp"
#include "common.hpp"

#include <array>
#include <numeric>

namespace eddy::compare::skynet {

namespace {

std::uint64_t sum(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) {
        return first;
    }
    const std::uint64_t each = leaves / children;
    std::array<std::uint64_t, children> sums{};
    for (std::uint64_t i = 0; i + 1 != children; ++i) {
#pragma omp task shared(sums) firstprivate(i, first, each)
        sums[i] = sum(first + i * each, each);
    }
    sums.back() = sum(first + (children - 1) * each, each);
#pragma omp taskwait
    return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

} // namespace

metrics run_openmp(const request& asked) {
    return measured([&] { return in_parallel(asked.cores, [&] { return sum(0, asked.size); }); },
                    expected(asked.size));
}

} // namespace eddy::compare::skynet
