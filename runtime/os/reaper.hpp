// reaper.hpp — waits for children whose process object is gone, so that none stays a zombie.
//
// Threads:    any. A thread of its own waits for each such child.

#pragma once

namespace eddy::inline v0 {

/// Has a thread wait for the child, which nobody else does. If none can be had the child stays a
/// zombie until this process ends.
void reap_later(int pid) noexcept;

} // namespace eddy::inline v0
