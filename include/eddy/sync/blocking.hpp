// blocking.hpp — the ends of queues and channels for threads that run no loop: they block.
//
// On the thread of a loop each of these throws already_running: it would stop the tasks that it
// waits for. There, co_await the operation itself. Example: docs/examples/blocking_ends.cpp

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/sync/channel.hpp>
#include <eddy/sync/queue.hpp>
#include <eddy/sync/receive_op.hpp>
#include <eddy/sync/stored_item.hpp>
#include <eddy/sync/thread_bell.hpp>

#include <concepts>
#include <optional>
#include <utility>

namespace eddy::inline v0::blocking {

/// Throws: already_running on the thread of a loop; `instead` says what to await there.
EDDY_API void check_may_block(const char* instead);

/// How long a call may block; by default for as long as it takes.
class limit {
public:
    limit() noexcept = default;
    /// 0 or less: only what is possible at once.
    template <typename Rep, typename Period>
    limit(std::chrono::duration<Rep, Period> span) noexcept // a duration is a limit
        : deadline_(deadline_after(clock::now(), span)) {}

    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_; }

private:
    clock::time_point deadline_ = clock::time_point::max();
};

/// A thread among those who wait in a list.
template <typename Waiter>
class thread_waiter : public Waiter {
public:
    template <typename... Args>
    explicit thread_waiter(Args&... args) : Waiter(args...) {}

    /// Blocks until it is woken. Throws: timeout_error, if `remove()` can still take it off.
    template <typename Remove>
    void wait(const limit& until, Remove remove) {
        if (bell_.wait(until.deadline())) {
            return;
        }
        if (remove()) {
            throw timeout_error();
        }
        (void)bell_.wait(clock::time_point::max()); // it is being rung just now
    }

private:
    void wake_alone() noexcept override { bell_.ring(); }

    thread_bell bell_;
};

/// Takes the next item of `from`: a channel, a oneshot, a subscription, a watcher. Nothing once
/// that has ended.
/// Throws:  timeout_error after `until`, and nothing was taken; already_running; as co_await
///          from.receive().
/// Threads: those that run no loop; blocks.
template <typename From>
std::optional<typename From::value_type> receive(From& from, limit until = {}) {
    check_may_block("co_await the receive() instead");
    if constexpr (requires { from.source(); }) {
        return blocking::receive(from.source(), until);
    } else {
        thread_waiter<receiving<From>> mine(from);
        if (from.receive_or_wait(mine) == attempt::waits) {
            mine.wait(until, [&] { return from.remove_receiver(mine); });
        }
        return mine.take();
    }
}

/// Sends `item` through `to`.
/// Throws:  timeout_error after `until`, and nothing was sent; already_running; as co_await
///          to.send(item).
/// Threads: those that run no loop; blocks.
template <typename T, typename U = T>
    requires std::constructible_from<T, U>
void send(channel<T>& to, U&& item, limit until = {}) {
    check_may_block("co_await the send() instead");
    channel_source<T>& source = to.source();
    stored_item<T> stored = store_item<T>(std::forward<U>(item));
    thread_waiter<typename channel_source<T>::sender> mine;
    mine.offered = &stored;
    if (source.send_or_wait(mine) == attempt::waits) {
        mine.wait(until, [&] { return source.remove_sender(mine); });
    }
    if (mine.offered != nullptr) {
        throw channel_closed();
    }
}

/// Blocks until an attempt at `End` is worth it. Throws: timeout_error.
template <typename End, typename Core>
void wait_for_turn(Core& of, const limit& until) {
    thread_waiter<typename End::waiter> mine;
    if (End::wait(of, mine)) {
        mine.wait(until, [&] { return End::remove(of, mine); });
    }
}

/// Takes the next item of `from`.
/// Throws:  timeout_error after `until`, and nothing was taken; already_running; as co_await
///          from.get().
/// Threads: those that run no loop; blocks.
template <typename Store>
typename Store::value_type get(basic_queue<Store>& from, limit until = {}) {
    check_may_block("co_await the get() instead");
    auto& core = from.core();
    for (;;) {
        std::optional<stored_item<typename Store::value_type>> item;
        switch (
            try_or_pass_on<item_end<queue_core<Store>>>(core, [&] { return core.try_get(item); })) {
        case attempt::closed:
            throw queue_shut_down();
        case attempt::done:
            return core.take_out(item);
        case attempt::waits:
        case attempt::lost:
            break;
        }
        wait_for_turn<item_end<queue_core<Store>>>(core, until);
    }
}

/// Puts `item` into `to`.
/// Throws:  timeout_error after `until`, and nothing was put; already_running; as co_await
///          to.put(item).
/// Threads: those that run no loop; blocks.
template <typename Store, typename U = typename Store::value_type>
    requires std::constructible_from<typename Store::value_type, U>
void put(basic_queue<Store>& to, U&& item, limit until = {}) {
    check_may_block("co_await the put() instead");
    auto& core = to.core();
    auto stored = store_item<typename Store::value_type>(std::forward<U>(item));
    for (;;) {
        switch (try_or_pass_on<room_end<queue_core<Store>>>(core,
                                                            [&] { return core.try_put(stored); })) {
        case attempt::closed:
            throw queue_shut_down();
        case attempt::done:
            return;
        case attempt::waits:
        case attempt::lost:
            break;
        }
        wait_for_turn<room_end<queue_core<Store>>>(core, until);
    }
}

} // namespace eddy::inline v0::blocking
