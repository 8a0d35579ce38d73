// oneshot.hpp — one item from somebody to somebody else, once.

#pragma once

#include <eddy/sync/bulletin.hpp>
#include <eddy/sync/queue_error.hpp>
#include <eddy/sync/receive_op.hpp>
#include <eddy/sync/stored_item.hpp>

#include <concepts>
#include <optional>
#include <utility>

namespace eddy::inline v0 {

/// A oneshot as receive_op sees it. The item lies here until the receiver runs.
template <typename T>
class oneshot_source {
    using item = stored_item<T>;

public:
    using value_type = T;
    using receiver = item_receiver<item>;
    static constexpr const char* waited_for = "the item of a oneshot";

    /// False: it was sent or closed before.
    [[nodiscard]] bool send(item&& what) noexcept {
        bool sent = false;
        board_.change([&] {
            if (!closed_) {
                item_.emplace(std::move(what));
                closed_ = true;
                sent = true;
            }
        });
        return sent;
        // GONE: the receiver may have destroyed it.
    }
    void close() noexcept {
        board_.change([this] { closed_ = true; });
    }
    [[nodiscard]] bool closed() const noexcept {
        return board_.look([this] { return closed_; });
    }

    [[nodiscard]] bool may_receive() const noexcept { return closed(); }
    [[nodiscard]] attempt receive_or_wait(receiver& to) noexcept {
        return board_.wait(to, [this] { return closed_; });
    }
    [[nodiscard]] bool remove_receiver(receiver& to) noexcept { return board_.remove(to); }
    void collect(receiver& to) noexcept {
        board_.look([&] { to.item = std::exchange(item_, std::nullopt); });
    }
    [[nodiscard]] bool put_back(receiver& from) noexcept {
        board_.look([&] { item_ = std::exchange(from.item, std::nullopt); });
        return true;
    }

private:
    bulletin<receiver> board_; // guards what follows
    bool closed_ = false;      // sent, or given up
    std::optional<item> item_;
};

/// One item from one sender to one receiver. Unlike a future it holds what cannot be copied, has
/// one receiver, and allocates nothing.
///
/// It may be destroyed by whoever has received the item, also while send() is returning.
/// Threads:  all members: any thread. Threads that run no loop wait by blocking::receive.
/// Example:  docs/examples/fan_out.cpp
template <queueable T>
class oneshot {
public:
    using value_type = T;
    using receive_op = eddy::receive_op<oneshot_source<T>>;

    oneshot() noexcept = default;

    /// Throws: channel_closed if an item was sent before or close() called; what the move of a T
    ///         throws.
    template <typename U = T>
        requires std::constructible_from<T, U>
    void send(U&& item) {
        if (!source_.send(store_item<T>(std::forward<U>(item)))) {
            throw channel_closed();
        }
    }
    /// No item will come, if none was sent. More than one call is as good as one.
    void close() noexcept { source_.close(); }

    /// The item; nothing if close() was called without one, or another receiver was first.
    ///
    /// Suspends: until send() or close().
    /// Throws:   what the move of a T throws; the item is still there.
    /// Cancel:   safe: if it throws cancelled_error nothing was taken.
    [[nodiscard]] receive_op receive() noexcept { return receive_op(source_); }
    /// Whether there is nothing to wait for any more.
    [[nodiscard]] bool closed() const noexcept { return source_.closed(); }

    /// For operations on it.
    [[nodiscard]] oneshot_source<T>& source() noexcept { return source_; }

private:
    oneshot_source<T> source_;
};

} // namespace eddy::inline v0
