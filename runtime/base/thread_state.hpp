// thread_state.hpp — whether another thread of the process runs, waits for a processor, or blocks;
// for how long it has waited for one; how many threads there are.
//
// Threads:    any.

#pragma once

#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>

#include <cstddef>
#include <cstdint>

namespace eddy::inline v0 {

enum class thread_state : std::uint8_t {
    runs,    // on a processor, just now
    waits,   // it could run, but others have the processors
    blocked, // in the kernel: a call that has to wait, a page that has to be read
    unknown, // ended, or the system does not say
};

/// What `thread` (sys::gettid) does. It may do something else by the time the caller knows.
/// Cost: two system calls for a thread that runs, some ten microseconds for one that does not.
[[nodiscard]] EDDY_API thread_state state_of_thread(int thread) noexcept;

/// For how long `thread` has been without a processor although it could run, in its whole life; a
/// wait that is not over does not count yet. Zero if it has ended, or if the system does not say.
/// Cost: some ten microseconds.
[[nodiscard]] EDDY_API clock::duration time_without_processor(int thread) noexcept;

/// How many threads the process has, without those that are about to end: the system lists one for
/// a while after its join. They do not matter, and are not left out, if there are no more than
/// `expected` with them. SIZE_MAX: the system does not say.
/// Cost: one system call, or if there are more than expected some ten microseconds for each.
[[nodiscard]] EDDY_API std::size_t living_threads(std::size_t expected = 0) noexcept;

} // namespace eddy::inline v0
