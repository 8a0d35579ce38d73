// thread_stack.hpp — what another thread of the process is doing: its stack, as text.
//
// A signal asks the thread, whose handler notes the addresses; the asker turns them into names.
//
// Threads:    any; one asks at a time, the others wait.
// Progress:   an asker waits at most answer_limit, and for a handler that has begun.
// Pairs:      P1  state: stack_of -> the handler: it sees who is wanted
//             P2  state: the handler -> stack_of: it sees the addresses

#pragma once

#include <eddy/base/export.hpp>

#include <string>

namespace eddy::inline v0 {

/// Installs the handler, for SIGURG, which by default is ignored. False: the program has one of its
/// own, and no stacks can be had.
bool enable_thread_stacks() noexcept;

/// Lets the calling thread be asked: it may have all signals blocked.
void allow_own_stack() noexcept;

/// The functions on the stack of `thread` (sys::gettid), the innermost first, each on a line of its
/// own; where no name is known, the file and the offset in it, for addr2line. Empty: the thread did
/// not answer.
///
/// Throws: std::bad_alloc.
[[nodiscard]] std::string stack_of(int thread);

} // namespace eddy::inline v0
