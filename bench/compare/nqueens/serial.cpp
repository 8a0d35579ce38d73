// serial.cpp — n queens by plain calls.
#include "common.hpp"

namespace eddy::compare::nqueens {

namespace {

std::uint64_t count(board here) {
    if (here.full()) {
        return 1;
    }
    std::uint64_t total = 0;
    for (std::uint32_t next = 0; next != here.size; ++next) {
        if (here.fits(next)) {
            total += count(here.with(next));
        }
    }
    return total;
}

} // namespace

metrics run_serial(const request& asked) {
    return measured([&] { return count(empty_board(asked)); }, expected(asked.size));
}

} // namespace eddy::compare::nqueens
