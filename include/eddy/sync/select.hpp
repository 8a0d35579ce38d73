// select.hpp — waits for the first of several things and leaves the others as they are.
//
// Design:     docs/design/select.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/awaitable.hpp>
#include <eddy/core/future.hpp>
#include <eddy/core/gather.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/select_claim.hpp>
#include <eddy/core/task.hpp>
#include <eddy/sync/future_case.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace eddy::inline v0 {

/// The case that a select makes of an awaitable of type A.
template <typename A>
struct select_case_of {
    static_assert(!is_coro<A>, "a coro cannot be selected, for it cannot be left half done: make "
                               "it a task and select that, or race() it");
    static_assert(is_coro<A> || selectable<A>,
                  "this awaitable cannot be selected: it has no select_case");
    using type = typename A::select_case;
};
template <typename T>
struct select_case_of<task<T>> {
    using type = future_case<task<T>>;
};
template <typename T>
struct select_case_of<future<T>> {
    using type = future_case<future<T>>;
};

template <typename A>
using select_case_t = typename select_case_of<std::remove_cvref_t<A>>::type;

/// What a case gives, as a value; std::monostate for nothing.
template <typename Case>
using selected_t = gathered_t<std::remove_cvref_t<decltype(std::declval<Case&>().take())>>;

template <typename Case>
selected_t<Case> take_selected(Case& from) {
    if constexpr (std::is_void_v<decltype(from.take())>) {
        from.take();
        return {};
    } else {
        return from.take();
    }
}

/// What all selects have in common: one claim, and cases armed from the first one on.
class EDDY_API select_wait : public op, protected select_claim {
public:
    static bool await_ready() noexcept { return false; }
    /// The claim decides, so no lock is taken and nobody is woken.
    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

protected:
    select_wait() noexcept = default;
    ~select_wait() = default;

    /// Arms `one` as the next case. False: the select is decided.
    template <typename Case>
    bool arm(Case& one) noexcept {
        const std::uint32_t which = armed_;
        switch (one.arm(*this, which)) {
        case select_arm::waits:
            ++armed_;
            return true;
        case select_arm::ready:
            op::wake();
            return false;
        case select_arm::lost:
            break;
        }
        return false;
    }
    /// Disarms case `which` if it is armed and has not claimed.
    template <typename Case>
    void disarm(Case& one, std::uint32_t which) const noexcept {
        if (which < armed_ && which != winner()) {
            one.disarm();
        }
    }
    /// After all cases were disarmed: throws cancelled_error if the select was aborted, or if a
    /// request came and the case that has claimed gives back what it got.
    template <typename Case>
    void check_case(Case& won) {
        if (waiter().cancel_pending() && won.give_back()) [[unlikely]] {
            check_cancelled();
        }
    }

private:
    void fire() noexcept override;

    std::uint32_t armed_ = 0;
};

template <typename... Cases>
class select_op final : public select_wait {
    using indices = std::index_sequence_for<Cases...>;

public:
    using result = std::variant<selected_t<Cases>...>;

    template <typename... As>
    explicit select_op(std::in_place_t /*not a copy*/, As&&... awaited) noexcept
        : cases_(std::forward<As>(awaited)...) {}

    bool await_suspend(promise_base& promise) {
        return park(promise, [this] { arm_all(indices()); });
    }
    result await_resume() {
        disarm_all(indices());
        check_aborted();
        return take<0>(winner());
    }

private:
    template <std::size_t... I>
    void arm_all(std::index_sequence<I...> /*indices*/) noexcept {
        (void)(this->arm(std::get<I>(cases_)) && ...);
    }
    template <std::size_t... I>
    void disarm_all(std::index_sequence<I...> /*indices*/) noexcept {
        (this->disarm(std::get<I>(cases_), I), ...);
    }
    template <std::size_t I>
    result take(std::uint32_t which) {
        if constexpr (I + 1 != sizeof...(Cases)) {
            if (which != I) {
                return take<I + 1>(which);
            }
        }
        check_case(std::get<I>(cases_));
        return result(std::in_place_index<I>, take_selected(std::get<I>(cases_)));
    }

    std::tuple<Cases...> cases_;
};

/// What select gives: keeps the awaitables until it is awaited.
template <typename... As>
class [[nodiscard]] select_call {
public:
    explicit select_call(As&&... awaited) noexcept : kept_(std::forward<As>(awaited)...) {}

    auto operator co_await() && noexcept {
        return std::apply(
            [](auto&... kept) {
                return select_op<select_case_t<As>...>(std::in_place, std::forward<As>(kept)...);
            },
            kept_);
    }

private:
    std::tuple<As...> kept_;
};

/// Waits for the first of several things: `co_await select(a.receive(), done.wait(), sleep(1s))`.
///
/// Gives a std::variant: index() says which one fired, and it holds what an await of that one gives
/// (std::monostate for void). Exactly one fires. The others are left as they were before the select
/// returns: nothing was taken from them. What can be selected: receive and send of a channel, get
/// of a queue, the wait of an event or a latch, a sleep, tasks and futures, which go on; and
/// whatever has a select_case.
///
/// Suspends: unless something is there at once; if several are, the one that stands first.
/// Throws:   what an await of the one that fired throws.
/// Cancel:   safe: if it throws cancelled_error nothing was taken from anything.
/// Cost:     no allocation; for each argument one lock to register it and one to withdraw it.
/// Example:  docs/examples/select_fan_in.cpp
template <typename... As>
    requires(sizeof...(As) != 0)
auto select(As&&... awaited) {
    return select_call<As...>(std::forward<As>(awaited)...);
}

/// What fired in a select over a range, and what it gave.
template <typename T>
struct selected {
    std::size_t index;
    T value;
};

template <typename Case>
class select_range_op final : public select_wait {
public:
    using result = selected<selected_t<Case>>;

    template <typename A>
    explicit select_range_op(std::vector<A> awaited) {
        cases_.reserve(awaited.size());
        for (A& each : awaited) {
            cases_.emplace_back(std::move(each));
        }
    }
    select_range_op(select_range_op&& fresh) noexcept : cases_(std::move(fresh.cases_)) {}

    bool await_suspend(promise_base& promise) {
        return park(promise, [this] {
            for (std::size_t i = 0; i != cases_.size() && this->arm(cases_[i]); ++i) {
            }
        });
    }
    result await_resume() {
        for (std::size_t i = 0; i != cases_.size(); ++i) {
            this->disarm(cases_[i], static_cast<std::uint32_t>(i));
        }
        check_aborted();
        Case& won = cases_[winner()];
        check_case(won);
        return {winner(), take_selected(won)};
    }

private:
    std::vector<Case> cases_;
};

/// The same for a range of awaitables of one type; gives {index, value}. Of none it waits until it
/// is cancelled.
///
/// Cost: one allocation, for the cases.
template <typename A>
[[nodiscard]] auto select(std::vector<A> awaited) {
    return select_range_op<select_case_t<A>>(std::move(awaited));
}

} // namespace eddy::inline v0
