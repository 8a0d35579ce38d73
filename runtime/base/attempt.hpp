// attempt.hpp — a system call, or what a fault plan wants instead of it.

#pragma once

#include <eddy/base/fault_plan.hpp>
#include <eddy/base/syscall.hpp>

#include <cerrno>
#include <cstddef>
#include <system_error>

#include <sys/types.h>

namespace eddy::inline v0::sys {

/// Makes the call, unless a fault plan wants something else: `make` gets the most bytes to move.
template <typename Make>
auto attempt(call which, Make make) noexcept {
    std::size_t bytes_max = fault_plan::no_limit;
    if (fault_plan* plan = fault_plan::active()) [[unlikely]] {
        const fault_plan::fault fault = plan->take(which);
        if (fault.error != 0) {
            errno = fault.error;
            return decltype(make(bytes_max)){-1};
        }
        bytes_max = fault.bytes_max;
    }
    return make(bytes_max);
}

template <typename Make>
auto attempt_until_uninterrupted(call which, Make make) noexcept {
    auto result = attempt(which, make);
    while (result < 0 && errno == EINTR) {
        result = attempt(which, make);
    }
    return result;
}

inline std::error_code error_of(int result) noexcept {
    return result < 0 ? std::error_code(errno, std::system_category()) : std::error_code();
}

inline io_result io_result_of(ssize_t moved) noexcept {
    if (moved < 0) {
        return {.bytes = 0, .error = std::error_code(errno, std::system_category())};
    }
    return {.bytes = static_cast<std::size_t>(moved), .error = {}};
}

} // namespace eddy::inline v0::sys
