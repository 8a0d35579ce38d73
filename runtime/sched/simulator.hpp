// simulator.hpp — runs the workers of a runtime on one thread, one step at a time, as a seed says.
//
// Threads:    run: the driver.
// Invariants: I1  what a step does, a real worker could do: it takes from the same queues, by the
//                 same calls, as the owner, as a thief or as a rescuer.
//             I2  no choice depends on an address, on real time, or on another source of
//                 randomness.
// Design:     docs/design/simulate.md

#pragma once

#include "sched/worker.hpp"
#include <eddy/base/random.hpp>
#include <eddy/sched/simulation.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace eddy::inline v0 {

class runtime_core;

class simulator {
public:
    simulator(runtime_core& runtime, simulation_options options);

    /// Runs steps until the runtime pauses.
    void run();

private:
    /// Where a worker may take its next step from.
    enum class source : std::uint8_t { fork, ready, pinned, inbox, sibling, timers, descriptors };
    static constexpr std::uint64_t sources = 7;

    [[nodiscard]] bool alone() const noexcept { return weights_.size() == 1; }
    [[nodiscard]] unsigned pick_worker() noexcept;
    bool step();
    bool act(worker& mine);
    bool act_alone(worker& mine);
    bool take_from(source where, worker& mine);
    bool rob_somebody(worker& mine);
    bool rob(worker& mine, worker& victim);
    bool fire_timers(worker& mine, worker& of);
    bool deliver(worker& mine, worker& of);
    bool poll(worker& mine, worker& of);
    /// Calls `act` with one worker after the other, from a random one on, until it gives true.
    template <typename Act>
    bool any_of_all(Act act);

    [[nodiscard]] static runnable* take_oldest(worker& mine) noexcept;
    [[nodiscard]] runnable* take_ready(worker& from) noexcept;
    [[nodiscard]] runnable* take_half(worker& mine, worker& victim) noexcept;
    bool run_if_any(worker& mine, worker& from, runnable* item);
    bool run_if_any(worker& mine, worker& from, fork_group* group);

    bool pass_time();
    void wait_for_jobs();
    bool wait_outside();
    void prepare_to_wait() noexcept;
    void end_wait();
    [[nodiscard]] bool anything_posted() const noexcept;
    [[nodiscard]] std::size_t poll_outside(clock::duration limit);

    void tell(simulated_step what) noexcept;
    void tell(worker& mine, worker& from, simulated_step::kind what) noexcept;

    runtime_core& runtime_;
    simulation_options options_;
    random_source random_;
    std::vector<unsigned> weights_; // how often each worker gets a turn
    unsigned weight_of_all_ = 0;
    unsigned steps_since_turn_ = 0;
    bool told_ = false; // somebody wants to know the steps
};

} // namespace eddy::inline v0
