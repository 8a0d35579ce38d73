// spin_budget.hpp — whether it pays to look for a while longer before a thread goes to sleep.
//
// To sleep and be woken takes some ten microseconds, which is long where what is waited for comes
// at once. So a thread looks for about as long, as long as that helps: each time it was in vain the
// next ones are left out, twice as many as before, up to a limit.
//
// Threads:    one at a time.

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace eddy::inline v0 {

class spin_budget {
public:
    /// Looks until `came()` is true, or it has lasted too long; gives what it gave last. Looks once
    /// if it has been in vain lately, or if there is one processor alone.
    template <typename Came>
    [[nodiscard]] bool look(Came came) noexcept {
        if (left_out_ != 0) {
            --left_out_;
            return came();
        }
        if (!several_processors()) {
            return came();
        }
        const bool found = look_for(spin_max, came);
        leave_out_ = found ? 0 : std::min(2 * leave_out_ + 1, leave_out_max);
        left_out_ = leave_out_;
        return found;
    }

    /// About what a sleep and a wake-up take.
    static constexpr clock::duration spin_max = std::chrono::microseconds(20);
    static constexpr std::uint32_t leave_out_max = 1023;

    /// Whether somebody else can run meanwhile.
    [[nodiscard]] EDDY_API static bool several_processors() noexcept;

private:
    template <typename Came>
    static bool look_for(clock::duration limit, Came& came) noexcept {
        const clock::time_point end = clock::now() + limit;
        do {
            for (int i = 0; i != looks_between_times; ++i) {
                if (came()) {
                    return true;
                }
                native_sync::pause();
            }
        } while (clock::now() < end);
        return came();
    }

    static constexpr int looks_between_times = 16;

    std::uint32_t leave_out_ = 0; // after the last time in vain
    std::uint32_t left_out_ = 0;  // of them, how many are to come
};

} // namespace eddy::inline v0
