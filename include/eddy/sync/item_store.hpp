// item_store.hpp — in which order a queue gives its items: first in first out, last in first out,
// or the smallest first.
//
// Threads:    none of its own: the queue's lock guards it.
// Memory:     grows by doubling and does not shrink.
// Invariants: I1  what throws (memory, a comparison) throws before anything has changed.

#pragma once

#include <eddy/sync/ring_slots.hpp>
#include <eddy/sync/stored_item.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// The items lie in a ring.
template <typename T>
class ring_store {
public:
    using value_type = T;
    using item = stored_item<T>;

    explicit ring_store(std::size_t room) : slots_(room) {}
    ~ring_store() {
        while (size() != 0) {
            (void)slots_.take(first_++);
        }
    }
    ring_store(const ring_store&) = delete;
    ring_store& operator=(const ring_store&) = delete;

    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(last_ - first_);
    }
    void swap(ring_store& other) noexcept {
        slots_.swap(other.slots_);
        std::swap(first_, other.first_);
        std::swap(last_, other.last_);
    }
    void put(item&& added) {
        make_room();
        slots_.put(last_++, std::move(added));
    }

protected:
    item take_first() noexcept { return slots_.take(first_++); }
    item take_last() noexcept { return slots_.take(--last_); }
    void put_first(item&& added) {
        make_room();
        slots_.put(--first_, std::move(added));
    }

private:
    void make_room() {
        if (size() == slots_.count()) [[unlikely]] {
            slots_.grow(first_, last_);
        }
    }

    ring_slots<item> slots_;
    std::uint64_t first_ = 0;
    std::uint64_t last_ = 0;
};

template <typename T>
class fifo_store : public ring_store<T> {
public:
    using ring_store<T>::ring_store;

    [[nodiscard]] stored_item<T> take() noexcept { return this->take_first(); }
    void put_back(stored_item<T>&& taken) { this->put_first(std::move(taken)); }
};

template <typename T>
class lifo_store : public ring_store<T> {
public:
    using ring_store<T>::ring_store;

    [[nodiscard]] stored_item<T> take() noexcept { return this->take_last(); }
    void put_back(stored_item<T>&& taken) { this->put(std::move(taken)); }
};

/// A binary heap. Of equal items the one that was put first comes first.
template <typename T, std::strict_weak_order<const T&, const T&> Less>
class priority_store {
public:
    using value_type = T;
    using item = stored_item<T>;

    explicit priority_store(std::size_t room) { heap_.reserve(room); }

    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
    void swap(priority_store& other) noexcept { heap_.swap(other.heap_); }

    void put(item&& added) {
        put_as(std::move(added), newest_);
        ++newest_;
    }
    /// It comes before its equals, as it did when it was taken.
    void put_back(item&& taken) {
        put_as(std::move(taken), oldest_ - 1);
        --oldest_;
    }

    [[nodiscard]] item take() {
        const way down = way_of_last();
        item first = std::move(heap_.front().what);
        entry last = std::move(heap_.back());
        heap_.pop_back();
        if (!heap_.empty()) {
            std::size_t hole = 0;
            for (unsigned level = 0; level != down.levels; ++level) {
                const std::size_t child = child_of(hole, down, level);
                heap_[hole] = std::move(heap_[child]);
                hole = child;
            }
            heap_[hole] = std::move(last);
        }
        return first;
    }

private:
    struct entry {
        item what;
        std::uint64_t order;
    };
    struct way {
        unsigned levels = 0;
        std::uint64_t right = 0; // a bit for each level: whether it goes to the right
    };
    static std::size_t child_of(std::size_t place, const way& down, unsigned level) noexcept {
        return 2 * place + 1 + (down.right >> level & 1U);
    }

    bool before(item& a, std::uint64_t a_order, entry& b) {
        const T& mine = item_in<T>(a);
        const T& other = item_in<T>(b.what);
        return less_(mine, other) || (a_order < b.order && !less_(other, mine));
    }

    // The first place becomes free; gives the way down from it to where the last entry fits.
    way way_of_last() {
        way down;
        entry& last = heap_.back();
        const std::size_t count = heap_.size() - 1;
        for (std::size_t hole = 0; 2 * hole + 1 < count; ++down.levels) {
            const std::size_t left = 2 * hole + 1;
            const bool right = left + 1 < count &&
                               before(heap_[left + 1].what, heap_[left + 1].order, heap_[left]);
            down.right |= std::uint64_t{right} << down.levels;
            hole = left + (right ? 1 : 0);
            if (!before(heap_[hole].what, heap_[hole].order, last)) {
                break;
            }
        }
        return down;
    }

    void put_as(item&& added, std::uint64_t order) {
        if (heap_.size() == heap_.capacity()) {
            heap_.reserve(heap_.empty() ? room_min : 2 * heap_.size());
        }
        std::size_t place = heap_.size();
        while (place != 0 && before(added, order, heap_[parent_of(place)])) {
            place = parent_of(place);
        }
        heap_.push_back(entry{std::move(added), order});
        for (std::size_t at = heap_.size() - 1; at != place; at = parent_of(at)) {
            std::swap(heap_[at], heap_[parent_of(at)]);
        }
    }
    static std::size_t parent_of(std::size_t place) noexcept { return (place - 1) / 2; }

    static constexpr std::size_t room_min = 16;

    [[no_unique_address]] Less less_;
    std::vector<entry> heap_;
    std::uint64_t oldest_ = std::uint64_t{1} << 63U;
    std::uint64_t newest_ = oldest_;
};

} // namespace eddy::inline v0
