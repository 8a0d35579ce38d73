// gather_settled.hpp — a gather in which every one may fail: gives what became of each.

#pragma once

#include <eddy/core/gather.hpp>
#include <eddy/core/outcome.hpp>

#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// For gather_settled: awaits what it keeps as an A, and never throws.
template <typename A, typename Kept>
coro<outcome<await_result_t<A>>> settle_kept(Kept awaited) {
    co_return co_await as_result(static_cast<A&&>(awaited));
}
template <awaitable A>
auto settle(A&& awaited) {
    using value = std::remove_cvref_t<A>;
    static_assert(!is_coro<value> || !std::is_lvalue_reference_v<A>,
                  "a coro is used up by gather_settled: gather_settled(std::move(c), …)");
    if constexpr (is_coro<value>) {
        if (!awaited.valid()) {
            throw_empty_coro();
        }
    }
    using kept = std::conditional_t<is_handle<value>, value, A>;
    return settle_kept<A, kept>(std::forward<A>(awaited));
}

/// Awaits all at the same time, as gather, and gives a tuple of outcomes; asyncio's
/// gather(…, return_exceptions=True).
///
///     auto [page, image] = co_await eddy::gather_settled(fetch(a), fetch(b));
///     if (page.has_value()) { show(*page); }
///
/// Suspends: until all have ended, also the tasks among them.
/// Throws:   std::invalid_argument for an empty coro; no exception of what it awaits.
/// Cancel:   all are cancelled, tasks too, and awaited; then cancelled_error.
template <awaitable... As>
    requires(sizeof...(As) > 0)
[[nodiscard]] auto gather_settled(As&&... awaited) {
    return gather(settle(std::forward<As>(awaited))...);
}

/// The same for a range: gives a vector of the outcomes.
template <awaitable A>
[[nodiscard]] auto gather_settled(std::vector<A> awaited) {
    std::vector<decltype(settle(std::declval<A>()))> settled;
    settled.reserve(awaited.size());
    for (A& each : awaited) {
        settled.push_back(settle(std::move(each)));
    }
    return gather(std::move(settled));
}

} // namespace eddy::inline v0
