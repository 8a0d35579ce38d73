// outcome.hpp — the result of an await as a value: what came, or why nothing came. C++ cannot
// co_await in a catch.

#pragma once

#include <eddy/core/awaitable.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/core/promise.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// A value or an exception. T as the await gives it: void, a reference, a value.
template <typename T>
class [[nodiscard]] outcome {
    using stored = std::conditional_t<
        std::is_void_v<T>, bool,
        std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

public:
    explicit outcome(std::exception_ptr error) noexcept : error_(std::move(error)) {}
    template <typename U = stored>
        requires(!std::is_same_v<std::remove_cvref_t<U>, outcome> &&
                 !std::is_same_v<std::remove_cvref_t<U>, std::exception_ptr>)
    explicit outcome(U&& value) : value_(std::forward<U>(value)) {}

    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    /// The exception, null if there is a value.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    /// Whether the exception is a cancelled_error.
    [[nodiscard]] bool cancelled() const noexcept { return is_cancellation(error_); }
    /// Whether the exception is an E or derived from it.
    template <typename E>
    [[nodiscard]] bool holds() const noexcept {
        if (error_ == nullptr) {
            return false;
        }
        try {
            std::rethrow_exception(error_);
        } catch (const E&) {
            return true;
        } catch (...) {
            return false;
        }
    }

    /// The value, moved out of a temporary. Throws: the exception.
    decltype(auto) value() & { return access(*this); }
    decltype(auto) value() const& { return access(*this); }
    decltype(auto) value() && {
        check();
        if constexpr (std::is_void_v<T>) {
            return;
        } else if constexpr (std::is_reference_v<T>) {
            return static_cast<T>(**value_);
        } else {
            return T(std::move(*value_));
        }
    }
    decltype(auto) operator*() & { return value(); }
    decltype(auto) operator*() const& { return value(); }
    decltype(auto) operator*() && { return std::move(*this).value(); }
    auto* operator->()
        requires(!std::is_void_v<T>)
    {
        return std::addressof(value());
    }
    auto* operator->() const
        requires(!std::is_void_v<T>)
    {
        return std::addressof(value());
    }

private:
    void check() const {
        if (error_ != nullptr) {
            std::rethrow_exception(error_);
        }
    }
    template <typename Self>
    static decltype(auto) access(Self& self) {
        self.check();
        if constexpr (std::is_void_v<T>) {
            return;
        } else if constexpr (std::is_reference_v<T>) {
            return static_cast<T>(**self.value_);
        } else {
            return (*self.value_);
        }
    }

    std::exception_ptr error_;
    std::optional<stored> value_;
};

/// Awaits what it was made of, and never throws.
template <typename A>
class as_result_op {
    using result = await_result_t<A>;
    using awaiter = decltype(awaiter_for(std::declval<A>()));

public:
    explicit as_result_op(A&& awaited) : inner_(awaiter_for(std::forward<A>(awaited))) {}
    as_result_op(const as_result_op&) = delete;
    as_result_op& operator=(const as_result_op&) = delete;

    bool await_ready() { return inner_.await_ready(); }
    auto await_suspend(promise_base& promise) { return inner_.suspend(promise); }
    outcome<result> await_resume() noexcept {
        try {
            if constexpr (std::is_void_v<result>) {
                inner_.await_resume();
                return outcome<result>(true);
            } else if constexpr (std::is_reference_v<result>) {
                return outcome<result>(std::addressof(inner_.await_resume()));
            } else {
                return outcome<result>(inner_.await_resume());
            }
        } catch (...) {
            return outcome<result>(std::current_exception());
        }
    }

private:
    awaiter inner_;
};

/// What as_result gives: keeps the awaitable until it is awaited.
template <typename A>
class as_result_call {
public:
    explicit as_result_call(A&& awaited) : kept_(std::forward<A>(awaited)) {}
    as_result_op<A> operator co_await() && { return as_result_op<A>(std::forward<A>(kept_)); }

private:
    A kept_; // a reference if A is one
};

/// `co_await as_result(x)` gives an outcome of what `co_await x` gives, and throws nothing.
///
/// Throws: for an empty coro or handle, as co_await x does: there is nothing to await.
/// Cancel: as x; the cancelled_error is in the outcome.
template <awaitable A>
[[nodiscard]] auto as_result(A&& awaited) {
    return as_result_call<A>(std::forward<A>(awaited));
}

} // namespace eddy::inline v0
