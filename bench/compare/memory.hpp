// memory.hpp — how much memory a model's waiters take, in user space and in the kernel.
//
// Invariants: I1  user bytes are PSS: a page shared by k processes counts 1/k in each of them.
//             I2  kernel bytes are of the whole machine, since Linux keeps no account per process:
//                 kernel stacks, page tables and unreclaimable slab. They mean something only for
//                 many waiters on an idle machine.

#pragma once

#include "contender.hpp"

#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace eddy::compare {

struct memory {
    double user_bytes = 0;
    double kernel_bytes = 0;

    /// Of this process, and of `children` (of a sample of them if they are many).
    [[nodiscard]] static memory now(const std::vector<pid_t>& children = {});
};

/// The processes below this one, but those that have ended. As Linux sees it at the moment.
[[nodiscard]] std::vector<pid_t> descendants();

/// Adds the growth since `before`, per waiter, to `found`.
void add_memory(metrics& found, const memory& before, const memory& after, std::uint64_t waiters);

} // namespace eddy::compare
