// call.hpp — a call that keeps the thread it is made on, for want of another API.
//
// Four kinds return by themselves: 64 KiB of a file that is in the page cache, the name localhost
// (getaddrinfo), 2 ms of sleep, which stands for a query to a server, and 2 ms of computing. A
// fifth waits for a release. A call is a value: another process can be told to make it.

#pragma once

#include "../pipe.hpp"

#include <cstdint>

namespace eddy::compare::calls {

enum class kind : std::uint8_t { file, name, sleep, compute, release };

struct call {
    calls::kind kind;
    pipe_place release; // has a byte for each call that is released
};

/// Makes it. Blocks. Registered: a process pool can be told to.
///
/// Throws: `wrong_result` if it does not give what it has to.
void make(const call& what);

} // namespace eddy::compare::calls
