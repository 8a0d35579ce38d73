// promise.hpp — what every coroutine of eddy has: its awaiter, its branch, and where it stands.
//
// The three together are the await chain: from a branch's leaf along awaiter() to its root, each
// with the place of its await. It is always there and costs one store an await.
//
// Threads:    the branch; read by whoever has locked or stopped it.
// Memory:     24 bytes besides the result.
// Invariants: I1  awaiter_ is null exactly for the root coroutine of a branch.

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/awaitable.hpp>
#include <eddy/core/branch.hpp>
#include <eddy/core/frame_cache.hpp>
#include <eddy/core/op.hpp>

#include <coroutine>
#include <cstddef>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

class promise_base {
public:
    promise_base(const promise_base&) = delete;
    promise_base& operator=(const promise_base&) = delete;

    /// Gives the coroutine's end to whoever awaits it.
    struct final_op {
        static bool await_ready() noexcept { return false; }
        template <typename Promise>
        [[gnu::always_inline]] static std::coroutine_handle<>
        await_suspend(std::coroutine_handle<Promise> self) noexcept {
            return self.promise().finish();
        }
        static void await_resume() noexcept {}
    };

    static std::suspend_always initial_suspend() noexcept { return {}; }
    static final_op final_suspend() noexcept { return {}; }

    template <typename A>
    auto await_transform(A&& awaited, std::source_location site = std::source_location::current()) {
        site_ = site;
        return awaiter_for(std::forward<A>(awaited));
    }
    // By value: the object goes straight into the awaiter, and none stays in the frame.
    template <typename T>
    auto await_transform(coro<T> awaited,
                         std::source_location site = std::source_location::current()) {
        site_ = site;
        return op_holder<coro_op<T>>(std::move(awaited));
    }

    static void* operator new(std::size_t bytes) { return frame_cache::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        frame_cache::deallocate(memory, bytes);
    }
    // Frames with over-aligned locals (-fcoro-aligned-allocation).
    static void* operator new(std::size_t bytes, std::align_val_t align) {
        return frame_cache::allocate(bytes, align);
    }
    static void operator delete(void* memory, std::size_t bytes, std::align_val_t align) noexcept {
        frame_cache::deallocate(memory, bytes, align);
    }

    // -- the await chain --

    /// The coroutine that awaits this one; nullptr at the root of a branch.
    [[nodiscard]] promise_base* awaiter() const noexcept { return awaiter_; }
    [[nodiscard]] branch& own_branch() const noexcept { return *branch_; }
    /// The await at which the coroutine is suspended; before the first one, where its body begins.
    [[nodiscard]] std::source_location site() const noexcept { return site_; }

    // -- whoever starts the coroutine --

    void start_under(promise_base& awaiter) noexcept {
        awaiter_ = &awaiter;
        branch_ = awaiter.branch_;
    }
    void start_as_root(branch& of) noexcept {
        awaiter_ = nullptr;
        branch_ = &of;
    }

    [[nodiscard]] std::coroutine_handle<> handle() noexcept {
        return std::coroutine_handle<promise_base>::from_promise(*this);
    }

protected:
    explicit promise_base(std::source_location site) noexcept : site_(site) {}
    ~promise_base() = default;

    /// A root of a group has thrown: the group remembers which was first.
    EDDY_API void note_failure() noexcept;

private:
    [[nodiscard]] std::coroutine_handle<> finish() noexcept; // in fork_group.hpp
    [[nodiscard]] EDDY_API std::coroutine_handle<> finish_task() noexcept;

    promise_base* awaiter_; // both set by whoever starts the coroutine
    branch* branch_;
    std::source_location site_;
};

inline void op::attach(promise_base& promise) noexcept {
    waiter_ = &promise.own_branch();
    waiter_->set_leaf(&promise);
}

inline bool op::yield(promise_base& promise) {
    attach(promise);
    return scheduler::current()->yield(*waiter_);
}

} // namespace eddy::inline v0
