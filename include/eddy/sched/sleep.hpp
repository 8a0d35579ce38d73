// sleep.hpp — waiting for a time, and giving the others a turn.

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/select_claim.hpp>
#include <eddy/io/timer_wheel.hpp>

#include <cstdint>

namespace eddy::inline v0 {

class EDDY_API sleep_op final : public op, private timer_node {
public:
    enum class base : bool { duration, time_point };
    class select_case;

    sleep_op(clock::duration span, base from) noexcept
        : timer_node(&fired, clock::time_point(span)), from_(from) {}
    sleep_op(sleep_op&& fresh) noexcept
        : op(), timer_node(&fired, fresh.timer_node::deadline()), from_(fresh.from_) {}

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise);
    void await_resume() { check_cancelled(); }

    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

private:
    static void fired(timer_node& node) noexcept { static_cast<sleep_op&>(node).wake(); }
    // Before the wait deadline() is what was asked for: a span, or the time itself.
    [[nodiscard]] clock::time_point deadline_from(clock::time_point time) const noexcept {
        const clock::time_point asked = deadline();
        return from_ == base::duration ? deadline_after(time, asked.time_since_epoch()) : asked;
    }

    base from_; // in what timer_node leaves free
    timer_wheel* wheel_ = nullptr;
};
static_assert(sizeof(sleep_op) <= 72);

/// A sleep as one of the things that a select waits for; its time runs from the select on.
class EDDY_API sleep_op::select_case final : private timer_node, private detached_case {
public:
    explicit select_case(const sleep_op& of) noexcept
        : timer_node(&fired), of_(of.deadline().time_since_epoch(), of.from_) {}
    select_case(select_case&& fresh) noexcept : select_case(fresh.of_) {}

    [[nodiscard]] select_arm arm(select_claim& by, std::uint32_t which) noexcept;
    void disarm() noexcept;
    static void take() noexcept {}
    [[nodiscard]] static bool give_back() noexcept { return true; }

private:
    static void fired(timer_node& node) noexcept { static_cast<select_case&>(node).call(); }

    sleep_op of_;
    timer_wheel* wheel_ = nullptr;
};

/// No op: the branch is queued, and waits in nothing that a cancel could abort.
class EDDY_API yield_op {
public:
    yield_op() noexcept {} // NOLINT(modernize-use-equals-default): it would write the pointer
    yield_op(yield_op&& /*fresh*/) noexcept {}
    yield_op& operator=(yield_op&&) = delete;

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise) {
        mine_ = &promise.own_branch();
        mine_->set_leaf(&promise);
        return scheduler::current()->yield(*mine_);
    }
    void await_resume() {
        if (mine_->take_cancel()) [[unlikely]] {
            mine_->throw_cancelled();
        }
    }

private:
    branch* mine_; // set when it is awaited
};

/// Suspends the task for at least `span`; 0 or less: as yield().
///
/// Cancel:   at once; nothing is lost.
/// Cost:     O(1), no allocation; no processor time while it lasts.
template <typename Rep, typename Period>
[[nodiscard]] sleep_op sleep(std::chrono::duration<Rep, Period> span) noexcept {
    return {saturated(span), sleep_op::base::duration};
}

/// Suspends the task until `when`; a time that has passed: as yield(). One until time_point::max()
/// ends by a cancel only: a runtime in which nobody is left to do that is in a deadlock, unless
/// there is outside_work.
///
/// Cancel:   at once; nothing is lost.
[[nodiscard]] inline sleep_op sleep_until(clock::time_point when) noexcept {
    return {when.time_since_epoch(), sleep_op::base::time_point};
}

/// Gives everything that is ready a turn, then goes on: asyncio's sleep(0).
///
/// Cancel:   thrown when its turn comes; nothing is lost.
[[nodiscard]] inline yield_op yield() noexcept {
    return {};
}

/// The time of the running loop (virtual in tests); outside of a loop, of the steady clock.
[[nodiscard]] EDDY_API clock::time_point now() noexcept;

} // namespace eddy::inline v0
