// eddy.cpp — matmul with coroutines: two gathers of four for every block.

#include "common.hpp"
#include <eddy/eddy.hpp>

namespace eddy::compare::matmul {

namespace {

eddy::coro<> multiply(product all) {
    if (all.is_leaf()) {
        all.multiply_leaf();
        co_return;
    }
    for (const auto half : {product::half::first, product::half::second}) {
        co_await eddy::gather(multiply(all.quarter(0, half)), multiply(all.quarter(1, half)),
                              multiply(all.quarter(2, half)), multiply(all.quarter(3, half)));
    }
}

} // namespace

metrics run_coroutines(const request& asked) {
    return measured_product(
        asked, [&](product all) { eddy::run(multiply(all), {.workers = asked.cores}); });
}

} // namespace eddy::compare::matmul
