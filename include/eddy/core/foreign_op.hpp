// foreign_op.hpp — awaits an awaitable that knows nothing of eddy: on a small coroutine of its own.
//
// Whichever thread resumes that coroutine, the awaiting branch continues on a worker.
//
// Memory:     one small frame an await.
// Cancel:     a foreign awaitable cannot be withdrawn: the request stays pending until it
//             completes, then the await gives its result and the next suspension throws.

#pragma once

#include <eddy/core/op.hpp>
#include <eddy/core/promise.hpp>
#include <eddy/core/result_slot.hpp>

#include <coroutine>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// The coroutine in between: runs at once, destroys itself at its end.
class foreign_bridge {
public:
    struct promise_type {
        static foreign_bridge get_return_object() noexcept { return {}; }
        static std::suspend_never initial_suspend() noexcept { return {}; }
        static std::suspend_never final_suspend() noexcept { return {}; }
        static void return_void() noexcept {}
        // Not called: the body catches all.
        [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }
        static void* operator new(std::size_t bytes) { return frame_cache::allocate(bytes); }
        static void operator delete(void* memory, std::size_t bytes) noexcept {
            frame_cache::deallocate(memory, bytes);
        }
        // For -fcoro-aligned-allocation.
        static void* operator new(std::size_t bytes, std::align_val_t align) {
            return frame_cache::allocate(bytes, align);
        }
        static void operator delete(void* memory, std::size_t bytes,
                                    std::align_val_t align) noexcept {
            frame_cache::deallocate(memory, bytes, align);
        }
    };
};

template <typename A>
struct foreign_result {
    template <typename U>
    static auto awaiter(U&& awaited) -> decltype(auto) {
        if constexpr (requires { std::forward<U>(awaited).operator co_await(); }) {
            return std::forward<U>(awaited).operator co_await();
        } else if constexpr (requires { operator co_await(std::forward<U>(awaited)); }) {
            return operator co_await(std::forward<U>(awaited));
        } else {
            return std::forward<U>(awaited);
        }
    }
    using type = decltype(awaiter(std::declval<A>()).await_resume());
};

/// Tells the runtime of `waiter` that another library is going to resume it (+1), or has (-1).
EDDY_API void expect_foreign(const branch& waiter, std::int32_t change) noexcept;

/// What a foreign_op says to a look.
EDDY_API void show_foreign(await_look& look) noexcept;

template <typename A>
class foreign_op final : public op {
    using result = typename foreign_result<A>::type;
    using kept = std::conditional_t<std::is_rvalue_reference_v<result>,
                                    std::remove_reference_t<result>, result>;

public:
    explicit foreign_op(A&& awaited) noexcept : awaited_(std::forward<A>(awaited)) {}

    static bool await_ready() noexcept { return false; }
    bool await_suspend(promise_base& promise) {
        return park(promise, [this] {
            expect_foreign(waiter(), +1);
            (void)bridge(*this);
        });
    }
    kept await_resume() { return slot_.take(); }
    abort_result abort() noexcept override { return abort_result::completed; }
    void show(await_look& look) const noexcept override { show_foreign(look); }

private:
    // A static member, so that the frame holds nothing but the reference.
    static foreign_bridge bridge(foreign_op& to) {
        try {
            if constexpr (std::is_void_v<result>) {
                co_await std::forward<A>(to.awaited_);
                to.slot_.return_void();
            } else {
                to.slot_.return_value(co_await std::forward<A>(to.awaited_));
            }
        } catch (...) {
            to.slot_.set_error(std::current_exception());
        }
        expect_foreign(to.waiter(), -1);
        to.wake();
        // GONE: the op, not this frame.
    }

    A&& awaited_;
    result_slot<kept> slot_;
};

} // namespace eddy::inline v0
