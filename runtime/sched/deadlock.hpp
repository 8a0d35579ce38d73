// deadlock.hpp — whether anything can still wake the tasks of a runtime in which nothing runs, and
// what to say if not.
//
// Threads:    hope_of: whoever knows that nothing runs, at the moment; it is right as long as that
//             is.  deadlock_report: any.

#pragma once

#include <eddy/core/report.hpp>

#include <cstdint>

namespace eddy::inline v0 {

class runtime_core;

enum class hope : std::uint8_t {
    some,               // a timer or a descriptor will wake somebody
    from_other_threads, // the process has threads that are not the runtime's, and one of them could
    none
};

[[nodiscard]] hope hope_of(runtime_core& runtime) noexcept;

/// Names every task and where it waits. Throws: std::bad_alloc.
[[nodiscard]] report deadlock_report(runtime_core& runtime);

} // namespace eddy::inline v0
