// simulate.hpp — a program under a seed that decides its order, and under many.
//
// Design:     docs/design/simulate.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/base/random.hpp>
#include <eddy/sched/runtime.hpp>
#include <eddy/sched/simulation.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <utility>

namespace eddy::inline v0 {

struct simulate_options {
    /// Virtual ones. 1: asyncio's order, and little is left to the seed.
    unsigned workers = 4;
    simulation_options::time_passes time = simulation_options::time_passes::when_nothing_can_run;
    /// Called with each decision, before it is carried out.
    std::function<void(const simulated_step&)> on_step{};
};

/// The options of a runtime that simulate() would run on.
[[nodiscard]] EDDY_API runtime_options simulated(std::uint64_t seed,
                                                 const simulate_options& options = {});

/// Runs `main` as run() does, on one thread, in virtual time and in an order that `seed` decides;
/// gives its result. Equal seeds give equal runs.
///
/// Throws:   what `main` throws; deadlock_error when nothing can wake the tasks that are left.
/// Threads:  one that runs no loop.
template <typename T>
T simulate(std::uint64_t seed, coro<T> main, const simulate_options& options = {},
           std::source_location site = std::source_location::current()) {
    return run(std::move(main), simulated(seed, options), site);
}

/// Says on stderr how to repeat run `number` of `runs` in an explore, which has failed with `error`
/// or, if that is null, with what has been said already.
EDDY_API void print_failed_seed(std::uint64_t seed, std::size_t number, std::size_t runs,
                                const std::exception_ptr& error) noexcept;

/// Runs `program()`, which makes a coroutine, under `runs` seeds: that of the process (EDDY_SEED,
/// else a random one) and those that follow it. The first one that fails is printed, so that
/// EDDY_SEED=... repeats it; what the program threw is thrown.
///
/// Throws:   what the program throws, which is how it says that something is wrong; deadlock_error.
/// Threads:  as simulate().
template <std::invocable<> Program>
    requires is_coro<std::invoke_result_t<Program&>>
void explore(std::size_t runs, Program program, const simulate_options& options = {},
             std::source_location site = std::source_location::current()) {
    for (std::size_t i = 0; i != runs; ++i) {
        const std::uint64_t seed = process_seed() + i;
        try {
            (void)simulate(seed, program(), options, site);
        } catch (...) {
            print_failed_seed(seed, i + 1, runs, std::current_exception());
            throw;
        }
    }
}

/// A number that stands for all steps it is given: simulate(seed, c, {.on_step = std::ref(hash)}).
class EDDY_API trace_hash {
public:
    void operator()(const simulated_step& step) noexcept;
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

private:
    std::uint64_t value_ = 0xcbf29ce484222325; // FNV-1a
};

} // namespace eddy::inline v0
