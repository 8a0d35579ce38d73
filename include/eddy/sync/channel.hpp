// channel.hpp — a bounded pipe of items between tasks on any loops, and threads.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/scheduler.hpp>
#include <eddy/sync/channel_core.hpp>
#include <eddy/sync/queue_error.hpp>
#include <eddy/sync/receive_op.hpp>
#include <eddy/sync/stored_item.hpp>

#include <cstddef>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// A channel as receive_op sees it.
template <typename T>
class channel_source : public channel_core<stored_item<T>> {
public:
    using value_type = T;
    static constexpr const char* waited_for = "an item of a channel";
    using channel_core<stored_item<T>>::channel_core;
};

template <typename T>
class send_op;

/// Many senders, many receivers, and room for `capacity` items; can be closed.
///
/// Items are received in the order in which they were sent. Who waits is served in the order in
/// which it came: an item goes to the receiver that has waited longest, and nobody overtakes it.
/// It must outlive every operation on it. Unlike a queue it has an end: close().
/// Threads:  all members: any thread. Threads that run no loop wait by blocking::send and
///           blocking::receive.
/// Cost:     one lock for an item that does not wait, no allocation.
/// Example:  docs/examples/select_fan_in.cpp
template <queueable T>
class channel {
public:
    using value_type = T;
    using receive_op = eddy::receive_op<channel_source<T>>;
    using send_op = eddy::send_op<T>;

    /// `capacity` is at least 1. Throws: std::bad_alloc.
    explicit channel(std::size_t capacity) : source_(capacity) {}

    /// Sends `item`.
    ///
    /// Suspends: while the channel is full.
    /// Throws:   channel_closed; what the move of a T throws; std::bad_alloc while the ring grows
    ///           to its capacity. In each case nothing was sent.
    /// Cancel:   safe: if it throws cancelled_error nothing was sent. A request that comes after a
    ///           receiver has made room stays pending.
    template <typename U = T>
        requires std::constructible_from<T, U>
    [[nodiscard]] send_op send(U&& item) {
        return send_op(source_, store_item<T>(std::forward<U>(item)));
    }

    /// Receives the next item; nothing once the channel is closed and empty.
    ///
    /// Suspends: while the channel is empty.
    /// Throws:   what the move of a T throws; the item is still the next one.
    /// Cancel:   safe: if it throws cancelled_error nothing was taken. An item that was handed over
    ///           to a task which is cancelled before it runs on goes back in front of the others.
    [[nodiscard]] receive_op receive() noexcept { return receive_op(source_); }
    /// The same: `while (auto item = co_await c.next())`.
    [[nodiscard]] receive_op next() noexcept { return receive(); }

    /// False: it is full or closed. `item` is moved only if it was sent (or its move may throw).
    bool try_send(T&& item) {
        if constexpr (stored_apart<T>) {
            stored_item<T> apart = store_item<T>(std::move(item));
            return try_send_stored(apart);
        } else {
            return try_send_stored(item);
        }
    }
    bool try_send(const T& item)
        requires std::copy_constructible<T>
    {
        return try_send(T(item));
    }
    /// Nothing: it is empty.
    [[nodiscard]] std::optional<T> try_receive() {
        immediate_receiver mine(source_);
        (void)source_.try_receive(mine);
        return mine.take();
    }

    /// Nothing can be sent any more; what was sent can still be received. Who waits to send gets
    /// channel_closed. More than one call is as good as one.
    void close() noexcept { source_.close(); }

    [[nodiscard]] bool closed() const noexcept { return source_.closed(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return source_.capacity(); }
    /// How many items lie in it, by the time somebody else looks.
    [[nodiscard]] std::size_t size_hint() const noexcept { return source_.size_hint(); }

    /// For operations on it.
    [[nodiscard]] channel_source<T>& source() noexcept { return source_; }

private:
    struct immediate_sender final : channel_source<T>::sender {
        void wake_alone() noexcept override {} // never waits
    };
    struct immediate_receiver final : receiving<channel_source<T>> {
        explicit immediate_receiver(channel_source<T>& of) noexcept
            : receiving<channel_source<T>>(of) {}
        void wake_alone() noexcept override {} // never waits
    };

    bool try_send_stored(stored_item<T>& item) {
        immediate_sender mine;
        mine.offered = &item;
        return source_.try_send(mine) == attempt::done;
    }

    channel_source<T> source_;
};

/// Who sends an item, however it waits.
template <typename T>
class sending : public channel_source<T>::sender {
    using core = channel_source<T>;

public:
    sending(core& of, stored_item<T> item) noexcept : of_(&of), item_(std::move(item)) {}
    sending(sending&& fresh) noexcept : core::sender(), of_(fresh.of_), item_(take(fresh)) {}

    /// The item of one that was not sent.
    static stored_item<T> take(sending& fresh) noexcept { return std::move(fresh.item_); }
    [[nodiscard]] core& source() const noexcept { return *of_; }

    [[nodiscard]] attempt try_send() noexcept {
        return make_attempt([this] { return of_->try_send(*this); });
    }
    [[nodiscard]] attempt send_or_wait() noexcept {
        return make_attempt([this] { return of_->send_or_wait(*this); });
    }
    [[nodiscard]] bool sent() const noexcept { return this->offered == nullptr; }
    /// Throws, if it was not sent, why.
    void check_sent() const {
        if (!sent()) [[unlikely]] {
            if (out_of_memory_) {
                throw std::bad_alloc();
            }
            throw channel_closed();
        }
    }

protected:
    ~sending() = default;

private:
    template <typename Make>
    attempt make_attempt(Make make) noexcept {
        this->offered = &item_;
        try {
            return make();
        } catch (const std::bad_alloc&) {
            out_of_memory_ = true;
            return this->claim() ? attempt::closed : attempt::lost;
        }
    }

    core* of_;
    stored_item<T> item_;
    bool out_of_memory_ = false;
};

template <typename T>
class send_op final : public op, private sending<T> {
public:
    class select_case;

    send_op(channel_source<T>& of, stored_item<T> item) noexcept
        : sending<T>(of, std::move(item)) {}
    send_op(send_op&&) noexcept = default;

    [[nodiscard]] bool await_ready() noexcept {
        return scheduler::may_go_on() && this->try_send() != attempt::waits;
    }
    bool await_suspend(promise_base& promise) {
        suspended_ = true;
        return park(promise, [this] {
            if (this->send_or_wait() != attempt::waits) {
                op::wake();
            }
        });
    }
    void await_resume() const {
        if (suspended_) {
            check_aborted();
        }
        this->check_sent();
    }

    abort_result abort() noexcept override {
        return this->source().remove_sender(*this) ? abort_result::aborted
                                                   : abort_result::completed;
    }
    void show(await_look& look) const noexcept override { show_wait(look, "room in a channel"); }

private:
    void wake_alone() noexcept override { op::wake(); }

    bool suspended_ = false;
};

template <typename T>
class send_op<T>::select_case final : private sending<T> {
public:
    explicit select_case(send_op&& of) noexcept : sending<T>(of.source(), sending<T>::take(of)) {}
    select_case(select_case&&) noexcept = default;

    [[nodiscard]] select_arm arm(select_claim& by, std::uint32_t which) noexcept {
        this->bind(by, which);
        return armed_by(this->send_or_wait());
    }
    void disarm() noexcept { (void)this->source().remove_sender(*this); }
    void take() const { this->check_sent(); }
    /// What was sent stays sent.
    [[nodiscard]] bool give_back() const noexcept { return !this->sent(); }

private:
    void wake_alone() noexcept override {} // it is bound
};

} // namespace eddy::inline v0
