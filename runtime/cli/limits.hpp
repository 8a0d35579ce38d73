// limits.hpp — how many threads, processes and coroutines this machine has room for.
//
// Computed from what the system says, never by trying: a machine that is out of processes cannot
// even be asked to stop.

#pragma once

#include "compare/contender.hpp"

#include <cstdint>
#include <string>

namespace eddy::cli {

/// The tightest of the limits that apply.
struct limit {
    std::uint64_t count = 0;
    std::string why; // "thread limit 29 000: kernel.pid_max 32 768, 90 in use, a tenth left free"
};

class limits {
public:
    /// Reads the limits of this process.
    [[nodiscard]] static limits read();

    [[nodiscard]] const limit& of(compare::model which) const noexcept;

private:
    limit threads_;
    limit processes_;
    limit coroutines_;
};

} // namespace eddy::cli
