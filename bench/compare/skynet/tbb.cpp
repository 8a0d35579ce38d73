// tbb.cpp — skynet with a oneTBB task for each child but the last, which its parent runs.

#include "common.hpp"

#include <tbb/global_control.h>
#include <tbb/task_group.h>

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
    tbb::task_group group;
    for (std::uint64_t i = 0; i + 1 != children; ++i) {
        group.run(
            [&result = sums[i], child = first + i * each, each] { result = sum(child, each); });
    }
    sums.back() = sum(first + (children - 1) * each, each);
    group.wait();
    return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

} // namespace

metrics run_tbb(const request& asked) {
    const tbb::global_control cores(tbb::global_control::max_allowed_parallelism, asked.cores);
    return measured([&] { return sum(0, asked.size); }, expected(asked.size));
}

} // namespace eddy::compare::skynet
