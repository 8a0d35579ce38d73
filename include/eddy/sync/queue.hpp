// queue.hpp — asyncio's queues, for tasks on any loops and for threads: first in first out, last in
// first out, and the smallest first.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/sync/item_store.hpp>
#include <eddy/sync/queue_core.hpp>
#include <eddy/sync/queue_error.hpp>
#include <eddy/sync/queue_ops.hpp>
#include <eddy/sync/stored_item.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>

namespace eddy::inline v0 {

/// What queue, lifo_queue and priority_queue have in common. Bounded if `maxsize` is not 0.
///
/// Who waits is woken in the order in which it came. As in asyncio an item lies in the queue until
/// the task that was woken for it runs, and who comes in between may take it; that task then waits
/// again, behind the others. It must outlive every operation on it.
/// Threads:  all members: any thread. Threads that run no loop wait by blocking::put and
///           blocking::get.
/// Cost:     one lock for a put or a get that does not wait; no allocation, except where the
///           storage grows, by doubling. Bounded ones have it from the start, up to 1024 items.
///           Who waits takes a frame from the frame cache. An item whose move may throw is
///           allocated by itself.
template <typename Store>
class basic_queue {
    using core_type = queue_core<Store>;

public:
    using value_type = typename Store::value_type;
    using get_op = queue_get_op<core_type>;
    using put_op = queue_put_op<core_type>;
    using join_op = queue_join_op<core_type>;

    /// Throws: std::bad_alloc.
    explicit basic_queue(std::size_t maxsize = 0) : core_(maxsize) {}

    /// Puts `item` in.
    ///
    /// Suspends: while the queue is full.
    /// Throws:   queue_shut_down; std::bad_alloc; what the move or a comparison of an item throws.
    ///           In each case nothing was put.
    /// Cancel:   safe: if it throws cancelled_error nothing was put.
    template <typename U = value_type>
        requires std::constructible_from<value_type, U>
    [[nodiscard]] put_op put(U&& item) {
        return put_op(core_, store_item<value_type>(std::forward<U>(item)));
    }
    /// The next item.
    ///
    /// Suspends: while the queue is empty.
    /// Throws:   queue_shut_down once it was shut down and is empty; what the move or a comparison
    ///           of an item throws, and the item stays.
    /// Cancel:   safe: if it throws cancelled_error nothing was taken.
    [[nodiscard]] get_op get() noexcept { return get_op(core_); }

    /// Throws: queue_full; as put. `item` is moved only if it was put (or its move may throw).
    void put_nowait(value_type&& item) { check_put(attempt_put(std::move(item))); }
    void put_nowait(const value_type& item)
        requires std::copy_constructible<value_type>
    {
        check_put(attempt_put(value_type(item)));
    }
    /// Throws: queue_empty; as get.
    value_type get_nowait() {
        std::optional<stored_item<value_type>> item;
        switch (core_.try_get(item)) {
        case attempt::closed:
            throw queue_shut_down();
        case attempt::waits:
            throw queue_empty();
        case attempt::done:
        case attempt::lost:
            break;
        }
        return core_.take_out(item);
    }

    /// False: it is full or shut down. `item` is moved only if it was put (or its move may throw).
    /// Throws: std::bad_alloc; what the move or a comparison of an item throws.
    bool try_put(value_type&& item) { return attempt_put(std::move(item)) == attempt::done; }
    bool try_put(const value_type& item)
        requires std::copy_constructible<value_type>
    {
        return attempt_put(value_type(item)) == attempt::done;
    }
    /// Nothing: it is empty. Throws: what the move or a comparison of an item throws.
    [[nodiscard]] std::optional<value_type> try_get() {
        std::optional<stored_item<value_type>> item;
        if (core_.try_get(item) != attempt::done) {
            return std::nullopt;
        }
        return core_.take_out(item);
    }

    /// What was got is done with: one call for each item. When that holds for everything that was
    /// put, join() returns.
    /// Throws: invalid_state_error if there were more calls than items.
    void task_done() {
        if (!core_.task_done()) {
            throw invalid_state_error("task_done() called too many times");
        }
    }
    /// Waits until everything that was put is done with.
    ///
    /// Suspends: while anything is not.
    /// Cancel:   safe: there is nothing that could be lost.
    [[nodiscard]] join_op join() noexcept { return join_op(core_); }

    /// Nothing can be put any more, and who waits to put gets queue_shut_down; so does who wants to
    /// get once the queue is empty, which it is at once with `immediate`.
    void shutdown(queue_shutdown how = queue_shutdown::when_empty) noexcept {
        core_.shut_down(how);
    }
    [[nodiscard]] bool is_shut_down() const noexcept { return core_.shut_down(); }

    /// 0: no bound.
    [[nodiscard]] std::size_t maxsize() const noexcept { return core_.maxsize(); }
    /// How many items lie in it; with several loops, at that moment.
    [[nodiscard]] std::size_t size() const noexcept { return core_.size(); }
    [[nodiscard]] bool empty() const noexcept { return core_.size() == 0; }
    [[nodiscard]] bool full() const noexcept { return core_.full(); }

    /// For operations on it.
    [[nodiscard]] core_type& core() noexcept { return core_; }

private:
    attempt attempt_put(value_type&& item) {
        if constexpr (stored_apart<value_type>) {
            stored_item<value_type> apart = store_item<value_type>(std::move(item));
            return core_.try_put(apart);
        } else {
            return core_.try_put(item);
        }
    }
    static void check_put(attempt made) {
        if (made == attempt::closed) {
            throw queue_shut_down();
        }
        if (made == attempt::waits) {
            throw queue_full();
        }
    }

    core_type core_;
};

/// First in, first out; asyncio's Queue.
///
/// Example:  docs/examples/g16_queue.cpp
template <queueable T>
class queue : public basic_queue<fifo_store<T>> {
public:
    using basic_queue<fifo_store<T>>::basic_queue;
};

/// The last item that was put comes first; asyncio's LifoQueue.
template <queueable T>
class lifo_queue : public basic_queue<lifo_store<T>> {
public:
    using basic_queue<lifo_store<T>>::basic_queue;
};

/// The smallest item comes first, and of equal ones the one that was put first; asyncio's
/// PriorityQueue. `Less` is called under the queue's lock: it must not use the queue.
template <queueable T, std::strict_weak_order<const T&, const T&> Less = std::less<T>>
class priority_queue : public basic_queue<priority_store<T, Less>> {
public:
    using basic_queue<priority_store<T, Less>>::basic_queue;
};

} // namespace eddy::inline v0
