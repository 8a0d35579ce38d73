// awaitable.hpp — what can be awaited in an eddy coroutine, and how each kind becomes an awaiter.
//
// Four kinds: an awaiter of eddy's own, await_suspend(promise_base&), which knows the branch;
// something whose operator co_await gives one (task, future); a coro, awaited once as an rvalue;
// and any other C++ awaitable, which is awaited on a small coroutine of its own and resumes the
// branch on a worker, whichever thread completes it.

#pragma once

#include <concepts>
#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

class promise_base;
template <typename T>
class coro;

/// An awaiter of eddy's own: suspends a coroutine by its promise.
template <typename A>
concept native_awaiter = requires(A& a, promise_base& promise) {
    a.await_ready();
    a.await_suspend(promise);
    a.await_resume();
};

template <typename A>
concept native_awaitable = requires(A&& a) {
    { std::forward<A>(a).operator co_await() } -> native_awaiter;
};

template <typename A>
inline constexpr bool is_coro = false;
template <typename T>
inline constexpr bool is_coro<coro<T>> = true;

template <typename A>
concept standard_awaiter = requires(A& a, std::coroutine_handle<> waiter) {
    { a.await_ready() } -> std::convertible_to<bool>;
    a.await_suspend(waiter);
    a.await_resume();
};

template <typename A>
concept foreign_awaitable = standard_awaiter<std::remove_reference_t<A>> || requires(A&& a) {
    { std::forward<A>(a).operator co_await() } -> standard_awaiter;
} || requires(A&& a) {
    { operator co_await(std::forward<A>(a)) } -> standard_awaiter;
};

/// Anything that can stand behind co_await in an eddy coroutine.
template <typename A>
concept awaitable = is_coro<std::remove_cvref_t<A>> || native_awaiter<std::remove_reference_t<A>> ||
                    native_awaitable<A> || foreign_awaitable<A>;

/// Lets the compiler await a native awaiter that lives elsewhere.
template <typename Op>
class op_ref {
public:
    explicit op_ref(Op& op) noexcept : op_(&op) {}
    bool await_ready() { return op_->await_ready(); }
    template <std::derived_from<promise_base> Promise>
    [[gnu::always_inline]] auto await_suspend(std::coroutine_handle<Promise> waiter) {
        return suspend(static_cast<promise_base&>(waiter.promise()));
    }
    [[gnu::always_inline]] auto suspend(promise_base& promise) {
        return op_->await_suspend(promise);
    }
    [[gnu::always_inline]] decltype(auto) await_resume() { return op_->await_resume(); }

private:
    Op* op_;
};

/// Lets the compiler await a native awaiter that it keeps.
template <typename Op>
class op_holder {
public:
    template <typename... Args>
    explicit op_holder(Args&&... args) : op_(std::forward<Args>(args)...) {}
    bool await_ready() { return op_.await_ready(); }
    template <std::derived_from<promise_base> Promise>
    [[gnu::always_inline]] auto await_suspend(std::coroutine_handle<Promise> waiter) {
        return suspend(static_cast<promise_base&>(waiter.promise()));
    }
    [[gnu::always_inline]] auto suspend(promise_base& promise) {
        return op_.await_suspend(promise);
    }
    [[gnu::always_inline]] decltype(auto) await_resume() { return op_.await_resume(); }

private:
    Op op_;
};

/// Becomes the awaiter of `awaited` where one is constructed from it: without a move.
template <typename A>
struct made_by {
    A&& awaited;
    explicit made_by(A&& of) noexcept : awaited(std::forward<A>(of)) {}
    operator decltype(std::declval<A>().operator co_await())() const {
        return std::forward<A>(awaited).operator co_await();
    }
};

template <typename A>
class foreign_op;
template <typename T>
class coro_op;

template <typename A>
inline constexpr bool always_false = false;

/// The native awaiter of `awaited`, as a value or an op_ref: what as_result and gather build on.
template <typename A>
auto awaiter_for(A&& awaited) {
    using value = std::remove_cvref_t<A>;
    if constexpr (is_coro<value>) {
        static_assert(
            !std::is_lvalue_reference_v<A>,
            "a coro is awaited once and used up: co_await std::move(c), or make it a task");
        return op_holder<coro_op<typename value::value_type>>(std::forward<A>(awaited));
    } else if constexpr (native_awaiter<value>) {
        return op_ref<std::remove_reference_t<A>>(awaited);
    } else if constexpr (native_awaitable<A>) {
        using op = decltype(std::forward<A>(awaited).operator co_await());
        return op_holder<op>(made_by<A>{std::forward<A>(awaited)});
    } else {
        static_assert(foreign_awaitable<A>, "this type cannot be awaited");
        return op_holder<foreign_op<A>>(std::forward<A>(awaited));
    }
}

/// What `co_await a` gives.
template <typename A>
using await_result_t = decltype(awaiter_for(std::declval<A>()).await_resume());

} // namespace eddy::inline v0
