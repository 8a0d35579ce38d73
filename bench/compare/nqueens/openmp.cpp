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
    std::array<std::uint64_t, size_max> counts{};
    for (std::uint32_t next = 0; next != here.size; ++next) {
        if (here.fits(next)) {
#pragma omp task shared(counts) firstprivate(here, next)
            counts[next] = count(here.with(next));
        }
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
