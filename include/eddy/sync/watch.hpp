// watch.hpp — a value that changes, and those who want to know its latest state.

#pragma once

#include <eddy/sync/bulletin.hpp>
#include <eddy/sync/receive_op.hpp>
#include <eddy/sync/shared_item.hpp>
#include <eddy/sync/stored_item.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace eddy::inline v0 {

/// The value of a watch, and who waits for the next one.
template <typename T>
class watch_state {
public:
    using receiver = item_receiver<stored_item<T>>;

    explicit watch_state(shared_item<T> first) noexcept : value_(std::move(first)) {}

    void set(shared_item<T> value) noexcept {
        // The old value dies after unlocking.
        board_.change([&] {
            std::swap(value_, value);
            ++version_;
        });
    }
    void close() noexcept {
        board_.change([this] { closed_ = true; });
    }

    struct found {
        std::uint64_t version;
        bool closed;
        shared_item<T> value;
    };
    [[nodiscard]] found find() const noexcept {
        return board_.look([this] { return found{version_, closed_, value_}; });
    }
    [[nodiscard]] attempt wait(receiver& to, std::uint64_t seen) noexcept {
        return board_.wait(to, [&] { return version_ != seen || closed_; });
    }
    [[nodiscard]] bool remove(receiver& to) noexcept { return board_.remove(to); }

private:
    bulletin<receiver> board_; // guards what follows
    bool closed_ = false;
    std::uint64_t version_ = 0;
    shared_item<T> value_;
};

/// One of those who follow a watch. It may outlive the watch, and is used by one task or thread at
/// a time.
template <announceable T>
class watcher {
public:
    using value_type = T;
    using receiver = typename watch_state<T>::receiver;
    using receive_op = eddy::receive_op<watcher>;
    static constexpr const char* waited_for = "a change of a watch";

    /// The latest value, as soon as it is one that this has not given yet; nothing once the watch
    /// is gone. Values in between are skipped.
    ///
    /// Suspends: until the value is set.
    /// Throws:   what the copy of a T throws; the next call gives the value again.
    /// Cancel:   safe: if it throws cancelled_error nothing was taken.
    [[nodiscard]] receive_op changed() noexcept { return receive_op(*this); }
    /// The same: `while (auto value = co_await w.next())`.
    [[nodiscard]] receive_op next() noexcept { return changed(); }
    /// The latest value; changed() may still give it. Throws: what the copy of a T throws.
    [[nodiscard]] T value() const { return state_->find().value.get(); }

    // -- for receive_op --

    [[nodiscard]] bool may_receive() const noexcept {
        const auto now = state_->find();
        return now.closed || now.version != seen_;
    }
    [[nodiscard]] attempt receive_or_wait(receiver& to) noexcept { return state_->wait(to, seen_); }
    [[nodiscard]] bool remove_receiver(receiver& to) noexcept { return state_->remove(to); }
    void collect(receiver& to) {
        const auto now = state_->find();
        if (now.version != seen_) {
            to.item.emplace(store_item<T>(now.value.get()));
            seen_ = now.version;
        }
    }
    [[nodiscard]] bool put_back(receiver& from) noexcept {
        from.item.reset();
        --seen_;
        return true;
    }

private:
    template <announceable U>
    friend class watch;
    explicit watcher(std::shared_ptr<watch_state<T>> state) noexcept
        : state_(std::move(state)), seen_(state_->find().version) {}

    std::shared_ptr<watch_state<T>> state_;
    std::uint64_t seen_;
};

/// A value that is set again and again, followed by any number of watchers.
///
/// Threads:  all members: any thread; a watcher: one at a time.
/// Cost:     set: one lock, a wake-up for each who waits, and an allocation unless T is small and
///           trivially copyable.
/// Example:  docs/examples/fan_out.cpp
template <announceable T>
class watch {
public:
    /// Throws: what the copy or move of a T throws; std::bad_alloc.
    template <typename U = T>
        requires std::constructible_from<T, U>
    explicit watch(U&& first)
        : state_(std::make_shared<watch_state<T>>(shared_item<T>::of(std::forward<U>(first)))) {}
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;
    /// The watchers' changed() gives the last value, if they have not got it, and then nothing.
    ~watch() { state_->close(); }

    /// Throws: what the copy or move of a T throws; std::bad_alloc.
    template <typename U = T>
        requires std::constructible_from<T, U>
    void set(U&& value) {
        state_->set(shared_item<T>::of(std::forward<U>(value)));
    }
    /// Throws: what the copy of a T throws.
    [[nodiscard]] T value() const { return state_->find().value.get(); }
    /// Its first changed() gives what is set after this call.
    [[nodiscard]] watcher<T> subscribe() const noexcept { return watcher<T>(state_); }

private:
    std::shared_ptr<watch_state<T>> state_;
};

} // namespace eddy::inline v0
