// clock.hpp — the library's only notion of time: CLOCK_MONOTONIC in 64-bit nanoseconds.
//
// Threads:    everything here may be used by any thread.
// Invariants: I1  a virtual clock never goes backwards.
// Pairs:      P1  now_: advance_to -> now: who sees a time sees what happened before it was set

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/chrono.hpp>
#include <eddy/base/syscall.hpp>

#include <cstdint>
#include <limits>
#include <ratio>
#include <type_traits>

namespace eddy::inline v0 {

/// A std::chrono clock that wall-clock changes do not move.
struct clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<clock, duration>;
    static constexpr bool is_steady = true;

    [[nodiscard]] static time_point now() noexcept {
        return time_point(duration(sys::monotonic_ns()));
    }
};

/// Gives `span` in nanoseconds, or the nearest value that 64 bits hold; not-a-number is zero.
template <typename Rep, typename Period>
[[nodiscard]] constexpr clock::duration
saturated(std::chrono::duration<Rep, Period> span) noexcept {
    using scale = std::ratio_divide<Period, std::nano>;
    if constexpr (std::is_integral_v<Rep> && scale::den == 1) {
        std::int64_t count = 0;
        if (__builtin_mul_overflow(span.count(), scale::num, &count)) {
            return span.count() < 0 ? clock::duration::min() : clock::duration::max();
        }
        return clock::duration(count);
    } else {
        const auto exact = std::chrono::duration<long double, std::nano>(span).count();
        if (exact != exact) {
            return clock::duration::zero();
        }
        if (exact >= static_cast<long double>(std::numeric_limits<std::int64_t>::max())) {
            return clock::duration::max();
        }
        if (exact <= static_cast<long double>(std::numeric_limits<std::int64_t>::min())) {
            return clock::duration::min();
        }
        return clock::duration(static_cast<std::int64_t>(exact));
    }
}

/// Gives the moment `span` after `now`: `now` itself when `span` is negative, time_point::max()
/// ("never") when the sum does not fit.
template <typename Rep, typename Period>
[[nodiscard]] constexpr clock::time_point
deadline_after(clock::time_point now, std::chrono::duration<Rep, Period> span) noexcept {
    const clock::duration wait = saturated(span);
    std::int64_t sum = 0;
    if (wait <= clock::duration::zero()) {
        return now;
    }
    if (__builtin_add_overflow(now.time_since_epoch().count(), wait.count(), &sum)) {
        return clock::time_point::max();
    }
    return clock::time_point(clock::duration(sum));
}

/// Gives the time from `now` until `deadline`: zero if it has passed, duration::max() for "never".
[[nodiscard]] constexpr clock::duration time_until(clock::time_point deadline,
                                                   clock::time_point now) noexcept {
    std::int64_t left = 0;
    if (deadline <= now) {
        return clock::duration::zero();
    }
    if (deadline == clock::time_point::max() ||
        __builtin_sub_overflow(deadline.time_since_epoch().count(), now.time_since_epoch().count(),
                               &left)) {
        return clock::duration::max();
    }
    return clock::duration(left);
}

/// Where a loop gets its time from; a test gives it one that only moves when told to.
class clock_source {
public:
    virtual ~clock_source() = default;
    [[nodiscard]] virtual clock::time_point now() const noexcept = 0;
};

/// The real time.
class steady_clock_source final : public clock_source {
public:
    [[nodiscard]] clock::time_point now() const noexcept override { return clock::now(); }
};

/// A time that stands still until a test moves it. It starts at one hour: not at zero, so that code
/// which confuses "no time" with "the first moment" is found out.
class virtual_clock_source final : public clock_source {
public:
    explicit virtual_clock_source(
        clock::time_point start = clock::time_point(std::chrono::hours(1))) noexcept
        : now_(start.time_since_epoch().count()) {}

    [[nodiscard]] clock::time_point now() const noexcept override {
        return clock::time_point(clock::duration(now_.load(acquire))); // P1
    }

    /// Moves the time forward to `when`; a `when` that has passed changes nothing.
    void advance_to(clock::time_point when) noexcept {
        const std::int64_t target = when.time_since_epoch().count();
        std::int64_t seen = now_.load(relaxed); // hint: the CAS below checks it
        // P1; fail: retried
        while (seen < target && !now_.compare_exchange_weak(seen, target, acq_rel, relaxed)) {
        }
    }

    /// Moves the time forward by `span`.
    void advance_by(clock::duration span) noexcept { advance_to(deadline_after(now(), span)); }

private:
    atomic<std::int64_t> now_;
};

} // namespace eddy::inline v0
