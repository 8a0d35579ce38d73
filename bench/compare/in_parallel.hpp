// in_parallel.hpp — the team of threads in which OpenMP tasks run. For files built with -fopenmp.

#pragma once

#include <cstdint>

namespace eddy::compare {

/// Gives the result of `root()`, which one thread of a team of `threads` begins.
template <typename Root>
[[nodiscard]] std::uint64_t in_parallel(unsigned threads, Root&& root) {
    std::uint64_t result = 0;
#pragma omp parallel num_threads(threads)
#pragma omp single
    result = root();
    return result;
}

} // namespace eddy::compare
