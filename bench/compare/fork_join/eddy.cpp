// eddy.cpp — fork-join with coroutines and gather.

#include "common.hpp"
#include <eddy/eddy.hpp>

namespace eddy::compare::fork_join {

namespace {

eddy::coro<std::uint64_t> fib(std::uint64_t n) {
    if (n < 2) {
        co_return n;
    }
    auto [left, right] = co_await eddy::gather(fib(n - 1), fib(n - 2));
    co_return left + right;
}

eddy::coro<metrics> measure(std::uint64_t n) {
    runs runs(n);
    while (runs.wanted()) {
        runs.add(co_await fib(n));
    }
    co_return runs.found();
}

} // namespace

metrics run_coroutines(const request& asked) {
    return eddy::run(measure(asked.size), {.workers = asked.cores});
}

} // namespace eddy::compare::fork_join
