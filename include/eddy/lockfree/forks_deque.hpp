// forks_deque.hpp — a split deque: the owner works on the bottom end, all others steal the top.
//
// Items [top, split) are public, [split, bottom) private. While the public part is not empty, push
// and pop are plain loads and stores: no fence, no read-modify-write.
//
// Threads:    push, pop, pop_if, empty: the owner only.  steal, has_public_hint: any thread.
// Progress:   steal and pop are lock-free; push is wait-free unless it grows the ring.
// Memory:     old rings are kept until the deque dies; together they are smaller than the newest.
// Invariants: I1  top_ only grows; top_ <= own_.split <= own_.bottom between calls of the owner.
//             I2  nobody but the owner takes an item of [own_.split, own_.bottom).
//             I3  only the owner writes split_, ring_, the slots and own_.
//             I4  after a push the public part is not empty, unless thieves have emptied it since.
// Pairs:      P1  split_: publish, take_back -> steal: who sees item i public sees its content
//             P2  top_: steal, pop_last -> push, pop: a slot is reused only after it has been read
//             P3  split_ then top_ (take_back)  vs  top_ then split_ (steal), all seq_cst:
//                 a thief that the owner has not seen sees what the owner took back
//             P4  ring_: use -> steal: a thief sees the slots copied into the ring it uses
// Design:     docs/design/forks_deque.md

#pragma once

#include <eddy/base/atomic.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

enum class steal_miss : unsigned char {
    none,
    empty,    // nothing public
    lost_race // another thread took the item first; there may be more
};

template <typename T>
struct steal_result {
    T* value = nullptr;
    steal_miss miss = steal_miss::none;
};

template <typename T, typename Sync = native_sync>
class forks_deque {
public:
    static constexpr std::size_t capacity_default = 256;

    /// A deque that grows when it holds more than `capacity` items (rounded up to a power of two).
    explicit forks_deque(std::size_t capacity = capacity_default);

    forks_deque(const forks_deque&) = delete;
    forks_deque& operator=(const forks_deque&) = delete;

    // -- owner only --

    /// Adds `item` at the bottom. True: it published items, because the public part was empty.
    ///
    /// Throws: std::bad_alloc when it has to grow and cannot; then nothing has changed.
    [[gnu::always_inline]] bool push(T* item) {
        const std::int64_t top = top_.load(acquire); // P2
        if (top == own_.dry_at || own_.bottom == own_.limit) [[unlikely]] {
            return push_slow(item, top);
        }
        place(item);
        return false;
    }

    /// Takes the bottom item if it is `item`. False: it is not there, so it was stolen.
    [[gnu::always_inline]] bool pop_if(T* item) noexcept {
        if (bottom_item() != item) {
            return false;
        }
        if (own_.bottom == own_.split) [[unlikely]] {
            return pop_public() != nullptr;
        }
        drop_private();
        return true;
    }

    /// Takes the bottom item; nullptr if the deque is empty.
    T* pop() noexcept {
        if (own_.bottom == own_.split) {
            return empty() ? nullptr : pop_public();
        }
        T* item = bottom_item();
        drop_private();
        return item;
    }

    /// From now on nothing is published, since nobody steals: only before the first push.
    void keep_private() noexcept { own_.dry_at = -1; }

    bool empty() const noexcept {
        return top_.load(acquire) == own_.bottom; // P2
    }

    // -- any thread --

    /// Takes the oldest public item.
    steal_result<T> steal() noexcept;

    bool has_public_hint() const noexcept {
        return top_.load(relaxed) < split_.load(relaxed); // hint: steal() decides
    }

    /// Grows with every item that leaves through the top: while it does not change, the oldest item
    /// is still there.
    std::int64_t age_hint() const noexcept {
        return top_.load(relaxed); // hint: steal() decides
    }

private:
    using slot = typename Sync::template atomic<T*>;

    static_assert(std::is_trivially_destructible_v<slot>); // free_slots runs no destructors

    struct free_slots {
        void operator()(slot* slots) const noexcept {
            ::operator delete[](slots, std::align_val_t{line_bytes});
        }
    };

    // Its lines are its own: neighbours on the heap would make them travel.
    struct alignas(line_bytes) ring {
        explicit ring(std::size_t capacity)
            : mask(static_cast<std::int64_t>(capacity) - 1),
              slots(new(std::align_val_t{line_bytes}) slot[capacity]()) {}

        slot& at(std::int64_t index) noexcept {
            return slots[static_cast<std::size_t>(index & mask)];
        }

        const std::int64_t mask;
        const std::unique_ptr<slot[], free_slots> slots;
        std::unique_ptr<ring> older;
    };

    // What push and pop touch, on a line of its own.
    struct owned {
        slot* slots = nullptr;
        std::int64_t mask = 0;
        std::int64_t bottom = 0;
        std::int64_t split = 0;  // what split_ holds
        std::int64_t dry_at = 0; // publish when top_ is here: equal to split, or never reached
        std::int64_t limit = 0;  // there is room in the ring while bottom is below it
        std::unique_ptr<ring> newest;
    };

    slot& own_slot(std::int64_t index) noexcept {
        return own_.slots[static_cast<std::size_t>(index & own_.mask)];
    }

    // On an empty deque: whatever was there last; then pop_public finds nothing.
    T* bottom_item() noexcept {
        return own_slot(own_.bottom - 1).load(relaxed); // own: slots
    }

    void place(T* item) noexcept {
        own_slot(own_.bottom).store(item, relaxed); // own: slots; P1 carries it to the thieves
        ++own_.bottom;
    }

    void drop_private() noexcept {
        --own_.bottom;
        if (top_.load(acquire) == own_.dry_at) [[unlikely]] { // P2
            share_half();
        }
    }

    void use(std::unique_ptr<ring> newest) noexcept;
    [[gnu::cold, gnu::noinline]] bool push_slow(T* item, std::int64_t top);
    [[gnu::cold, gnu::noinline]] void share_half() noexcept;
    void publish(std::int64_t count) noexcept;
    [[gnu::cold, gnu::noinline]] T* pop_public() noexcept;
    void take_back(std::int64_t top) noexcept;
    T* pop_last() noexcept;
    void grow(std::int64_t top);

    // Written by thieves.
    alignas(line_bytes) typename Sync::template atomic<std::int64_t> top_{0};
    // Written by the owner now and then, read by thieves.
    alignas(line_bytes) typename Sync::template atomic<std::int64_t> split_{0};
    typename Sync::template atomic<ring*> ring_{nullptr};
    // Written by the owner all the time, read by nobody else.
    alignas(line_bytes) owned own_;
};

template <typename T, typename Sync>
forks_deque<T, Sync>::forks_deque(std::size_t capacity) {
    use(std::make_unique<ring>(std::bit_ceil(capacity < 2 ? 2 : capacity)));
    own_.limit = own_.mask + 1;
}

template <typename T, typename Sync>
void forks_deque<T, Sync>::use(std::unique_ptr<ring> newest) noexcept {
    own_.slots = newest->slots.get();
    own_.mask = newest->mask;
    own_.newest = std::move(newest);
    ring_.store(own_.newest.get(), release); // P4
}

template <typename T, typename Sync>
bool forks_deque<T, Sync>::push_slow(T* item, std::int64_t top) {
    if (own_.bottom - top > own_.mask) {
        grow(top);
    }
    own_.limit = top + own_.mask + 1;
    place(item);
    if (top != own_.dry_at) {
        return false;
    }
    publish((own_.bottom - own_.split + 1) / 2);
    return true;
}

template <typename T, typename Sync>
void forks_deque<T, Sync>::publish(std::int64_t count) noexcept {
    own_.split += count;
    own_.dry_at = own_.split;
    split_.store(own_.split, release); // P1
}

// Not a lone item: the owner is about to pop it.
template <typename T, typename Sync>
void forks_deque<T, Sync>::share_half() noexcept {
    if (const std::int64_t left = own_.bottom - own_.split; left >= 2) {
        publish(left / 2);
    }
}

template <typename T, typename Sync>
T* forks_deque<T, Sync>::pop_public() noexcept {
    const std::int64_t top = top_.load(acquire); // P2
    if (own_.bottom - top >= 2) {
        take_back(top);
        if (own_.split < own_.bottom) {
            T* item = bottom_item();
            --own_.bottom;
            return item;
        }
    }
    return pop_last();
}

// Makes the newer half of the public part private again, except what thieves may hold already.
template <typename T, typename Sync>
void forks_deque<T, Sync>::take_back(std::int64_t top) noexcept {
    const std::int64_t half = top + (own_.bottom - top) / 2;
    split_.store(half, seq_cst);                 // P1, P3
    const std::int64_t now = top_.load(seq_cst); // P2, P3
    own_.split = half;
    own_.dry_at = half;
    if (now >= half) {
        // Item `now` may be in the hands of a thief that read split_ before the store above; the
        // items after it cannot be, since whoever sees a later top_ sees that store.
        own_.split = now < own_.bottom ? now + 1 : own_.bottom;
        own_.dry_at = own_.split;
        split_.store(own_.split, release); // P1
    }
}

// The one public item that may be left: the CAS picks its winner.
template <typename T, typename Sync>
T* forks_deque<T, Sync>::pop_last() noexcept {
    std::int64_t top = own_.bottom - 1;
    if (top_.load(acquire) == own_.bottom ||                                 // P2
        !top_.compare_exchange_strong(top, own_.bottom, seq_cst, relaxed)) { // P2, P3; fail: unused
        return nullptr;
    }
    return own_slot(top).load(relaxed); // own: slots
}

template <typename T, typename Sync>
void forks_deque<T, Sync>::grow(std::int64_t top) {
    auto larger = std::make_unique<ring>(2 * static_cast<std::size_t>(own_.mask + 1));
    for (std::int64_t i = top; i != own_.bottom; ++i) {
        larger->at(i).store(own_slot(i).load(relaxed), relaxed); // own: slots; init: not shared yet
    }
    larger->older = std::move(own_.newest);
    use(std::move(larger));
}

template <typename T, typename Sync>
steal_result<T> forks_deque<T, Sync>::steal() noexcept {
    std::int64_t top = top_.load(seq_cst);           // P3
    const std::int64_t split = split_.load(seq_cst); // P1, P3
    if (top >= split) {
        return {.value = nullptr, .miss = steal_miss::empty};
    }
    // Read before the CAS: once top_ has moved, the owner may overwrite the slot.
    ring* const current = ring_.load(acquire);      // P4
    T* const item = current->at(top).load(relaxed); // hint: if it is stale the CAS fails
    if (!top_.compare_exchange_strong(top, top + 1, seq_cst, relaxed)) { // P2, P3; fail: unused
        return {.value = nullptr, .miss = steal_miss::lost_race};
    }
    return {.value = item};
}

} // namespace eddy::inline v0
