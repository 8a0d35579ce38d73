// coro.hpp — a coroutine object: lazy, move-only, awaited at most once; runs inline in whoever
// awaits it.
//
// Threads:    one owner at a time.
// Memory:     the frame, from frame_cache; freed when the object or the await's full expression
//             ends.
// Suspends:   an await of a coro is a symmetric transfer: no scheduling, no growing stack.
// Cancel:     passes through to what the coroutine waits for.

#pragma once

#include <eddy/core/fork_group.hpp>
#include <eddy/core/report.hpp>
#include <eddy/core/result_slot.hpp>

#include <coroutine>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

template <typename T>
class coro_promise;

/// A coroutine that has been called and not run yet. It does nothing until awaited or made a task.
///
/// T may be a value, move-only, a reference, or void. An object that dies unawaited frees its frame
/// and is reported as "never awaited".
template <typename T = void>
class [[nodiscard("a coro does nothing until it is awaited or made a task"),
        EDDY_TRIVIAL_ABI]] coro {
public:
    using value_type = T;
    using promise_type = coro_promise<T>;

    coro(const coro&) = delete; // awaited once: std::move(c), or make it a task
    coro& operator=(const coro&) = delete;
    coro(coro&& other) noexcept : promise_(std::exchange(other.promise_, nullptr)) {}
    coro& operator=(coro&& other) noexcept {
        coro(std::move(other)).swap(*this);
        return *this;
    }
    ~coro() {
        if (promise_ != nullptr) {
            destroy(promise_);
        }
    }

    /// False after a move or an await.
    [[nodiscard]] bool valid() const noexcept { return promise_ != nullptr; }
    /// The coroutine function's name, as the compiler writes it; "" if not valid.
    [[nodiscard]] const char* function_name() const noexcept {
        return source_location().function_name();
    }
    /// Where the coroutine function is defined.
    [[nodiscard]] std::source_location source_location() const noexcept {
        return promise_ != nullptr ? promise_->site() : std::source_location();
    }

    /// The promise, still owned by this.
    [[nodiscard]] coro_promise<T>* peek() const noexcept { return promise_; }

    void swap(coro& other) noexcept { std::swap(promise_, other.promise_); }

    /// Gives the frame away; whoever takes it destroys it.
    [[nodiscard]] coro_promise<T>* release() noexcept { return std::exchange(promise_, nullptr); }

private:
    friend class coro_promise<T>;
    explicit coro(coro_promise<T>& promise) noexcept : promise_(&promise) {}

    static void destroy(coro_promise<T>* promise) noexcept {
        const auto frame = std::coroutine_handle<coro_promise<T>>::from_promise(*promise);
        if (!frame.done()) [[unlikely]] {
            report_never_awaited(*promise);
        }
        frame.destroy();
    }

    coro_promise<T>* promise_;
};

template <typename T>
class coro_promise final : public promise_base, public result_slot<T> {
    static_assert(alignof(result_slot<T>) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                  "a coro's result must not be over-aligned: return a pointer to it");

public:
    explicit coro_promise(std::source_location site = std::source_location::current()) noexcept
        : promise_base(site) {}

    coro<T> get_return_object() noexcept { return coro<T>(*this); }

    void unhandled_exception() noexcept {
        this->set_error(std::current_exception());
        if (awaiter() == nullptr) {
            note_failure();
        }
    }
};

/// Runs a coro inline and gives its result.
template <typename T>
class coro_op {
public:
    explicit coro_op(coro<T> callee);

    static bool await_ready() noexcept { return false; }
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(promise_base& awaiter) noexcept {
        callee_->start_under(awaiter);
        return callee_->handle();
    }
    T await_resume() { return callee_->take(); }

    coro_op(const coro_op&) = delete;
    coro_op& operator=(const coro_op&) = delete;
    ~coro_op() { callee_->handle().destroy(); }

private:
    coro_promise<T>* callee_;
};

[[noreturn]] EDDY_API void throw_empty_coro();

template <typename T>
coro_op<T>::coro_op(coro<T> callee) : callee_(callee.release()) {
    if (callee_ == nullptr) [[unlikely]] {
        throw_empty_coro();
    }
}

} // namespace eddy::inline v0
