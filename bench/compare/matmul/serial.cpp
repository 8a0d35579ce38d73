// serial.cpp — matmul by plain calls.

#include "common.hpp"

namespace eddy::compare::matmul {

namespace {

void multiply(product all) {
    if (all.is_leaf()) {
        all.multiply_leaf();
        return;
    }
    for (const auto half : {product::half::first, product::half::second}) {
        for (std::size_t i = 0; i != 4; ++i) {
            multiply(all.quarter(i, half));
        }
    }
}

} // namespace

metrics run_serial(const request& asked) {
    return measured_product(asked, multiply);
}

} // namespace eddy::compare::matmul
