// serial.cpp — n queens by plain calls.

#include "common.hpp"

namespace eddy::compare::nqueens {

namespace {

std::uint64_t count(board here) {
    if (here.full()) {
        return 1;
    }
    std::uint64_t total = 0;
    const fitting_columns next = here.fitting();
    for (std::uint32_t i = 0; i != next.count; ++i) {
        total += count(here.with(next.column[i]));
    }
    return total;
}

} // namespace

metrics run_serial(const request& asked) {
    return measured([&] { return count(empty_board(asked)); }, expected(asked.size));
}

} // namespace eddy::compare::nqueens
