// ready_ring.hpp — a bounded FIFO: the owner pushes at the tail, everybody takes from the head.
//
// Threads:    push, pop, pop_alone: the owner only.  steal_half, size_hint: any thread.
// Progress:   push, pop_alone and steal_half are wait-free; pop is lock-free.
// Memory:     Capacity slots inside the object; nothing is allocated.
// Invariants: I1  head_ and tail_ only grow; head_ <= tail_ <= head_ + Capacity.
//             I2  only the owner writes tail_ and the slots.
//             I3  whoever moves head_ from a to b owns the items [a, b).
// Pairs:      P1  tail_: push -> steal_half: a thief that counts an item in sees its content
//             P2  head_: pop, steal_half -> push: a slot is reused only after it has been read
// Design:     docs/design/ready_ring.md

#pragma once

#include <eddy/base/atomic.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace eddy::inline v0 {

template <typename T, std::size_t Capacity = 256, typename Sync = native_sync>
class ready_ring {
    static_assert(std::has_single_bit(Capacity));

public:
    ready_ring() noexcept = default;
    ready_ring(const ready_ring&) = delete;
    ready_ring& operator=(const ready_ring&) = delete;

    // -- owner only --

    /// Adds `item` at the tail. False: the ring is full.
    bool push(T* item) noexcept {
        const std::uint64_t tail = tail_.load(relaxed); // own: tail_
        if (tail - head_.load(acquire) == Capacity) {   // P2
            return false;
        }
        slot(tail).store(item, relaxed); // own: slots; P1 carries it to the thieves
        tail_.store(tail + 1, release);  // P1
        return true;
    }

    /// Takes the oldest item; nullptr if there is none.
    T* pop() noexcept {
        const std::uint64_t tail = tail_.load(relaxed); // own: tail_
        std::uint64_t head = head_.load(acquire);       // P2
        while (head != tail) {
            T* const item = slot(head).load(relaxed);                            // own: slots
            if (head_.compare_exchange_weak(head, head + 1, acq_rel, acquire)) { // P2; fail: P2
                return item;
            }
        }
        return nullptr;
    }

    /// The same where no other thread ever takes: without a read-modify-write.
    T* pop_alone() noexcept {
        const std::uint64_t head = head_.load(relaxed); // own: nobody else takes
        if (head == tail_.load(relaxed)) {              // own: tail_
            return nullptr;
        }
        T* const item = slot(head).load(relaxed); // own: slots
        head_.store(head + 1, relaxed);           // own: nobody else takes
        return item;
    }

    // -- any thread --

    /// Takes the oldest half, rounded up, at most `max` items, into `out`. 0: empty, or another
    /// taker was faster.
    std::size_t steal_half(T** out, std::size_t max) noexcept;

    bool empty_hint() const noexcept {
        return head_.load(relaxed) == tail_.load(relaxed); // hint: as size_hint
    }

    std::size_t size_hint() const noexcept {
        const std::uint64_t head = head_.load(relaxed); // hint: the takers decide
        const std::uint64_t tail = tail_.load(relaxed); // hint: as head
        return tail > head
                   ? static_cast<std::size_t>(std::min<std::uint64_t>(tail - head, Capacity))
                   : 0;
    }

private:
    typename Sync::template atomic<T*>& slot(std::uint64_t index) noexcept {
        return slots_[static_cast<std::size_t>(index & (Capacity - 1))];
    }

    // Written by whoever takes.
    alignas(line_bytes) typename Sync::template atomic<std::uint64_t> head_{0};
    // Written by the owner.
    alignas(line_bytes) typename Sync::template atomic<std::uint64_t> tail_{0};
    alignas(line_bytes) std::array<typename Sync::template atomic<T*>, Capacity> slots_{};
};

template <typename T, std::size_t Capacity, typename Sync>
std::size_t ready_ring<T, Capacity, Sync>::steal_half(T** out, std::size_t max) noexcept {
    std::uint64_t head = head_.load(acquire);       // P2
    const std::uint64_t tail = tail_.load(acquire); // P1
    const std::uint64_t size = tail - head;
    if (size == 0 || size > Capacity) { // > Capacity: head_ was overtaken between the two loads
        return 0;
    }
    const std::size_t count = std::min(static_cast<std::size_t>((size + 1) / 2), max);
    // Read before the CAS: once head_ has moved, the owner may overwrite the slots.
    for (std::size_t i = 0; i != count; ++i) {
        out[i] = slot(head + i).load(relaxed); // hint: if it is stale the CAS on head_ fails
    }
    if (!head_.compare_exchange_strong(head, head + count, acq_rel, relaxed)) { // P2; fail: unused
        return 0;
    }
    return count;
}

} // namespace eddy::inline v0
