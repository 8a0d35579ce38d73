// contender.hpp — what a workload asks of each model, and what it gets back.

#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

namespace eddy::compare {

/// The ways to have many things in progress at once.
enum class model {
    threads,
    processes,
    one_core,
    all_cores,
    on_loop,
    thread_pool,
    process_pool,
    tbb_executor,
    tbb,
};

/// One piece of work for one contender. It runs alone in a fresh process.
struct request {
    std::uint64_t size = 0; // what it counts is the workload's business
    unsigned cores = 1;     // how many threads may run at once
};

/// Measured values by name; the unit is the last part of the name.
using metrics = std::map<std::string, double>;

/// Does the work, checks its result and measures it.
///
/// Throws: `wrong_result` if the check fails; what the system refused.
using contender = metrics (*)(const request&);

class wrong_result : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

} // namespace eddy::compare
