// openmp.cpp — n queens with an OpenMP task for every queen that fits.

#include "../in_parallel.hpp"
#include "common.hpp"

#include <numeric>

namespace eddy::compare::nqueens {

namespace {

std::uint64_t count(board here) {
    if (here.full()) {
        return 1;
    }
    const fitting_columns next = here.fitting();
    if (next.count == 0) {
        return 0;
    }
    std::array<std::uint64_t, size_max> counts{};
    for (std::uint32_t i = 0; i != next.count; ++i) {
#pragma omp task shared(counts, next) firstprivate(here, i)
        counts[i] = count(here.with(next.column[i]));
    }
#pragma omp taskwait
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

} // namespace

metrics run_openmp(const request& asked) {
    return measured(
        [&] { return in_parallel(asked.cores, [&] { return count(empty_board(asked)); }); },
        expected(asked.size));
}

} // namespace eddy::compare::nqueens
