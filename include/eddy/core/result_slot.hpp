// result_slot.hpp — the result of a coroutine, task or future: nothing yet, a value, or an
// exception.
//
// Threads:    one writer, then readers that are ordered after it.
// Invariants: I1  an error replaces a value, nothing replaces an error; take leaves a value that is
//                 moved from.

#pragma once

#include <eddy/base/assert.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

enum class slot_state : std::uint8_t { empty, value, error };

/// Base of a promise type: return_value, or return_void for void.
template <typename T>
class result_slot {
    static constexpr bool is_reference = std::is_reference_v<T>;
    using stored =
        std::conditional_t<is_reference, std::remove_reference_t<T>*, std::remove_const_t<T>>;

public:
    using lvalue = std::conditional_t<is_reference, T, const T&>;

    result_slot() noexcept {}
    result_slot(const result_slot&) = delete;
    result_slot& operator=(const result_slot&) = delete;
    ~result_slot() {
        if (state_ == slot_state::value) {
            std::destroy_at(std::addressof(value_));
        } else if (state_ == slot_state::error) {
            std::destroy_at(std::addressof(error_));
        }
    }

    template <typename U = T>
        requires(!is_reference && std::constructible_from<T, U>)
    void return_value(U&& value) {
        std::construct_at(std::addressof(value_), std::forward<U>(value));
        state_ = slot_state::value;
    }
    void return_value(T value) noexcept
        requires is_reference
    {
        value_ = std::addressof(value);
        state_ = slot_state::value;
    }

    void set_error(std::exception_ptr error) noexcept {
        EDDY_ASSERT(state_ != slot_state::error);
        if (state_ == slot_state::value) { // a local's destructor threw after co_return
            std::destroy_at(std::addressof(value_));
        }
        std::construct_at(std::addressof(error_), std::move(error));
        state_ = slot_state::error;
    }

    [[nodiscard]] slot_state state() const noexcept { return state_; }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    /// Moves the exception out: for an only reader, whose thread frees it then.
    [[nodiscard]] std::exception_ptr take_error() noexcept { return std::move(error_); }

    /// Moves the value out, or throws the exception.
    T take() {
        check();
        if constexpr (is_reference) {
            return static_cast<T>(*value_);
        } else {
            return std::move(value_);
        }
    }
    /// The value where it is, or throws the exception.
    lvalue get() const {
        check();
        if constexpr (is_reference) {
            return static_cast<T>(*value_);
        } else {
            return value_;
        }
    }

private:
    void check() const {
        if (state_ != slot_state::value) [[unlikely]] {
            EDDY_ASSERT(state_ == slot_state::error);
            std::rethrow_exception(error_);
        }
    }

    union {
        stored value_;             // NOLINT(readability-identifier-naming): members of the class
        std::exception_ptr error_; // NOLINT(readability-identifier-naming)
    };
    slot_state state_ = slot_state::empty;
};

/// Of void: there is an exception or there is not; "empty" looks like "value".
template <>
class result_slot<void> {
public:
    using lvalue = void;

    void return_void() noexcept {}
    void set_error(std::exception_ptr error) noexcept { error_ = std::move(error); }
    [[nodiscard]] slot_state state() const noexcept {
        return error_ == nullptr ? slot_state::value : slot_state::error;
    }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    /// Moves the exception out: for an only reader, whose thread frees it then.
    [[nodiscard]] std::exception_ptr take_error() noexcept { return std::move(error_); }
    void take() const { check(); }
    void get() const { check(); }

private:
    void check() const {
        if (error_ != nullptr) [[unlikely]] {
            std::rethrow_exception(error_);
        }
    }

    std::exception_ptr error_;
};

} // namespace eddy::inline v0
