// timeout.hpp — wait_for and timeout: a timer whose completion is a cancel, turned into
// timeout_error where it was armed; and shield, which keeps a cancel out.
//
// Invariants: I1  the cancelled operation is awaited before timeout_error is thrown.
//             I2  a cancel from elsewhere stays a cancelled_error, even if the time is over too.
// Pairs:      P1  expired_, fire_ended_: fired -> the branch that leaves: the timer does not touch
//                 the scope any more

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/context.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/core/outcome.hpp>
#include <eddy/core/own_branch.hpp>
#include <eddy/io/timer_wheel.hpp>
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/sleep.hpp>

#include <source_location>
#include <utility>

namespace eddy::inline v0 {

/// A deadline over what a branch does, while this lives in one of its frames.
class EDDY_API timeout_scope : private timer_node {
public:
    explicit timeout_scope(branch& over) noexcept;
    ~timeout_scope();

    /// When it expires; time_point::max() for never.
    [[nodiscard]] clock::time_point when() const noexcept { return deadline_.when(); }
    [[nodiscard]] bool expired() const noexcept { return expired_.load(acquire); } // P1
    /// Moves the deadline. One that has passed expires at once: the next suspension of the body
    /// throws. By the body, or what runs in it.
    /// Throws: invalid_state_error once it has expired.
    void reschedule(clock::time_point when) { reschedule(when, now()); }
    /// The same for who knows the time.
    void reschedule(clock::time_point when, clock::time_point now);

    enum class body_end : std::uint8_t { finished, cancelled };
    /// The body has ended. True: by the cancel of this scope, and nobody else asked for one.
    [[nodiscard]] bool leave(body_end how) noexcept;

    template <typename T>
    [[nodiscard]] static body_end end_of(const outcome<T>& result) noexcept {
        return result.cancelled() ? body_end::cancelled : body_end::finished;
    }

private:
    static void fired(timer_node& node) noexcept;
    void disarm() noexcept;
    [[nodiscard]] bool recall() noexcept;

    branch* branch_;
    timer_wheel* wheel_ = nullptr;
    deadline_scope deadline_; // what the body sees of it
    std::uint16_t requests_before_;
    bool armed_ = false;
    bool at_once_ = false; // expired when its deadline was set
    atomic<bool> expired_{false};
    atomic<bool> fire_ended_{false};
};

/// For timeout_at and timeout: `now` is the time of the call.
template <typename Body>
auto timeout_kept(clock::time_point when, clock::time_point now, Body body)
    -> coro<typename std::invoke_result_t<Body&, timeout_scope&>::value_type> {
    timeout_scope scope(co_await own_branch_op());
    scope.reschedule(when, now);
    auto result = co_await as_result(body(scope));
    if (scope.leave(timeout_scope::end_of(result))) {
        throw timeout_error();
    }
    co_return std::move(result).value();
}

/// Runs `body(scope)` until `when`; then cancels it, awaits its end and throws timeout_error. Gives
/// its result. A `when` that has passed: the first suspension of the body throws.
///
/// Cancel:  passes to the body.
/// Example: docs/examples/timeout_scope.cpp
template <typename Body>
    requires coroutine_function<Body, timeout_scope&>
auto timeout_at(clock::time_point when, Body body) {
    return timeout_kept(when, now(), std::move(body));
}

/// The same after `limit`. The body may move the deadline: scope.reschedule(...).
///
/// Example: co_await eddy::timeout(5s, [&](eddy::timeout_scope&) { return handle(request); });
template <typename Rep, typename Period, typename Body>
    requires coroutine_function<Body, timeout_scope&>
auto timeout(std::chrono::duration<Rep, Period> limit, Body body) {
    const clock::time_point start = now();
    return timeout_kept(deadline_after(start, limit), start, std::move(body));
}

/// When the time is over that wait_for, wait_until or with_deadline was given, as seen at `now`.
template <typename Rep, typename Period>
clock::time_point end_of_limit(std::chrono::duration<Rep, Period> limit,
                               clock::time_point now) noexcept {
    return deadline_after(now, limit);
}
inline clock::time_point end_of_limit(clock::time_point when, clock::time_point /*now*/) noexcept {
    return when;
}
struct inherited_deadline {};
inline clock::time_point end_of_limit(inherited_deadline /*of the context*/,
                                      clock::time_point /*now*/) noexcept {
    return current_deadline();
}

/// For wait_for and its kin: keeps what is awaited, and awaits it as an A.
template <typename A, typename Kept, typename Limit>
coro<std::remove_cvref_t<await_result_t<A>>> wait_for_kept(Kept awaited, Limit limit) {
    const clock::time_point start = now();
    const clock::time_point when = end_of_limit(limit, start);
    timeout_scope scope(co_await own_branch_op());
    scope.reschedule(when, start);
    auto result = co_await as_result(static_cast<A&&>(awaited));
    if (scope.leave(timeout_scope::end_of(result))) {
        throw timeout_error();
    }
    if constexpr (std::is_void_v<await_result_t<A>>) {
        std::move(result).value();
    } else {
        co_return std::move(result).value();
    }
}
template <awaitable A, typename Limit>
auto wait_within(A&& awaited, Limit limit) {
    using value = std::remove_cvref_t<A>;
    static_assert(!is_coro<value> || !std::is_lvalue_reference_v<A>,
                  "a coro is awaited once and used up: wait_for(std::move(c), limit)");
    using kept =
        std::conditional_t<std::is_copy_constructible_v<value> || !std::is_lvalue_reference_v<A>,
                           value, A>;
    return wait_for_kept<A, kept>(std::forward<A>(awaited), limit);
}

/// Awaits `awaited` for at most `limit`; then cancels it, awaits its end, and throws timeout_error.
///
/// A value that came is given even if the time is over. A limit of 0 or less gives the operation
/// one chance to be ready at once. A task that is no temporary keeps its result, and a copy of it
/// is given.
/// Cancel: passes to `awaited`; the error stays cancelled_error.
template <awaitable A, typename Rep, typename Period>
auto wait_for(A&& awaited, std::chrono::duration<Rep, Period> limit) {
    return wait_within(std::forward<A>(awaited), limit);
}

/// The same until `when`.
template <awaitable A>
auto wait_until(A&& awaited, clock::time_point when) {
    return wait_within(std::forward<A>(awaited), when);
}

/// The same until current_deadline(): a task that was created inside of a timeout keeps to it.
///
///     co_await eddy::timeout(2s, [&](eddy::timeout_scope&) -> eddy::coro<> {
///         report = eddy::create_task(eddy::with_deadline(write_report())); // may outlive this
///         ...
///     });
template <awaitable A>
auto with_deadline(A&& awaited) {
    return wait_within(std::forward<A>(awaited), inherited_deadline());
}

/// Awaits a task without passing a cancel on to it.
///
/// Cancel: the waiter gets cancelled_error at once, the task goes on.
template <typename T>
[[nodiscard]] auto shield(const task<T>& guarded) {
    return typename task<T>::shared_wait(guarded.typed(), future_wait::on_cancel::stop_waiting);
}

/// The same for a coroutine, which becomes a task. No deadline of the waiter is in force in it.
template <typename T>
coro<T> shield(coro<T> body, std::source_location site = std::source_location::current()) {
    task<T> guarded;
    {
        const no_deadline_scope free;
        guarded = create_task(std::move(body), {}, site);
    }
    if constexpr (std::is_void_v<T>) {
        co_await shield(guarded);
    } else {
        (void)co_await shield(guarded);
        co_return co_await std::move(guarded);
    }
}

} // namespace eddy::inline v0
