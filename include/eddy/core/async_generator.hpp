// async_generator.hpp — a coroutine that gives several values and may wait between them.
//
// It runs inside whoever awaits its next value: part of that task's await chain and branch, so a
// cancel of the task reaches what the generator waits for. Between two values it is part of
// nothing: it may be moved, handed to another task, and go on there.
//
// Threads:    one consumer at a time, on any worker.
// Memory:     the frame, from frame_cache; nothing a value.
// Suspends:   to the consumer and back is a symmetric transfer: no scheduling, no growing stack.
// Invariants: I1  stage_ is written by the consumer alone: running from its await until it is
//                 resumed.
//             I2  item_ points to what is yielded, in the generator's frame, from the co_yield
//                 until the consumer has taken it; it is null when the generator ends.
// Design:     docs/design/generator.md

#pragma once

#include <eddy/base/assert.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/core/fork_group.hpp>
#include <eddy/core/promise.hpp>

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

template <typename T>
class async_generator_promise;

/// The values of a coroutine that `co_yield`s them and may `co_await` in between.
///
///     while (auto value = co_await g.next()) { use(*value); }
///     EDDY_FOR(auto value, make()) { use(value); }
///
/// T is a value, or a reference: then next() gives a pointer to what was yielded, which is there
/// until the next call.
///
/// How it ends: by itself; by an exception, which comes out of next(); by aclose(). One that is
/// destroyed unfinished destroys its locals at once, without awaiting: a destructor cannot. What
/// awaits in its cleanup needs aclose(), which EDDY_FOR and the adaptors of eddy::lazy call where
/// they own the generator.
/// Example: docs/examples/g14_async_iterators.cpp
template <typename T>
class [[nodiscard("a generator does nothing until its next() is awaited"),
        EDDY_TRIVIAL_ABI]] async_generator {
    static_assert(!std::is_rvalue_reference_v<T> && !std::is_void_v<T>);

public:
    using value_type = T;
    using promise_type = async_generator_promise<T>;
    /// What next() gives; empty or null at the end.
    using item_type = std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*,
                                         std::optional<std::remove_reference_t<T>>>;
    class next_op;
    class aclose_op;

    async_generator(const async_generator&) = delete;
    async_generator& operator=(const async_generator&) = delete;
    async_generator(async_generator&& other) noexcept
        : promise_(std::exchange(other.promise_, nullptr)) {}
    async_generator& operator=(async_generator&& other) noexcept {
        async_generator(std::move(other)).swap(*this);
        return *this;
    }
    ~async_generator() { destroy(); }

    /// `co_await g.next()` runs the generator to its next value and gives that; nothing at the end,
    /// and ever after.
    ///
    /// Throws: what the generator throws, which has ended then; invalid_state_error if somebody
    ///         else awaits its next value.
    /// Cancel: reaches what the generator waits for: it gets the cancelled_error first, and
    ///         may catch it and go on; otherwise it ends. No value that was yielded is lost.
    [[nodiscard]] next_op next() noexcept { return next_op(promise_); }

    /// `co_await g.aclose()` ends it: the co_yield where it stands throws generator_exit, and what
    /// it does to clean up is awaited. One that has not begun or has ended just frees its frame.
    ///
    /// Throws: what the cleanup throws; invalid_state_error if it yields again, or is running.
    /// Cancel: reaches what the cleanup waits for.
    [[nodiscard("it does nothing until it is awaited")]] aclose_op aclose() noexcept {
        return aclose_op(*this);
    }

    /// False after a move and after aclose().
    [[nodiscard]] bool valid() const noexcept { return promise_ != nullptr; }
    void swap(async_generator& other) noexcept { std::swap(promise_, other.promise_); }

private:
    friend promise_type;
    explicit async_generator(promise_type& promise) noexcept : promise_(&promise) {}

    void destroy() noexcept {
        if (promise_ != nullptr) {
            EDDY_ASSERT(promise_->at() != promise_type::stage::running);
            std::exchange(promise_, nullptr)->handle().destroy();
        }
    }

    promise_type* promise_;
};

[[noreturn]] EDDY_API void throw_generator_busy();
[[noreturn]] EDDY_API void throw_exit_ignored();

template <typename T>
class async_generator_promise final : public promise_base {
    using item_type = typename async_generator<T>::item_type;
    using pointer = std::remove_reference_t<T>*;

public:
    enum class stage : std::uint8_t { created, running, yielded, ended };

    explicit async_generator_promise(
        std::source_location site = std::source_location::current()) noexcept
        : promise_base(site) {}

    async_generator<T> get_return_object() noexcept { return async_generator<T>(*this); }
    static void return_void() noexcept {}
    void unhandled_exception() noexcept {
        std::exception_ptr error = std::current_exception();
        if (!closing_ || !is_generator_exit(error)) {
            error_ = std::move(error);
        }
    }

    class yield_op;
    yield_op yield_value(std::remove_reference_t<T>& value) noexcept
        requires std::is_reference_v<T>
    {
        return yield(std::addressof(value), passing::by_copy);
    }
    yield_op yield_value(T&& value) noexcept
        requires(!std::is_reference_v<T>)
    {
        return yield(std::addressof(value), passing::by_move);
    }
    yield_op yield_value(const T& value) noexcept
        requires(!std::is_reference_v<T> && std::copy_constructible<T>)
    {
        return yield(const_cast<pointer>(std::addressof(value)), passing::by_copy);
    }

    // -- the consumer --

    [[nodiscard]] stage at() const noexcept {
        return stage_.load(relaxed); // hint: to a second consumer, which is a mistake anyway
    }
    std::coroutine_handle<> enter(promise_base& consumer) noexcept {
        set(stage::running);
        start_under(consumer);
        return handle();
    }
    std::coroutine_handle<> enter_closing(promise_base& consumer) noexcept {
        closing_ = true;
        return enter(consumer);
    }
    /// It has yielded or ended: notes which.
    void leave() noexcept { set(item_ != nullptr ? stage::yielded : stage::ended); }
    void rethrow() {
        if (error_ != nullptr) [[unlikely]] {
            std::rethrow_exception(std::exchange(error_, nullptr));
        }
    }
    [[nodiscard]] std::exception_ptr take_error() noexcept {
        return std::exchange(error_, nullptr);
    }
    /// What was yielded; throws if it ended by an exception.
    item_type take() {
        pointer const item = std::exchange(item_, nullptr);
        if (item == nullptr) {
            rethrow();
            return item_type();
        }
        if constexpr (std::is_reference_v<T>) {
            return item;
        } else {
            return taken(*item);
        }
    }

private:
    enum class passing : std::uint8_t { by_move, by_copy };

    yield_op yield(pointer item, passing how) noexcept {
        item_ = item;
        passing_ = how;
        return yield_op(*this);
    }
    item_type taken(T& item) const {
        if constexpr (std::copy_constructible<T>) {
            if (passing_ == passing::by_copy) {
                return item_type(std::as_const(item));
            }
        }
        return item_type(std::move(item));
    }
    void set(stage now) noexcept { stage_.store(now, relaxed); } // own: the consumer

    pointer item_ = nullptr;
    atomic<stage> stage_{stage::created};
    passing passing_ = passing::by_move;
    bool closing_ = false;
    std::exception_ptr error_;
};

/// Gives the item to the consumer; when that wants the next one, goes on, or unwinds.
template <typename T>
class async_generator_promise<T>::yield_op {
public:
    explicit yield_op(async_generator_promise& of) noexcept : of_(of) {}
    static bool await_ready() noexcept { return false; }
    [[gnu::always_inline]] std::coroutine_handle<>
    await_suspend(std::coroutine_handle<> /*self*/) const noexcept {
        return of_.awaiter()->handle();
    }
    void await_resume() const {
        if (of_.closing_) [[unlikely]] {
            throw generator_exit();
        }
    }

private:
    async_generator_promise& of_;
};

template <typename T>
class [[nodiscard("the next value comes when it is awaited")]] async_generator<T>::next_op {
    using stage = typename promise_type::stage;

public:
    explicit next_op(promise_type* of) noexcept : of_(of) {}

    bool await_ready() noexcept {
        if (of_ == nullptr) {
            return true;
        }
        const stage at = of_->at();
        busy_ = at == stage::running;
        return busy_ || at == stage::ended;
    }
    [[gnu::always_inline]] std::coroutine_handle<>
    await_suspend(promise_base& consumer) const noexcept {
        return of_->enter(consumer);
    }
    item_type await_resume() const {
        if (of_ == nullptr) {
            return item_type();
        }
        if (busy_) [[unlikely]] {
            throw_generator_busy();
        }
        of_->leave();
        return of_->take();
    }

private:
    promise_type* of_;
    bool busy_ = false;
};

template <typename T>
class async_generator<T>::aclose_op {
    using stage = typename promise_type::stage;

public:
    explicit aclose_op(async_generator& of) noexcept : of_(&of) {}

    bool await_ready() noexcept {
        if (of_->promise_ == nullptr) {
            return true;
        }
        begun_at_ = of_->promise_->at();
        return begun_at_ != stage::yielded;
    }
    std::coroutine_handle<> await_suspend(promise_base& consumer) const noexcept {
        return of_->promise_->enter_closing(consumer);
    }
    void await_resume() const {
        if (of_->promise_ == nullptr) {
            return;
        }
        if (begun_at_ == stage::running) [[unlikely]] {
            throw_generator_busy();
        }
        of_->promise_->leave();
        const bool ignored = of_->promise_->at() == stage::yielded;
        std::exception_ptr error = of_->promise_->take_error();
        of_->destroy();
        if (error != nullptr) {
            std::rethrow_exception(std::move(error));
        }
        if (ignored) {
            throw_exit_ignored();
        }
    }

private:
    async_generator* of_;
    stage begun_at_ = stage::created;
};

} // namespace eddy::inline v0
