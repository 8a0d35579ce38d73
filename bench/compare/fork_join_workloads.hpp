// fork_join_workloads.hpp — which fork-join programs there are, and who can run them.

#pragma once

#include "contender.hpp"
#include "fork_join/common.hpp"
#include "matmul/common.hpp"
#include "nqueens/common.hpp"
#include "skynet/common.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace eddy::compare {

struct named_contender {
    std::string_view name;
    contender run;
};

struct fork_join_workload {
    std::string_view name;
    std::uint64_t size;       // of the documented numbers
    std::uint64_t size_quick; // some milliseconds
    std::array<named_contender, 4> contenders;
};

inline constexpr std::array<fork_join_workload, 4> fork_join_workloads{{
    {.name = "fib",
     .size = 37,
     .size_quick = 22,
     .contenders = {{{"serial", fork_join::run_serial},
                     {"eddy", fork_join::run_coroutines},
                     {"tbb", fork_join::run_tbb},
                     {"openmp", fork_join::run_openmp}}}},
    {.name = "skynet",
     .size = 100'000'000,
     .size_quick = 100'000,
     .contenders = {{{"serial", skynet::run_serial},
                     {"eddy", skynet::run_coroutines},
                     {"tbb", skynet::run_tbb},
                     {"openmp", skynet::run_openmp}}}},
    {.name = "nqueens",
     .size = 14,
     .size_quick = 9,
     .contenders = {{{"serial", nqueens::run_serial},
                     {"eddy", nqueens::run_coroutines},
                     {"tbb", nqueens::run_tbb},
                     {"openmp", nqueens::run_openmp}}}},
    {.name = "matmul",
     .size = 2048,
     .size_quick = 256,
     .contenders = {{{"serial", matmul::run_serial},
                     {"eddy", matmul::run_coroutines},
                     {"tbb", matmul::run_tbb},
                     {"openmp", matmul::run_openmp}}}},
}};

} // namespace eddy::compare
