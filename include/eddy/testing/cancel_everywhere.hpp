// cancel_everywhere.hpp — a cancel at the k-th suspension of a program, for every k.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/base/random.hpp>
#include <eddy/core/report.hpp>
#include <eddy/sched/runtime.hpp>
#include <eddy/testing/simulate.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// What a cancel has broken, and where it was.
class EDDY_API cancel_failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~cancel_failure() override;
};

struct cancel_options {
    /// What the program runs on each time. Only a simulation repeats its suspensions exactly.
    runtime_options on = simulated(process_seed());
    enum class target : std::uint8_t {
        main_task,       // as the task that waits for the program would do
        suspending_task, // whichever task is about to suspend
        both             // first the one, then the other, at every suspension
    };
    target whom = target::both;
    /// Whether the program may end with `error` when it was cancelled; a cancelled_error may always
    /// come out, and what comes out without a cancel.
    std::function<bool(const std::exception_ptr& error)> may_throw{};
    /// Whether a report means that something is wrong. Empty: each one does, but exceptions that
    /// nobody retrieved, for who is cancelled cannot look at the tasks it made, and those that a
    /// cancelled cleanup replaced.
    std::function<bool(const report&)> is_wrong{};
};

/// For cancel_everywhere: the same with functions of a known type.
EDDY_API std::size_t cancel_at_each_point(const std::function<coro<>()>& program,
                                          const std::function<bool()>& holds,
                                          const cancel_options& options, std::source_location site);

/// Runs `program()`, which makes a coroutine, once to the end and then once for each of its
/// suspensions with a cancel there. After each run nothing may have leaked, and `invariant()` must
/// hold: give true, or not throw if it gives nothing. Gives the number of suspensions.
///
/// Tasks that the program leaves behind are cancelled and awaited first.
/// Throws:   cancel_failure, at the first thing that is wrong.
/// Threads:  one that runs no loop.
/// Cost:     quadratic in the suspensions: for small programs.
template <std::invocable<> Program, std::invocable<> Invariant>
    requires is_coro<std::invoke_result_t<Program&>>
std::size_t cancel_everywhere(Program program, Invariant invariant,
                              const cancel_options& options = {},
                              std::source_location site = std::source_location::current()) {
    const auto body = [&program]() -> coro<> {
        return [](auto made) -> coro<> { (void)co_await std::move(made); }(program());
    };
    const auto holds = [&invariant] {
        if constexpr (std::is_void_v<std::invoke_result_t<Invariant&>>) {
            invariant();
            return true;
        } else {
            return static_cast<bool>(invariant());
        }
    };
    return cancel_at_each_point(body, holds, options, site);
}

} // namespace eddy::inline v0
