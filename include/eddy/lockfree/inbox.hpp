// inbox.hpp — any thread posts; any thread takes everything, oldest first.
//
// T has a member `inbox_next` that a T* can be read from and assigned to: a plain `T*` or a
// `Sync::var<T*>`.
//
// Threads:    all: any thread.
// Progress:   post is lock-free, take_all is wait-free plus one step per item taken.
// Memory:     none: the items are the list. A posted item stays alive until it is taken.
// Invariants: I1  head_ is the newest item of a list linked through inbox_next, or nullptr.
//             I2  a listed item belongs to the inbox; its poster must not touch it any more.
// Pairs:      P1  head_: post -> take_all        who takes an item sees its content and its link
//             P2  head_: post, empty_hint, take_all are seq_cst: the item side of the parking
//                 protocol (docs/design/parking.md); the other side is the idle word
// Design:     docs/design/inbox.md

#pragma once

#include <eddy/base/atomic.hpp>

namespace eddy::inline v0 {

template <typename T, typename Sync = native_sync>
class inbox {
public:
    inbox() noexcept = default;
    inbox(const inbox&) = delete;
    inbox& operator=(const inbox&) = delete;

    // -- any thread --

    /// Adds `item`. True: the inbox was empty, so its owner may have to be woken.
    bool post(T& item) noexcept {
        T* newest = head_.load(relaxed); // hint: the CAS checks it
        do {
            item.inbox_next = newest;
            // P1, P2; fail: retried
        } while (!head_.compare_exchange_weak(newest, &item, seq_cst, relaxed));
        // GONE: another thread may already have taken and destroyed the item.
        return newest == nullptr;
    }

    /// Takes all items: a list in the order of their posts, linked through inbox_next; nullptr if
    /// there is none.
    T* take_all() noexcept {
        if (empty_hint()) {
            return nullptr;
        }
        return reversed(head_.exchange(nullptr, seq_cst)); // P1, P2
    }

    /// Whether there was nothing to take. seq_cst, so that a worker which has announced that it
    /// parks may rely on it.
    bool empty_hint() const noexcept {
        return head_.load(seq_cst) == nullptr; // P2
    }

private:
    static T* reversed(T* newest) noexcept {
        T* oldest = nullptr;
        while (newest != nullptr) {
            T* const next = newest->inbox_next;
            newest->inbox_next = oldest;
            oldest = newest;
            newest = next;
        }
        return oldest;
    }

    alignas(line_bytes) typename Sync::template atomic<T*> head_{nullptr};
};

} // namespace eddy::inline v0
