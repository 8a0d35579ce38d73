// coroutine_function.hpp — functions that give a coro, called and kept while it runs; and what else
// can be awaited, made a coro.

#pragma once

#include <eddy/core/coro.hpp>

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

template <typename Fn, typename... Args>
concept coroutine_function =
    requires(Fn& fn, Args&... args) { requires is_coro<std::invoke_result_t<Fn&, Args&&...>>; };

/// std::invoke, which <functional> has and much else.
template <typename Fn, typename... Args>
std::invoke_result_t<Fn&, Args&&...> call(Fn& fn, Args&&... args) {
    return std::apply(fn, std::forward_as_tuple(std::forward<Args>(args)...));
}

/// Keeps `fn` and `args` in its frame while the coroutine they make runs.
template <typename Fn, typename... Args>
std::invoke_result_t<Fn&, Args&&...> call_and_keep(Fn fn, Args... args) {
    co_return co_await call(fn, std::move(args)...);
}

/// The coroutine that keeps copies of `fn` and `args`.
template <typename Fn, typename... Args>
auto kept_call(Fn&& fn, Args&&... args) {
    return call_and_keep<std::decay_t<Fn>, std::decay_t<Args>...>(std::forward<Fn>(fn),
                                                                  std::forward<Args>(args)...);
}

/// Calls `fn(args...)`, which the caller keeps, and awaits what it makes: an exception of the call
/// itself comes out of the await too.
template <typename Fn, typename... Args>
std::invoke_result_t<Fn&, Args&...> call_and_await(Fn& fn, Args&... args) {
    co_return co_await call(fn, args...);
}

/// What can be awaited, is no coro, and can be kept: sleep(1s), a future that is moved.
template <typename A>
concept keepable_awaitable =
    !std::is_reference_v<A> && !is_coro<A> && awaitable<A> && std::move_constructible<A>;

/// The coroutine that keeps `awaited` and gives what awaiting it gives.
template <keepable_awaitable A>
coro<std::remove_cvref_t<await_result_t<A>>> await_and_keep(A awaited) {
    co_return co_await std::move(awaited);
}

} // namespace eddy::inline v0
