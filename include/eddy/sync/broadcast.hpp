// broadcast.hpp — every subscriber gets every item.

#pragma once

#include <eddy/base/assert.hpp>
#include <eddy/sync/bulletin.hpp>
#include <eddy/sync/queue_error.hpp>
#include <eddy/sync/receive_op.hpp>
#include <eddy/sync/shared_item.hpp>
#include <eddy/sync/stored_item.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// The last items of a broadcast, and who waits for the next one.
template <typename T>
class broadcast_state {
public:
    using receiver = item_receiver<stored_item<T>>;

    explicit broadcast_state(std::size_t capacity) : items_(capacity) {
        EDDY_ASSERT(capacity != 0);
    }

    /// False: it is closed.
    [[nodiscard]] bool send(shared_item<T> what) noexcept {
        std::optional<shared_item<T>> oldest; // dies after unlocking
        bool sent = false;
        board_.change([&] {
            if (!closed_) {
                oldest = std::exchange(items_[sent_ % items_.size()], std::move(what));
                ++sent_;
                sent = true;
            }
        });
        return sent;
    }
    void close() noexcept {
        board_.change([this] { closed_ = true; });
    }
    [[nodiscard]] bool closed() const noexcept {
        return board_.look([this] { return closed_; });
    }
    [[nodiscard]] std::uint64_t sent() const noexcept {
        return board_.look([this] { return sent_; });
    }
    [[nodiscard]] bool may_receive(std::uint64_t next) const noexcept {
        return board_.look([&] { return is_ready(next); });
    }

    struct found {
        std::uint64_t missed = 0;
        std::optional<shared_item<T>> item; // nothing: missed, not there yet, or the end
    };
    /// Item number `next`, or what became of it.
    [[nodiscard]] found find(std::uint64_t next) const noexcept {
        return board_.look([&] {
            found seen;
            if (sent_ - next > items_.size()) {
                seen.missed = sent_ - next - items_.size();
            } else if (next != sent_) {
                seen.item = items_[next % items_.size()];
            }
            return seen;
        });
    }
    [[nodiscard]] attempt wait(receiver& to, std::uint64_t next) noexcept {
        return board_.wait(to, [&] { return is_ready(next); });
    }
    [[nodiscard]] bool remove(receiver& to) noexcept { return board_.remove(to); }

private:
    [[nodiscard]] bool is_ready(std::uint64_t next) const noexcept {
        return next != sent_ || closed_;
    }

    bulletin<receiver> board_; // guards what follows
    bool closed_ = false;
    std::uint64_t sent_ = 0;
    std::vector<std::optional<shared_item<T>>> items_; // number n lies at n % size
};

/// One of those who get every item of a broadcast.
///
/// It may outlive the broadcast, and is used by one task or thread at a time.
template <announceable T>
class subscription {
public:
    using value_type = T;
    using receiver = typename broadcast_state<T>::receiver;
    using receive_op = eddy::receive_op<subscription>;
    static constexpr const char* waited_for = "an item of a broadcast";

    /// The next item; nothing once the broadcast is closed and everything was received.
    ///
    /// Suspends: until there is one.
    /// Throws:   broadcast_lagged, which says how many items are lost: the next call gives the
    ///           oldest one that is left. What the copy of a T throws; the item is still the next
    ///           one.
    /// Cancel:   safe: if it throws cancelled_error nothing was taken.
    [[nodiscard]] receive_op receive() noexcept { return receive_op(*this); }
    /// The same: `while (auto item = co_await s.next())`.
    [[nodiscard]] receive_op next() noexcept { return receive(); }
    /// Nothing: there is none yet, or it has ended. Throws: as receive.
    [[nodiscard]] std::optional<T> try_receive() {
        std::optional<stored_item<T>> item;
        take_into(item);
        if (!item) {
            return std::nullopt;
        }
        return std::optional<T>(std::move(item_in<T>(*item)));
    }

    // -- for receive_op --

    [[nodiscard]] bool may_receive() const noexcept { return state_->may_receive(next_); }
    [[nodiscard]] attempt receive_or_wait(receiver& to) noexcept { return state_->wait(to, next_); }
    [[nodiscard]] bool remove_receiver(receiver& to) noexcept { return state_->remove(to); }
    void collect(receiver& to) { take_into(to.item); }
    [[nodiscard]] bool put_back(receiver& from) noexcept {
        from.item.reset();
        --next_; // if it is overwritten meanwhile, the next call says so
        return true;
    }

private:
    template <announceable U>
    friend class broadcast;
    explicit subscription(std::shared_ptr<broadcast_state<T>> state) noexcept
        : state_(std::move(state)), next_(state_->sent()) {}

    void take_into(std::optional<stored_item<T>>& item) {
        const auto seen = state_->find(next_);
        if (seen.missed != 0) {
            next_ += seen.missed;
            throw broadcast_lagged(seen.missed);
        }
        if (seen.item) {
            item.emplace(store_item<T>(seen.item->get()));
            ++next_;
        }
    }

    std::shared_ptr<broadcast_state<T>> state_;
    std::uint64_t next_;
};

/// Gives every item to every subscription there is when it is sent.
///
/// A sender never waits. The last `capacity` items are kept; a subscription that is further behind
/// loses the oldest ones and is told so by broadcast_lagged, once.
/// Threads:  all members: any thread; a subscription: one at a time.
/// Cost:     send: one lock, a wake-up for each who waits, and an allocation unless T is small and
///           trivially copyable.
/// Example:  docs/examples/fan_out.cpp
template <announceable T>
class broadcast {
public:
    /// `capacity` is at least 1. Throws: std::bad_alloc.
    explicit broadcast(std::size_t capacity)
        : state_(std::make_shared<broadcast_state<T>>(capacity)) {}
    broadcast(const broadcast&) = delete;
    broadcast& operator=(const broadcast&) = delete;
    /// As close().
    ~broadcast() { state_->close(); }

    /// Gets what is sent from now on.
    [[nodiscard]] subscription<T> subscribe() const noexcept { return subscription<T>(state_); }

    /// Throws: channel_closed; what the copy or move of a T throws; std::bad_alloc.
    template <typename U = T>
        requires std::constructible_from<T, U>
    void send(U&& item) {
        if (!state_->send(shared_item<T>::of(std::forward<U>(item)))) {
            throw channel_closed();
        }
    }
    /// Nothing can be sent any more; what was sent can still be received.
    void close() noexcept { state_->close(); }
    [[nodiscard]] bool closed() const noexcept { return state_->closed(); }

private:
    std::shared_ptr<broadcast_state<T>> state_;
};

} // namespace eddy::inline v0
