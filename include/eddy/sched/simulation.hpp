// simulation.hpp — a runtime whose workers all run on the driver's thread: a seed decides which of
// them goes on, with what, and from where it took that.
//
// Everything that real workers leave open is drawn from the seed: who runs next, the order of what
// is ready, who steals what from whom, timers that are due together, descriptors that are ready
// together. What is promised stays: one worker has asyncio's order, callbacks of one loop and tasks
// of one strand have theirs. A step runs from one suspension to the next without interruption.
//
// Threads:    one. Others may post, but then the seed does not decide everything.
// Design:     docs/design/simulate.md

#pragma once

#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/core/task.hpp>

#include <cstdint>
#include <source_location>
#include <string>

namespace eddy::inline v0 {

/// One decision of a simulation, told before it is carried out.
struct simulated_step {
    enum class kind : std::uint8_t {
        resume,      // `task` goes on at `site`
        fork,        // `task` starts the next child of the gather at `site`
        callback,    // of call_soon and its like
        job,         // the library's own
        timers,      // those that are due at loop `from` are fired
        descriptors, // those that are ready at loop `from` are delivered
        time         // the clock moves to `now`
    };

    kind what = kind::resume;
    unsigned worker = 0; // who does it
    unsigned from = 0;   // whose it was: another one's if it is stolen
    clock::time_point now{};
    any_task task{}; // empty for callbacks, jobs and the rest
    std::source_location site{};
};

/// "+1.5s worker 2 resumes Task-3 at main.cpp:12, stolen from 0"
EDDY_API std::string to_string(const simulated_step& step);

struct simulation_options {
    /// Equal seeds give equal runs.
    std::uint64_t seed = 0;
    /// Whether virtual time may pass while something could run, as it does on a busy machine. Then
    /// no test may say how long something took.
    enum class time_passes : bool { when_nothing_can_run, at_any_time };
    time_passes time = time_passes::when_nothing_can_run;
    /// Called with each decision. EDDY_TRACE=1 prints them instead.
    std::function<void(const simulated_step&)> on_step{};
};

} // namespace eddy::inline v0
