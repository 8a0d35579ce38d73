// common.hpp — ping-pong: two tasks wake each other in turn; each round trip is two switches.
//
// Size:     always 2, the tasks.
// Measured: the time of a round trip, its CPU time and its context switches; once with both sides
//           on one core (one_core_ns), where every hand-over is a switch, and once wherever the
//           system puts them (any_core_ns), where a hand-over may also wake an idle core.

#pragma once

#include "../contender.hpp"
#include "../meter.hpp"

#include <cstdint>
#include <string>

namespace eddy::compare::ping_pong {

[[nodiscard]] metrics run_threads(const request& asked);
[[nodiscard]] metrics run_processes(const request& asked);
[[nodiscard]] metrics run_coroutines(const request& asked);

inline constexpr std::uint64_t kernel_round_trips = 10'000;
inline constexpr std::uint64_t coroutine_round_trips = 200'000;

/// Adds one placement ("one_core" or "any_core"), measured over `round_trips`; `hits`: of the ball.
///
/// Throws: `wrong_result` if not both sides have hit it once a round.
void add_round_trip(metrics& found, const std::string& placement, std::uint64_t round_trips,
                    std::uint64_t hits, const meter& time);

/// Plays anywhere, and then on one core.
[[nodiscard]] metrics played(void (*play)(metrics& found, const std::string& placement));

} // namespace eddy::compare::ping_pong
