// map_concurrent.hpp — a function over a range, a few elements at a time, results in order.
//
// As many *lanes* as the limit allows, children of one gather: each takes the next element, awaits
// the function, and comes back for another. So there are never more coroutines than lanes.
//
// Invariants: I1  elements are taken in order, one at a time, under lock_.
//             I2  the first lane that fails stops the others, and none takes an element after that.

#pragma once

#include <eddy/base/mutex.hpp>
#include <eddy/base/ranges.hpp>
#include <eddy/core/coroutine_function.hpp>
#include <eddy/core/gather.hpp>
#include <eddy/core/outcome.hpp>
#include <eddy/core/own_branch.hpp>
#include <eddy/core/siblings.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// Uses up one unit of the step's budget, and takes a turn when there is none left.
class EDDY_API spend_op final : public op {
public:
    spend_op() noexcept = default;

    static bool await_ready() noexcept { return scheduler::current()->spend(); }
    bool await_suspend(promise_base& promise) { return yield(promise); }
    static void await_resume() noexcept {}
    // Not called: the branch is queued and never waits in the op.
    abort_result abort() noexcept override { return abort_result::completed; }
};

/// A reference that stays good while others are taken is passed on; anything else is kept.
template <typename Range>
inline constexpr bool passes_references =
    std::is_lvalue_reference_v<std::ranges::range_reference_t<Range>> &&
    std::ranges::forward_range<Range>;
/// What the function of a map_concurrent over `Range` is called with.
template <typename Range>
using map_argument_t =
    std::conditional_t<passes_references<Range>, std::ranges::range_reference_t<Range>,
                       std::ranges::range_value_t<Range>&&>;

/// Range: a reference to what the caller has, or the range itself.
template <typename Range, typename Fn>
class concurrent_map {
    using argument = map_argument_t<Range>;
    static constexpr bool by_reference = passes_references<Range>;
    using kept = std::conditional_t<by_reference, std::remove_reference_t<argument>*,
                                    std::ranges::range_value_t<Range>>;

public:
    using result = typename std::invoke_result_t<Fn&, argument>::value_type;
    using results =
        std::conditional_t<std::is_void_v<result>, void, std::vector<std::remove_cvref_t<result>>>;

    concurrent_map(Range&& range, std::size_t limit, Fn&& fn)
        : range_(std::forward<Range>(range)), fn_(std::move(fn)), lanes_(lanes_for(limit)),
          running_(lanes_.size()) {}
    concurrent_map(const concurrent_map&) = delete;
    concurrent_map& operator=(const concurrent_map&) = delete;

    coro<results> run() {
        next_.emplace(std::ranges::begin(range_));
        std::vector<coro<>> bodies;
        bodies.reserve(lanes_.size());
        for (std::size_t i = 0; i != lanes_.size(); ++i) {
            bodies.push_back(run_lane(i));
        }
        const outcome<void> ran = co_await as_result(gather(std::move(bodies)));
        if (error_ != nullptr) {
            if (ran.cancelled() && !is_cancellation(error_)) {
                (co_await own_branch_op()).put_cancel_back();
            }
            std::rethrow_exception(error_);
        }
        ran.value();
        if constexpr (!std::is_void_v<result>) {
            co_return collected();
        }
    }

private:
    struct nothing {};
    using value = std::conditional_t<std::is_void_v<result>, nothing, std::remove_cvref_t<result>>;
    struct item {
        std::size_t index;
        kept element;
    };
    struct mapped {
        std::size_t index;
        value to;
    };
    using lane = std::vector<mapped>; // what one lane has got, in order

    // No more lanes than elements, where their number is known.
    std::vector<lane> lanes_for(std::size_t limit) {
        if constexpr (std::ranges::sized_range<Range>) {
            const auto size = static_cast<std::size_t>(std::ranges::size(range_));
            limit = size < limit ? size : limit;
        }
        return std::vector<lane>(limit);
    }

    coro<> run_lane(std::size_t index) {
        branch& mine = co_await own_branch_op();
        if (!running_.enter(index, mine)) {
            co_return;
        }
        while (!ended()) {
            const outcome<void> step = co_await as_result(map_next(lanes_[index], mine));
            if (!step) {
                fail(index, mine, step.error());
                co_return;
            }
            co_await spend_op();
        }
    }

    coro<> map_next(lane& to, branch& mine) {
        if (mine.take_cancel()) { // `fn` may never suspend
            mine.throw_cancelled();
        }
        std::optional<item> next = take();
        if (!next) {
            co_return;
        }
        if constexpr (std::is_void_v<result>) {
            co_await call(fn_, argument_of(*next));
        } else {
            to.push_back({next->index, co_await call(fn_, argument_of(*next))});
        }
    }

    std::optional<item> take() {
        const std::lock_guard hold(lock_);
        if (ended_ || *next_ == std::ranges::end(range_)) {
            ended_ = true;
            return std::nullopt;
        }
        std::optional<item> next(item{taken_++, element()});
        ++*next_;
        return next;
    }

    kept element() {
        if constexpr (by_reference) {
            return std::addressof(**next_);
        } else {
            return kept(**next_);
        }
    }

    static argument argument_of(item& next) {
        if constexpr (by_reference) {
            return *next.element;
        } else {
            return std::move(next.element);
        }
    }

    [[nodiscard]] bool ended() {
        const std::lock_guard hold(lock_);
        return ended_;
    }

    void fail(std::size_t index, const branch& mine, const std::exception_ptr& error) {
        {
            const std::lock_guard hold(lock_);
            ended_ = true;
        }
        if (running_.stop(index, mine)) {
            error_ = error;
        }
    }

    results collected() {
        std::vector<mapped*> in_order(taken_);
        for (lane& each : lanes_) {
            for (mapped& one : each) {
                in_order[one.index] = &one;
            }
        }
        results out;
        out.reserve(taken_);
        for (mapped* const one : in_order) {
            out.push_back(std::move(one->to));
        }
        return out;
    }

    Range range_;
    Fn fn_;
    std::vector<lane> lanes_;
    siblings running_;
    std::exception_ptr error_; // of the lane that stopped the others
    std::mutex lock_;          // the rest
    std::optional<std::ranges::iterator_t<Range>> next_;
    std::size_t taken_ = 0;
    bool ended_ = false;
};

template <typename Range, typename Fn>
auto map_concurrent_kept(Range range, std::size_t limit, Fn fn)
    -> coro<typename concurrent_map<Range, Fn>::results> {
    concurrent_map<Range, Fn> map(std::forward<Range>(range), limit, std::move(fn));
    co_return co_await map.run();
}

/// Awaits `fn(element)` for each element of `range`, at most `limit` at a time, and gives the
/// results in the order of the elements (nothing if `fn` gives nothing).
///
///     auto pages = co_await eddy::map_concurrent(urls, 10, [&](const std::string& url) {
///         return fetch(url);
///     });
///
/// Elements are taken when their turn comes, so the range may be long, or made on the way. One that
/// is no container in the caller's hands is kept.
/// Suspends: until all have ended: they may refer to the caller's locals.
/// Throws:   the first exception of `fn` or of the range, once the other calls have been cancelled
///           and have ended; std::invalid_argument if `limit` is 0.
/// Cancel:   all calls are cancelled and awaited; then cancelled_error. Results so far are lost.
/// Threads:  `fn` is called on several workers at a time; the range is read by one at a time.
/// Cost:     two frames a lane, of which there are `limit`; one frame and a lock an element.
/// Example:  docs/examples/map_concurrent.cpp
template <std::ranges::input_range Range, typename Fn>
    requires((std::is_lvalue_reference_v<Range> || std::movable<Range>) &&
             coroutine_function<Fn, map_argument_t<Range>>)
[[nodiscard]] auto map_concurrent(Range&& range, std::size_t limit, Fn fn) {
    if (limit == 0) {
        throw std::invalid_argument("map_concurrent: nothing can be done 0 at a time");
    }
    return map_concurrent_kept<Range, Fn>(std::forward<Range>(range), limit, std::move(fn));
}

} // namespace eddy::inline v0
