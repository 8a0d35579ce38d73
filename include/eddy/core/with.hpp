// with.hpp — a resource for the time of a body: entered before it and left after it, and both may
// await. What a destructor cannot do.
//
//     struct session {
//         eddy::coro<> async_enter();                     // or coro<X>: then the body gets an X&
//         eddy::coro<> async_exit(std::exception_ptr);    // or coro<suppress>
//     };
//     co_await eddy::with(session(), [](session& s) -> eddy::coro<> { co_await s.work(); });
//
// Cancel:     a cancel is an exception in the body; then async_exit runs, and its awaits work.
// Invariants: I1  async_exit runs once if async_enter returned, and not otherwise.
//             I2  no cancel is pending when it begins: one that came in the body's last step waits
//                 until it has ended.
// Design:     docs/design/with.md

#pragma once

#include <eddy/core/async_generator.hpp>
#include <eddy/core/async_iterable.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/coroutine_function.hpp>
#include <eddy/core/own_branch.hpp>
#include <eddy/core/result_slot.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// What an async_exit of type coro<suppress> says of the exception it was given.
enum class suppress : bool { no, yes };

// -- entering and leaving --

/// The awaitable that begins `resource`: its async_enter(), or nothing if it has only an aclose().
template <typename R>
[[nodiscard]] auto enter_resource(R& resource) {
    if constexpr (requires { resource.async_enter(); }) {
        static_assert(awaitable<decltype(resource.async_enter())>,
                      "async_enter must be a coroutine: coro<>, or coro<X> to give the body an X&");
        return resource.async_enter();
    } else {
        static_assert(async_closable<R>,
                      "with() needs a resource with async_enter() and async_exit(exception_ptr), "
                      "or with an aclose()");
        return skip_op();
    }
}

/// The awaitable that ends `resource`.
template <typename R>
[[nodiscard]] auto exit_resource(R& resource, const std::exception_ptr& error) {
    if constexpr (requires { resource.async_exit(error); }) {
        using call = decltype(resource.async_exit(error));
        static_assert(awaitable<call>, "async_exit must be a coroutine: coro<>");
        using result = await_result_t<call>;
        static_assert(!awaitable<result>,
                      "async_exit gives what has to be awaited itself, and nobody would: co_await "
                      "it in there and return coro<>");
        static_assert(std::is_void_v<result> || std::same_as<result, suppress>,
                      "async_exit gives nothing; to swallow the exception it must say so: "
                      "coro<suppress>");
        return resource.async_exit(error);
    } else {
        static_assert(async_closable<R>, "a resource that is entered needs an "
                                         "async_exit(std::exception_ptr)");
        return resource.aclose();
    }
}

/// What async_enter gives.
template <typename R>
using entered_t = await_result_t<decltype(enter_resource(std::declval<R&>()))>;
/// What the body is called with: what async_enter gives, the resource if that is nothing.
template <typename R>
using body_argument_t =
    std::conditional_t<std::is_void_v<entered_t<R>>, R, std::remove_reference_t<entered_t<R>>>&;
template <typename R>
inline constexpr bool may_suppress =
    std::same_as<await_result_t<decltype(exit_resource(std::declval<R&>(), std::exception_ptr()))>,
                 suppress>;

/// Enters a resource and gives what the body is called with.
template <typename R>
class enter_op {
    using call = decltype(enter_resource(std::declval<R&>()));

public:
    explicit enter_op(R& resource)
        : resource_(resource), kept_(enter_resource(resource)),
          inner_(awaiter_for(std::move(kept_))) {}
    enter_op(const enter_op&) = delete;
    enter_op& operator=(const enter_op&) = delete;

    bool await_ready() { return inner_.await_ready(); }
    auto await_suspend(promise_base& promise) { return inner_.suspend(promise); }
    decltype(auto) await_resume() {
        if constexpr (std::is_void_v<entered_t<R>>) {
            inner_.await_resume();
            return (resource_);
        } else {
            return inner_.await_resume();
        }
    }

private:
    R& resource_;
    call kept_;
    decltype(awaiter_for(std::declval<call>())) inner_;
};

// -- exceptions that meet --

/// Reports that nobody will see `lost`, since `by` is thrown in its stead; not if `lost` is a
/// cancel, or the same exception.
EDDY_API void report_replaced(const std::exception_ptr& lost,
                              const std::exception_ptr& by) noexcept;
/// Reports that a cleanup given at `site` never ran.
EDDY_API void report_cleanup_skipped(std::source_location site) noexcept;

/// A cleanup that has to run: reported if it never begins.
class cleanup_guard {
public:
    explicit cleanup_guard(std::source_location site) noexcept : site_(site) {}
    cleanup_guard(const cleanup_guard&) = delete;
    cleanup_guard& operator=(const cleanup_guard&) = delete;
    ~cleanup_guard() {
        if (!begun_) [[unlikely]] {
            report_cleanup_skipped(site_);
        }
    }
    void begin() noexcept { begun_ = true; }

private:
    std::source_location site_;
    bool begun_ = false;
};

/// Leaves `resource`. Gives whether `error` is to be dropped. Throws: what async_exit throws.
template <typename R>
coro<suppress> leave_resource(R& resource, const std::exception_ptr& error) {
    const held_cancel held(co_await own_branch_op());
    suppress verdict = suppress::no;
    try {
        if constexpr (may_suppress<R>) {
            verdict = co_await exit_resource(resource, error);
        } else {
            co_await exit_resource(resource, error);
        }
    } catch (...) {
        report_replaced(error, std::current_exception());
        throw;
    }
    co_return verdict;
}

// -- with --

template <typename R, typename T>
using with_result_t = std::conditional_t<may_suppress<R> && !std::is_void_v<T>,
                                         std::optional<std::remove_cvref_t<T>>, T>;

/// With a body that is a coro. R is a reference if the resource lives elsewhere.
template <typename T, typename R, typename Body>
coro<with_result_t<std::remove_reference_t<R>, T>> with_coro(R resource, Body body) {
    using kind = std::remove_reference_t<R>;
    auto&& entered = co_await enter_op<kind>(resource);
    result_slot<T> result;
    std::exception_ptr error;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await eddy::call(body, entered);
        } else {
            result.return_value(co_await eddy::call(body, entered));
        }
    } catch (...) {
        error = std::current_exception();
    }
    const suppress verdict = co_await leave_resource<kind>(resource, error);
    if (error != nullptr && verdict == suppress::no) {
        std::rethrow_exception(std::move(error));
    }
    if constexpr (std::is_void_v<T>) {
        co_return;
    } else if constexpr (may_suppress<kind>) {
        if (error != nullptr) {
            co_return std::nullopt;
        }
        co_return result.take();
    } else {
        co_return result.take();
    }
}

/// With a body that is an async_generator: its items, in the time of the resource.
template <typename T, typename R, typename Body>
async_generator<T> with_items(R resource, Body body, std::source_location site) {
    using kind = std::remove_reference_t<R>;
    auto&& entered = co_await enter_op<kind>(resource);
    cleanup_guard cleanup(site);
    std::exception_ptr error;
    {
        std::optional<async_generator<T>> items;
        try {
            items.emplace(eddy::call(body, entered));
            while (auto item = co_await items->next()) {
                co_yield *std::move(item);
            }
        } catch (...) { // generator_exit too
            error = std::current_exception();
        }
        cleanup.begin();
        const held_cancel held(co_await own_branch_op());
        if (items.has_value()) {
            try {
                co_await items->aclose();
            } catch (...) {
                report_replaced(error, std::current_exception());
                error = std::current_exception();
            }
        }
    }
    const suppress verdict = co_await leave_resource<kind>(resource, error);
    if (error != nullptr && verdict == suppress::no) {
        std::rethrow_exception(std::move(error));
    }
}

template <typename B>
inline constexpr bool is_async_generator = false;
template <typename T>
inline constexpr bool is_async_generator<async_generator<T>> = true;

/// Enters `resource`, runs `body`, a coroutine that is called with the resource or what async_enter
/// gives, leaves the resource, and gives the body's result.
///
/// The resource is moved in, or referred to if it has a name: then it must outlive the await. One
/// that has just an `aclose()`, as an async_generator has, is closed after the body. If the body is
/// an async_generator, so is the whole: it is entered with the first item, and left at the end or
/// by aclose().
///
/// Throws: what async_enter throws, and then neither the body nor async_exit runs; what the body
///         throws, after async_exit, which was given it. An exception of async_exit replaces that
///         one, which is reported (on_unhandled). Only an async_exit of type coro<suppress> can
///         drop an exception; then a body of type coro<T> gives std::optional<T>.
/// Cancel: reaches what the body waits for; async_exit runs then, and what it awaits is not
///         cancelled by that request. Another cancel, while async_exit waits, reaches what it waits
///         for. One that comes when the body is just ending stays pending and loses no result.
/// Example: docs/examples/g15_with.cpp
template <typename R, typename Body>
[[nodiscard]] auto with(R&& resource, Body body,
                        std::source_location site = std::source_location::current()) {
    using argument = body_argument_t<std::remove_reference_t<R>>;
    static_assert(std::invocable<Body&, argument>,
                  "the body of with() is called with the resource, or what its async_enter gives");
    using called = std::invoke_result_t<Body&, argument>;
    if constexpr (is_async_generator<called>) {
        return with_items<typename called::value_type, R, Body>(std::forward<R>(resource),
                                                                std::move(body), site);
    } else {
        static_assert(is_coro<called>,
                      "the body of with() must be a coroutine: [](auto& r) -> eddy::coro<> { … }");
        return with_coro<typename called::value_type, R, Body>(std::forward<R>(resource),
                                                               std::move(body));
    }
}

} // namespace eddy::inline v0
