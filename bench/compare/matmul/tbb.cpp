// tbb.cpp — matmul with oneTBB's parallel_invoke: twice four products for every block.

#include "common.hpp"

#include <tbb/global_control.h>
#include <tbb/parallel_invoke.h>

namespace eddy::compare::matmul {

namespace {

void multiply(product all) {
    if (all.is_leaf()) {
        all.multiply_leaf();
        return;
    }
    for (const auto half : {product::half::first, product::half::second}) {
        tbb::parallel_invoke(
            [=] { multiply(all.quarter(0, half)); }, [=] { multiply(all.quarter(1, half)); },
            [=] { multiply(all.quarter(2, half)); }, [=] { multiply(all.quarter(3, half)); });
    }
}

} // namespace

metrics run_tbb(const request& asked) {
    const tbb::global_control cores(tbb::global_control::max_allowed_parallelism, asked.cores);
    return measured_product(asked, multiply);
}

} // namespace eddy::compare::matmul
