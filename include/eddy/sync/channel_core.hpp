// channel_core.hpp — a bounded ring of items with a lock at each end, and who waits at them.
//
// Senders work under the back lock, receivers under the front lock. Each end remembers how far the
// other one had come when it last looked, and looks again only when that is used up: so an item
// that does not have to wait costs each side one lock which the other side does not touch.
//
// Who waits is handed what it waits for: an item goes to the receiver that has waited longest, the
// room that an item leaves goes to the sender that has waited longest.
//
// Threads:    all: any thread.
// Progress:   sections of a few instructions under a spin lock; an item is moved under it.
// Memory:     the ring, and no more than it needs: it starts small and grows to the capacity.
// Invariants: I1  if a receiver waits the ring is empty, if a sender waits it is full; not counting
//                 cases of selects that have been decided.
//             I2  head_ and limit_ at most meet tail_: only put_back, which holds both locks, moves
//                 head_ back, and lets the ring hold more than the capacity.
//             I3  front before back, where both are held.
//             I4  waiters are woken after unlocking.
// Pairs:      P1  tail_: send -> receive      who sees that there is an item sees the item
//             P2  head_: receive -> send      a slot is filled again only after it was emptied
// Design:     docs/design/channel.md

#pragma once

#include <eddy/base/algorithm.hpp>
#include <eddy/base/assert.hpp>
#include <eddy/base/atomic.hpp>
#include <eddy/base/mutex.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/sync/item_waiter.hpp>
#include <eddy/sync/ring_slots.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace eddy::inline v0 {

template <typename Item, typename Sync = native_sync>
class channel_core {
public:
    using sender = item_sender<Item, Sync>;
    using receiver = item_receiver<Item, Sync>;

    /// At least 1. Throws: std::bad_alloc.
    explicit channel_core(std::size_t capacity)
        : capacity_(capacity), slots_(std::min(capacity, slots_at_first)) {
        EDDY_ASSERT(capacity != 0);
        limit_ = room_after(0);
    }
    channel_core(const channel_core&) = delete;
    channel_core& operator=(const channel_core&) = delete;

    ~channel_core() {
        const both_locks last(*this); // whoever made the last item seen has let go of its lock
        for (std::uint64_t at = head(); at != tail(); ++at) {
            (void)slots_.take(at);
        }
    }

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::size_t size_hint() const noexcept {
        const std::uint64_t first = head();
        const std::uint64_t items = tail() - first;
        return std::min(static_cast<std::size_t>(items), capacity_);
    }
    [[nodiscard]] bool closed() const noexcept {
        const std::lock_guard hold(back_);
        return closed_;
    }

    // -- sending --

    /// Throws: std::bad_alloc while the ring grows, and nothing has happened.
    [[nodiscard]] attempt try_send(sender& from) {
        for (;;) {
            receiver* taker = nullptr;
            const attempt made = send_at_back(from, taker);
            if (taker != nullptr) {
                taker->wake();
            }
            if (made != attempt::waits || !grow()) {
                return made;
            }
        }
    }

    /// Registers `from` if there is no room.
    [[nodiscard]] attempt send_or_wait(sender& from) {
        for (;;) {
            if (const attempt made = try_send(from); made != attempt::waits) {
                return made;
            }
            const std::lock_guard hold(front_);
            if (closed_) {
                return from.claim() ? attempt::closed : attempt::lost;
            }
            if (tail() - head() >= capacity_) { // tail_ can only be behind: it is full
                senders_.push(from);
                return attempt::waits;
            }
        }
    }

    /// True: `from` will not be woken, and still has its item.
    [[nodiscard]] bool remove_sender(sender& from) noexcept {
        const std::lock_guard hold(front_);
        return senders_.remove(from);
    }

    // -- receiving --

    /// Whether an attempt is worth it.
    [[nodiscard]] bool may_receive() const noexcept { return head() != tail(); }

    [[nodiscard]] attempt try_receive(receiver& to) noexcept {
        sender* refilled_by = nullptr;
        const attempt made = receive_at_front(to, refilled_by);
        if (refilled_by != nullptr) {
            refilled_by->wake();
        }
        return made;
    }

    /// Registers `to` if there is nothing.
    [[nodiscard]] attempt receive_or_wait(receiver& to) noexcept {
        for (;;) {
            {
                const std::lock_guard hold(back_);
                if (head() == tail()) { // and stays so: an item comes and goes back under this lock
                    if (closed_) {
                        return to.claim() ? attempt::closed : attempt::lost;
                    }
                    receivers_.push(to);
                    return attempt::waits;
                }
            }
            if (const attempt made = try_receive(to); made != attempt::waits) {
                return made;
            }
        }
    }

    /// True: `to` will not be woken, and has got nothing.
    [[nodiscard]] bool remove_receiver(receiver& to) noexcept {
        const std::lock_guard hold(back_);
        return receivers_.remove(to);
    }

    /// Gives the item of `from`, which was received, to the next receiver. False: there is no
    /// memory for it.
    [[nodiscard]] bool put_back(receiver& from) noexcept {
        receiver* taker = nullptr;
        {
            const both_locks hold(*this);
            taker = pop_claimed(receivers_);
            if (taker != nullptr) {
                taker->item.emplace(std::move(*from.item));
            } else if (!put_in_front(std::move(*from.item))) {
                return false;
            }
            from.item.reset();
        }
        if (taker != nullptr) {
            taker->wake();
        }
        return true;
    }

    // -- either end --

    /// Nothing can be sent any more. Who waits to send keeps its item; who waits to receive gets
    /// nothing.
    void close() noexcept {
        intrusive_list<receiver> receivers;
        intrusive_list<sender> senders;
        {
            const both_locks hold(*this);
            closed_ = true;
            take_off(receivers_, receivers);
            take_off(senders_, senders);
        }
        wake_all(receivers);
        wake_all(senders);
    }

private:
    using lock = basic_spin_lock<Sync>;
    using position = typename Sync::template atomic<std::uint64_t>;

    static constexpr std::size_t slots_at_first = 1024;

    class both_locks {
    public:
        explicit both_locks(channel_core& of) noexcept : front_(of.front_), back_(of.back_) {}

    private:
        std::lock_guard<lock> front_; // I3
        std::lock_guard<lock> back_;
    };

    [[nodiscard]] std::uint64_t head() const noexcept {
        return head_.load(relaxed); // locked: front_, or hint: where only back_ is held
    }
    [[nodiscard]] std::uint64_t tail() const noexcept {
        return tail_.load(relaxed); // locked: back_, or hint: where only front_ is held
    }
    [[nodiscard]] std::uint64_t room_after(std::uint64_t head) const noexcept {
        return head + std::min(capacity_, slots_.count());
    }
    // Whether `position` is at `end` or behind it.
    static bool reached(std::uint64_t position, std::uint64_t end) noexcept {
        return static_cast<std::int64_t>(position - end) >= 0;
    }

    attempt send_at_back(sender& from, receiver*& taker) noexcept {
        const std::lock_guard hold(back_);
        if (closed_) {
            return from.claim() ? attempt::closed : attempt::lost;
        }
        const std::uint64_t at = tail();
        if (reached(at, limit_)) {                    // then no receiver waits: I1
            limit_ = room_after(head_.load(acquire)); // P2
            if (reached(at, limit_)) {
                return attempt::waits;
            }
        }
        if (!from.claim()) {
            return attempt::lost;
        }
        taker = pop_claimed(receivers_);
        if (taker != nullptr) {
            taker->item.emplace(std::move(*from.offered));
            from.offered = nullptr;
        } else {
            append(at, from);
        }
        return attempt::done;
    }

    void append(std::uint64_t at, sender& from) noexcept {
        slots_.put(at, std::move(*from.offered));
        from.offered = nullptr;
        tail_.store(at + 1, release); // P1
    }

    attempt receive_at_front(receiver& to, sender*& refilled_by) noexcept {
        const std::lock_guard hold(front_);
        const std::uint64_t at = head();
        if (at == seen_tail_) {
            seen_tail_ = tail_.load(acquire); // P1
            if (at == seen_tail_) {
                return attempt::waits;
            }
        }
        if (!to.claim()) {
            return attempt::lost;
        }
        if (senders_.empty()) [[likely]] {
            remove_first(at, to);
            return attempt::done;
        }
        // Nobody else may see the room that this item leaves.
        const std::lock_guard hold_back(back_);
        remove_first(at, to);
        limit_ = room_after(at + 1);
        refilled_by = pop_claimed(senders_);
        if (refilled_by != nullptr) {
            append(tail(), *refilled_by);
        }
        return attempt::done;
    }

    void remove_first(std::uint64_t at, receiver& to) noexcept {
        to.item.emplace(slots_.take(at));
        head_.store(at + 1, release); // P2
    }

    // Both locks are held.
    bool put_in_front(Item&& item) noexcept {
        if (tail() - head() == slots_.count()) {
            try {
                slots_.grow(head(), tail());
            } catch (const std::bad_alloc&) {
                return false;
            }
        }
        const std::uint64_t at = head() - 1;
        slots_.put(at, std::move(item));
        head_.store(at, release); // P2
        limit_ = room_after(at);
        return true;
    }

    // False: the ring is as large as the capacity allows.
    bool grow() {
        const both_locks hold(*this);
        if (slots_.count() >= capacity_) {
            return false;
        }
        if (tail() - head() == slots_.count()) {
            slots_.grow(head(), tail());
        }
        limit_ = room_after(head());
        return true;
    }

    template <typename Waiter>
    static void take_off(wait_list<Waiter, Sync>& waiters, intrusive_list<Waiter>& woken) noexcept {
        while (Waiter* const next = pop_claimed(waiters)) {
            woken.push_back(*next);
        }
    }

    // Read by both ends.
    const std::size_t capacity_;
    ring_slots<Item> slots_;                          // replaced under both locks
    typename Sync::template var<bool> closed_{false}; // written under both locks

    alignas(line_bytes) lock front_;
    position head_{0};
    typename Sync::template var<std::uint64_t> seen_tail_{0};
    wait_list<sender, Sync> senders_; // pushed and taken off under front_

    alignas(line_bytes) mutable lock back_;
    position tail_{0};
    typename Sync::template var<std::uint64_t> limit_;
    wait_list<receiver, Sync> receivers_; // pushed and taken off under back_
};

} // namespace eddy::inline v0
