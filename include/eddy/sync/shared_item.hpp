// shared_item.hpp — an item that many get a copy of, each made outside of the lock it lies under.
//
// Memory:     small plain values as they are; others in a block with a count of who has them.

#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// What can be announced: a type of objects that can be copied.
template <typename T>
concept announceable = std::is_object_v<T> && !std::is_const_v<T> && std::copy_constructible<T>;

template <announceable T>
class shared_item {
    static constexpr std::size_t plain_bytes_max = 64;
    static constexpr bool plain = std::is_trivially_copyable_v<T> && std::is_copy_assignable_v<T> &&
                                  sizeof(T) <= plain_bytes_max;
    using kept = std::conditional_t<plain, T, std::shared_ptr<const T>>;

public:
    /// Throws: what the constructor of T throws; std::bad_alloc.
    template <typename From>
    static shared_item of(From&& what) {
        if constexpr (plain) {
            return shared_item(T(std::forward<From>(what)));
        } else {
            return shared_item(std::make_shared<const T>(std::forward<From>(what)));
        }
    }

    [[nodiscard]] const T& get() const noexcept {
        if constexpr (plain) {
            return kept_;
        } else {
            return *kept_;
        }
    }

private:
    explicit shared_item(kept what) noexcept : kept_(std::move(what)) {}

    kept kept_;
};

} // namespace eddy::inline v0
