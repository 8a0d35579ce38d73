// eddy.cpp — n queens with coroutines: a gather of all queens that fit in a row.

#include "common.hpp"
#include <eddy/eddy.hpp>

#include <numeric>
#include <utility>
#include <vector>

namespace eddy::compare::nqueens {

namespace {

eddy::coro<std::uint64_t> count(board here) {
    if (here.full()) {
        co_return 1;
    }
    const fitting_columns next = here.fitting();
    if (next.count == 0) {
        co_return 0;
    }
    std::vector<eddy::coro<std::uint64_t>> rest;
    rest.reserve(next.count);
    for (std::uint32_t i = 0; i != next.count; ++i) {
        rest.push_back(count(here.with(next.column[i])));
    }
    const std::vector<std::uint64_t> counts = co_await eddy::gather(std::move(rest));
    co_return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

} // namespace

metrics run_coroutines(const request& asked) {
    return measured([&] { return eddy::run(count(empty_board(asked)), {.workers = asked.cores}); },
                    expected(asked.size));
}

} // namespace eddy::compare::nqueens
