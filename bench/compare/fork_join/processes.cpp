// processes.cpp — fork-join with a forked process for every fork, the result in a pipe.

#include "../child.hpp"
#include "../pipe.hpp"
#include "common.hpp"

namespace eddy::compare::fork_join {

namespace {

std::uint64_t fib(std::uint64_t n) {
    if (n < 2) {
        return n;
    }
    pipe result;
    child fork([&] { result.write(fib(n - 1)); });
    result.close_write_end(); // so that a dead child is an end of the pipe, not a wait for ever
    const std::uint64_t right = fib(n - 2);
    const auto left = result.read<std::uint64_t>();
    fork.join();
    return left + right;
}

} // namespace

metrics run_processes(const request& asked) {
    runs runs(asked.size);
    while (runs.wanted()) {
        runs.add(fib(asked.size));
    }
    return runs.found();
}

} // namespace eddy::compare::fork_join
