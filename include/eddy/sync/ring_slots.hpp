// ring_slots.hpp — the storage of a queue: items at positions that only grow, in a ring that grows.
//
// Threads:    none of its own: whoever owns it guards it.
// Memory:     a power of two of slots; what a queue needed once it keeps. Items are destroyed by
//             their owner, who knows where they are.

#pragma once

#include <eddy/base/assert.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

template <typename Item>
class ring_slots {
    static_assert(std::is_nothrow_move_constructible_v<Item>);

public:
    /// Throws: std::bad_alloc.
    explicit ring_slots(std::size_t at_least)
        : slots_(at_least == 0 ? nullptr : allocate(std::bit_ceil(at_least))),
          count_(at_least == 0 ? 0 : std::bit_ceil(at_least)) {}
    ~ring_slots() { free(slots_, count_); }
    ring_slots(const ring_slots&) = delete;
    ring_slots& operator=(const ring_slots&) = delete;

    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    void swap(ring_slots& other) noexcept {
        std::swap(slots_, other.slots_);
        std::swap(count_, other.count_);
    }

    void put(std::uint64_t position, Item&& item) noexcept {
        std::construct_at(slot(position), std::move(item));
    }

    [[nodiscard]] Item take(std::uint64_t position) noexcept {
        Item* const from = slot(position);
        Item item(std::move(*from));
        std::destroy_at(from);
        return item;
    }

    /// Doubles the ring, which has items at [first, last). Throws: std::bad_alloc, and nothing has
    /// changed.
    void grow(std::uint64_t first, std::uint64_t last) {
        const std::size_t more = count_ == 0 ? slots_min : 2 * count_;
        Item* const moved = allocate(more);
        for (std::uint64_t at = first; at != last; ++at) {
            std::construct_at(moved + (at & (more - 1)), take(at));
        }
        free(std::exchange(slots_, moved), std::exchange(count_, more));
    }

private:
    static constexpr std::size_t slots_min = 16;

    static Item* allocate(std::size_t count) { return std::allocator<Item>().allocate(count); }
    static void free(Item* slots, std::size_t count) noexcept {
        if (slots != nullptr) {
            std::allocator<Item>().deallocate(slots, count);
        }
    }
    Item* slot(std::uint64_t position) const noexcept {
        EDDY_ASSERT(count_ != 0);
        return slots_ + (position & (count_ - 1));
    }

    Item* slots_;
    std::size_t count_;
};

} // namespace eddy::inline v0
