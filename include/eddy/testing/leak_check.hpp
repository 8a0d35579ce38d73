// leak_check.hpp — what a program or a runtime has not given back, in words.
//
// Threads:    leak_check: one; exact while no other thread allocates frames or opens descriptors.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/sched/runtime.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace eddy::inline v0 {

/// Remembers what the process has when it is made: make it before a runtime, ask it after that.
class EDDY_API leak_check {
public:
    leak_check();

    /// What has come since then and not gone, a phrase each: "2 coroutine frames or control
    /// blocks", "descriptor 7, a pipe:[123]". Throws: std::bad_alloc.
    [[nodiscard]] std::vector<std::string> leaks() const;

private:
    std::int64_t frames_;
    std::vector<int> descriptors_;
};

/// What is left in `loops`, a phrase each: every task that has not ended, by name; timers;
/// descriptors that are waited for. To be asked between two runs.
///
/// Throws: std::bad_alloc.
[[nodiscard]] EDDY_API std::vector<std::string> leftovers_of(const runtime& loops);

} // namespace eddy::inline v0
