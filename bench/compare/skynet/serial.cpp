// serial.cpp — skynet by plain calls.

#include "common.hpp"

namespace eddy::compare::skynet {

namespace {

std::uint64_t sum(std::uint64_t first, std::uint64_t leaves) {
    if (leaves == 1) {
        return first;
    }
    std::uint64_t total = 0;
    for (std::uint64_t i = 0; i != children; ++i) {
        total += sum(first + i * (leaves / children), leaves / children);
    }
    return total;
}

} // namespace

metrics run_serial(const request& asked) {
    return measured([&] { return sum(0, asked.size); }, expected(asked.size));
}

} // namespace eddy::compare::skynet
