// race.hpp — the first to finish wins; the others are cancelled and awaited.

#pragma once

#include <eddy/base/function.hpp>
#include <eddy/core/gather.hpp>
#include <eddy/core/outcome.hpp>
#include <eddy/core/own_branch.hpp>
#include <eddy/core/siblings.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace eddy::inline v0 {

/// What stands for a contender's result: std::monostate for void, a std::reference_wrapper for a
/// reference.
template <typename T>
using raced_t =
    std::conditional_t<std::is_void_v<T>, std::monostate,
                       std::conditional_t<std::is_reference_v<T>,
                                          std::reference_wrapper<std::remove_reference_t<T>>, T>>;

/// The winner among equals, and what it gave.
template <typename T>
struct race_winner {
    std::size_t index;
    raced_t<T> value;
};

template <typename... Ts>
using race_result_t =
    std::conditional_t<(std::is_void_v<Ts> && ...), std::size_t, std::variant<raced_t<Ts>...>>;
template <typename T>
using range_race_result_t = std::conditional_t<std::is_void_v<T>, std::size_t, race_winner<T>>;

/// A coroutine that may never be started: then it is destroyed without a report.
template <typename T>
class spare_coro {
public:
    explicit spare_coro(coro<T> body) noexcept : body_(std::move(body)) {}
    spare_coro(spare_coro&&) noexcept = default;
    spare_coro& operator=(spare_coro&&) = delete;
    ~spare_coro() {
        if (body_.valid()) {
            body_.release()->handle().destroy();
        }
    }
    [[nodiscard]] coro<T> take() noexcept { return std::move(body_); }

private:
    coro<T> body_;
};

/// One contender; `won` gets its result if it is the first.
template <typename T>
coro<> contend(spare_coro<T> body, siblings& race, std::size_t index,
               std::optional<outcome<T>>& won) {
    branch& mine = co_await own_branch_op();
    if (!race.enter(index, mine)) {
        co_return;
    }
    outcome<T> result = co_await as_result(body.take());
    if (race.stop(index, mine)) {
        won.emplace(std::move(result));
    }
}

/// All have ended, as `ran` says: gives the winner's result. A cancel that came after the race was
/// won is pending again.
template <typename T>
raced_t<T> result_of_race(const outcome<void>& ran, std::optional<outcome<T>>& won, branch& mine) {
    if (!won) {
        ran.value(); // the winner's result could not be kept
    }
    if (ran.cancelled() && !won->cancelled()) {
        mine.put_cancel_back();
    }
    if constexpr (std::is_void_v<T>) {
        won->value();
        return {};
    } else {
        return raced_t<T>(std::move(*won).value());
    }
}

template <std::size_t... I, typename... Ts>
coro<race_result_t<Ts...>> race_in_order(std::index_sequence<I...> /*indices*/,
                                         coro<Ts>... bodies) {
    siblings race(sizeof...(Ts));
    std::tuple<std::optional<outcome<Ts>>...> won;
    const outcome<void> ran = co_await as_result(
        gather(contend(spare_coro(std::move(bodies)), race, I, std::get<I>(won))...));
    branch& mine = co_await own_branch_op();
    const std::size_t winner = race.stopped_by();
    if constexpr ((std::is_void_v<Ts> && ...)) {
        ((winner == I ? void(result_of_race(ran, std::get<I>(won), mine)) : void()), ...);
        co_return winner;
    } else {
        std::optional<race_result_t<Ts...>> result;
        ((winner == I ? void(result.emplace(std::in_place_index<I>,
                                            result_of_race(ran, std::get<I>(won), mine)))
                      : void()),
         ...);
        co_return std::move(*result);
    }
}

template <typename T>
coro<range_race_result_t<T>> race_range(std::vector<coro<T>> bodies) {
    siblings race(bodies.size());
    std::vector<std::optional<outcome<T>>> won(bodies.size());
    std::vector<coro<>> contenders;
    contenders.reserve(bodies.size());
    for (std::size_t i = 0; i != bodies.size(); ++i) {
        contenders.push_back(contend(spare_coro(std::move(bodies[i])), race, i, won[i]));
    }
    const outcome<void> ran = co_await as_result(gather(std::move(contenders)));
    branch& mine = co_await own_branch_op();
    const std::size_t winner = race.stopped_by();
    if constexpr (std::is_void_v<T>) {
        (void)result_of_race(ran, won[winner], mine);
        co_return winner;
    } else {
        co_return race_winner<T>{winner, result_of_race(ran, won[winner], mine)};
    }
}

/// Keeps what a race awaits, and awaits it as an A: a task that is no temporary keeps its result.
template <typename A, typename Kept>
coro<std::remove_cvref_t<await_result_t<A>>> contender_of(Kept awaited) {
    co_return co_await static_cast<A&&>(awaited);
}
template <awaitable A>
auto to_contender(A&& awaited) {
    using value = std::remove_cvref_t<A>;
    if constexpr (is_coro<value>) {
        static_assert(!std::is_lvalue_reference_v<A>,
                      "a coro is used up by race: race(std::move(c), …)");
        if (!awaited.valid()) {
            throw_empty_coro();
        }
        return std::forward<A>(awaited);
    } else {
        using kept = std::conditional_t<
            std::is_copy_constructible_v<value> || !std::is_lvalue_reference_v<A>, value, A>;
        return contender_of<A, kept>(std::forward<A>(awaited));
    }
}

/// Awaits all at the same time until the first one has finished, by a result or by an exception;
/// cancels the others and awaits their ends. Gives what the first one gave, as a std::variant whose
/// index() says which that was; only the index if all are void.
///
///     auto first = co_await eddy::race(read(fd), eddy::sleep(5s));
///     if (first.index() == 0) { use(std::get<0>(first)); }
///
/// Suspends: until all have ended: they may refer to the caller's locals.
/// Throws:   what the first one threw. What the others give or throw is dropped.
/// Cancel:   all are cancelled and awaited, then cancelled_error. If the race was won already, the
///           winner's result is given and the request stays pending for the next await. A loser can
///           be cancelled after it has taken something: do not race two takes of which one must not
///           be lost.
/// Order:    as gather; one that has not begun when the race is won never does.
/// Cost:     two frames for each.
/// Example:  docs/examples/race.cpp
template <typename... As>
    requires(sizeof...(As) > 0 && (awaitable<As> && ...))
[[nodiscard]] auto race(As&&... contenders) {
    return race_in_order(std::index_sequence_for<As...>(),
                         to_contender(std::forward<As>(contenders))...);
}

/// The same for a range of coroutines; gives {index, value}, or the index if they give nothing.
///
/// Throws also: std::invalid_argument if there are none.
template <typename T>
[[nodiscard]] auto race(std::vector<coro<T>> contenders) {
    if (contenders.empty()) {
        throw std::invalid_argument("a race needs contenders");
    }
    for (const coro<T>& each : contenders) {
        if (!each.valid()) {
            throw_empty_coro();
        }
    }
    return race_range(std::move(contenders));
}

} // namespace eddy::inline v0
