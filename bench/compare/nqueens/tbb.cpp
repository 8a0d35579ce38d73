// tbb.cpp — n queens with a oneTBB task for every queen that fits.

#include "common.hpp"

#include <tbb/global_control.h>
#include <tbb/task_group.h>

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
    tbb::task_group group;
    for (std::uint32_t i = 0; i != next.count; ++i) {
        group.run(
            [&result = counts[i], rest = here.with(next.column[i])] { result = count(rest); });
    }
    group.wait();
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

} // namespace

metrics run_tbb(const request& asked) {
    const tbb::global_control cores(tbb::global_control::max_allowed_parallelism, asked.cores);
    return measured([&] { return count(empty_board(asked)); }, expected(asked.size));
}

} // namespace eddy::compare::nqueens
