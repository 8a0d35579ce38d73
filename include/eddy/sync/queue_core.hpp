// queue_core.hpp — the items of a queue, who waits for an item, for room, or for everything to be
// done.
//
// As in asyncio an item lies in the queue until the task that gets it runs: who waits is only woken
// and then tries again, and whoever tries first gets it. So a cancelled getter has taken nothing.
// The cases of a select are the exception: they cannot try again, so they are handed an item.
//
// Threads:    all: any thread.
// Progress:   sections under one spin lock; an item is moved, and compared, under it.
// Memory:     that of the store.
// Invariants: I1  if there is an item and a getter waits, another one was woken for it and has not
//                 run yet; so for room and putters. Who was woken and then cancelled passes it on.
//             I2  waiters are woken after unlocking.
//             I3  unfinished_ is what was put and not yet reported as done.
// Design:     docs/design/queue.md

#pragma once

#include <eddy/base/algorithm.hpp>
#include <eddy/base/mutex.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/sync/item_waiter.hpp>
#include <eddy/sync/stored_item.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace eddy::inline v0 {

/// What happens to the items that lie in a queue when it is shut down.
enum class queue_shutdown : std::uint8_t {
    when_empty, // they can still be got
    immediate   // they are dropped, and count as done
};

/// Who waits for an item of a queue. Only the case of a select is given one.
template <typename Item, typename Sync = native_sync>
class queue_getter : public item_receiver<Item, Sync> {
public:
    std::exception_ptr error; // instead of an item: what a comparison threw

protected:
    ~queue_getter() = default;
};

template <typename Store, typename Sync = native_sync>
class queue_core {
public:
    using value_type = typename Store::value_type;
    using item = typename Store::item;
    using getter = queue_getter<item, Sync>;
    using waiter = end_waiter<Sync>;

    /// 0: no bound. Throws: std::bad_alloc.
    explicit queue_core(std::size_t maxsize)
        : maxsize_(maxsize), store_(std::min(maxsize, room_at_first)) {}
    queue_core(const queue_core&) = delete;
    queue_core& operator=(const queue_core&) = delete;
    ~queue_core() { const std::lock_guard last(lock_); } // whoever made it unused has let go

    [[nodiscard]] std::size_t maxsize() const noexcept { return maxsize_; }
    [[nodiscard]] std::size_t size() const noexcept {
        const std::lock_guard hold(lock_);
        return store_.size();
    }
    [[nodiscard]] bool full() const noexcept {
        const std::lock_guard hold(lock_);
        return is_full();
    }
    [[nodiscard]] bool shut_down() const noexcept {
        const std::lock_guard hold(lock_);
        return shut_;
    }

    // -- putting --

    /// `from` is moved from if it is done, and only then. Throws: std::bad_alloc; what a comparison
    /// throws.
    [[nodiscard]] attempt try_put(item& from) {
        wake_ups woken;
        {
            const std::lock_guard hold(lock_);
            if (shut_) {
                return attempt::closed;
            }
            if (is_full()) {
                return attempt::waits;
            }
            store_.put(std::move(from));
            ++unfinished_;
            woken = next_getter_and_putter();
        }
        woken.deliver();
        return attempt::done;
    }

    /// True: `putter` is registered. False: an attempt is worth it.
    [[nodiscard]] bool wait_for_room(waiter& putter) noexcept {
        const std::lock_guard hold(lock_);
        if (shut_ || !is_full()) {
            return false;
        }
        putters_.push(putter);
        return true;
    }
    /// True: `putter` will not be woken.
    [[nodiscard]] bool remove_putter(waiter& putter) noexcept {
        const std::lock_guard hold(lock_);
        return putters_.remove(putter);
    }
    /// A putter that was woken does not want the room any more, or cannot use it.
    void pass_on_room() noexcept {
        waiter* woken = nullptr;
        {
            const std::lock_guard hold(lock_);
            if (!is_full()) {
                woken = pop_claimed(putters_);
            }
        }
        if (woken != nullptr) {
            woken->wake();
        }
    }

    // -- getting --

    /// Throws: what a comparison throws; nothing was taken.
    [[nodiscard]] attempt try_get(std::optional<item>& into) {
        waiter* woken = nullptr;
        {
            const std::lock_guard hold(lock_);
            if (store_.size() == 0) {
                return shut_ ? attempt::closed : attempt::waits;
            }
            into.emplace(store_.take());
            woken = pop_claimed(putters_);
        }
        if (woken != nullptr) {
            woken->wake();
        }
        return attempt::done;
    }

    /// True: `one` is registered. False: an attempt is worth it.
    [[nodiscard]] bool wait_for_item(getter& one) noexcept {
        const std::lock_guard hold(lock_);
        if (shut_ || store_.size() != 0) {
            return false;
        }
        getters_.push(one);
        return true;
    }
    /// True: `one` will not be woken.
    [[nodiscard]] bool remove_getter(getter& one) noexcept {
        const std::lock_guard hold(lock_);
        return getters_.remove(one);
    }
    /// A getter that was woken does not want the item any more, or cannot take it.
    void pass_on_item() noexcept {
        wake_ups woken;
        {
            const std::lock_guard hold(lock_);
            if (store_.size() != 0) {
                woken = next_getter_and_putter();
            }
        }
        woken.deliver();
    }

    /// The item, moved out. Throws: what the move of an item throws; it has been put back.
    value_type take_out(std::optional<item>& from) {
        if constexpr (stored_apart<value_type>) {
            try {
                return value_type(std::move(**from));
            } catch (...) {
                (void)put_back(from);
                throw;
            }
        } else {
            return value_type(std::move(*from));
        }
    }

    // -- getting in a select --

    [[nodiscard]] attempt get_or_wait(getter& one) noexcept {
        waiter* woken = nullptr;
        {
            const std::lock_guard hold(lock_);
            if (store_.size() == 0 && !shut_) {
                getters_.push(one);
                return attempt::waits;
            }
            if (!one.claim()) {
                return attempt::lost;
            }
            if (store_.size() == 0) {
                return attempt::closed;
            }
            hand_over(one);
            woken = pop_claimed(putters_);
        }
        if (woken != nullptr) {
            woken->wake();
        }
        return attempt::done;
    }
    /// An item that was taken is the next one again. False: it cannot be.
    [[nodiscard]] bool put_back(std::optional<item>& taken) noexcept {
        getter* woken = nullptr;
        try {
            const std::lock_guard hold(lock_);
            store_.put_back(std::move(*taken));
            taken.reset();
            woken = next_getter();
        } catch (...) { // no memory, or a comparison
            return false;
        }
        if (woken != nullptr) {
            woken->wake();
        }
        return true;
    }

    // -- the end --

    /// False: it was called more often than items were put.
    [[nodiscard]] bool task_done() noexcept {
        intrusive_list<waiter> woken;
        {
            const std::lock_guard hold(lock_);
            if (unfinished_ == 0) {
                return false;
            }
            if (--unfinished_ == 0) {
                take_off(joiners_, woken);
            }
        }
        wake_all(woken);
        return true;
    }
    [[nodiscard]] bool all_done() const noexcept {
        const std::lock_guard hold(lock_);
        return unfinished_ == 0;
    }
    /// True: `one` is registered. False: everything is done.
    [[nodiscard]] bool wait_until_done(waiter& one) noexcept {
        const std::lock_guard hold(lock_);
        if (unfinished_ == 0) {
            return false;
        }
        joiners_.push(one);
        return true;
    }
    /// True: `one` will not be woken.
    [[nodiscard]] bool remove_joiner(waiter& one) noexcept {
        const std::lock_guard hold(lock_);
        return joiners_.remove(one);
    }

    void shut_down(queue_shutdown how) noexcept {
        Store dropped(0); // its items die after unlocking
        intrusive_list<getter> getters;
        intrusive_list<waiter> others;
        {
            const std::lock_guard hold(lock_);
            shut_ = true;
            if (how == queue_shutdown::immediate) {
                store_.swap(dropped);
                unfinished_ -= std::min(unfinished_, dropped.size());
            }
            while (getter* const next = pop_claimed(getters_)) {
                if (next->in_select() && store_.size() != 0) {
                    hand_over(*next);
                }
                getters.push_back(*next);
            }
            take_off(putters_, others);
            if (unfinished_ == 0) {
                take_off(joiners_, others);
            }
        }
        wake_all(getters);
        wake_all(others);
    }

private:
    static constexpr std::size_t room_at_first = 1024;

    [[nodiscard]] bool is_full() const noexcept {
        return maxsize_ != 0 && store_.size() >= maxsize_;
    }

    struct wake_ups {
        getter* gets = nullptr;
        waiter* puts = nullptr;

        void deliver() const noexcept {
            if (gets != nullptr) {
                gets->wake();
            }
            if (puts != nullptr) {
                puts->wake();
            }
        }
    };

    // As next_getter. A case of a select that takes the item leaves room, and whoever was woken for
    // that room before may be the one who has put the item.
    wake_ups next_getter_and_putter() noexcept {
        wake_ups woken;
        woken.gets = next_getter();
        if (woken.gets != nullptr && woken.gets->in_select()) {
            woken.puts = pop_claimed(putters_);
        }
        return woken;
    }

    // There is an item. A case of a select takes it at once, anybody else tries when it runs.
    getter* next_getter() noexcept {
        getter* const next = pop_claimed(getters_);
        if (next != nullptr && next->in_select()) {
            hand_over(*next);
        }
        return next;
    }

    void hand_over(getter& to) noexcept {
        if constexpr (noexcept(store_.take())) {
            to.item.emplace(store_.take());
        } else {
            try {
                to.item.emplace(store_.take());
            } catch (...) {
                to.error = std::current_exception();
            }
        }
    }

    static void take_off(wait_list<waiter, Sync>& waiters, intrusive_list<waiter>& woken) noexcept {
        while (waiter* const next = pop_claimed(waiters)) {
            woken.push_back(*next);
        }
    }

    const std::size_t maxsize_;
    mutable basic_spin_lock<Sync> lock_; // guards what follows
    bool shut_ = false;
    std::size_t unfinished_ = 0;
    Store store_;
    wait_list<getter, Sync> getters_;
    wait_list<waiter, Sync> putters_;
    wait_list<waiter, Sync> joiners_;
};

} // namespace eddy::inline v0
