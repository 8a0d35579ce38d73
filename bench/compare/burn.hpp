// burn.hpp — computing for as long as one likes.

#pragma once

#include <chrono>

namespace eddy::compare {

[[nodiscard]] std::chrono::nanoseconds cpu_of_this_thread() noexcept;

/// Computes until the calling thread has used `cpu` more CPU time.
void burn(std::chrono::nanoseconds cpu);

} // namespace eddy::compare
