// random_number.hpp — chance that a test can repeat: it comes from the runtime, as time does.

#pragma once

#include <eddy/base/export.hpp>

#include <cstdint>

namespace eddy::inline v0 {

/// A number in [0, limit), from the seed of the running runtime: that of its simulation, else that
/// of the process (EDDY_SEED, else a random one). With one worker, or in a simulation, equal seeds
/// give equal numbers. `limit` is not 0. Not for secrets.
///
/// Throws: no_running_loop.
[[nodiscard]] EDDY_API std::uint64_t random_below(std::uint64_t limit);

} // namespace eddy::inline v0
