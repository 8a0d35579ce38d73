// openmp.cpp — matmul with OpenMP tasks: twice four products for every block.

#include "../in_parallel.hpp"
#include "common.hpp"

namespace eddy::compare::matmul {

namespace {

void multiply(product all) {
    if (all.is_leaf()) {
        all.multiply_leaf();
        return;
    }
    for (const auto half : {product::half::first, product::half::second}) {
        for (std::size_t i = 0; i != 3; ++i) {
#pragma omp task firstprivate(all, i, half)
            multiply(all.quarter(i, half));
        }
        multiply(all.quarter(3, half));
#pragma omp taskwait
    }
}

} // namespace

metrics run_openmp(const request& asked) {
    return measured_product(asked, [&](product all) {
        (void)in_parallel(asked.cores, [&] { return multiply(all), std::uint64_t{0}; });
    });
}

} // namespace eddy::compare::matmul
