// stored_item.hpp — an item as a queue keeps it: something that moves without throwing.
//
// Memory:     a T whose move may throw, or that cannot be assigned, lies in a block of its own,
//             which is allocated before it is put.

#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// What can be in a queue: a type of objects that can be moved.
template <typename T>
concept queueable = std::is_object_v<T> && !std::is_const_v<T> && std::move_constructible<T>;

template <typename T>
inline constexpr bool stored_apart =
    !std::is_nothrow_move_constructible_v<T> || !std::is_nothrow_move_assignable_v<T>;

template <typename T>
using stored_item = std::conditional_t<stored_apart<T>, std::unique_ptr<T>, T>;

/// Throws: what the constructor of T throws; std::bad_alloc for a T that is stored apart.
template <typename T, typename From>
stored_item<T> store_item(From&& item) {
    if constexpr (stored_apart<T>) {
        return std::make_unique<T>(std::forward<From>(item));
    } else {
        return T(std::forward<From>(item));
    }
}

/// The item in `stored`.
template <typename T>
T& item_in(stored_item<T>& stored) noexcept {
    if constexpr (stored_apart<T>) {
        return *stored;
    } else {
        return stored;
    }
}

} // namespace eddy::inline v0
