// from_callback.hpp — awaits an operation that calls back when it is done: any API with a callback.
//
//     int sum = co_await eddy::from_callback<int>([&](eddy::completion<int> done) {
//         start_adding(1, 2, [done](int result) { done(result); });
//     });
//
// Threads:    the callback may come on any thread, also inside of the call that starts it.
// Memory:     one small object an operation, besides the frame.
// Cancel:     see from_callback: with a function that stops the operation, or without.
// Invariants: I1  the first call of a completion counts; later ones are told so and do nothing.
// Pairs:      P1  holders_: drop -> the last drop     it sees every use of the object

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/coroutine_function.hpp>
#include <eddy/core/future.hpp>
#include <eddy/core/own_branch.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// What the completions of one operation share. Dies with the last of them, and then breaks the
/// promise if it was not kept.
template <typename T>
class completion_state {
public:
    completion_state() = default;
    completion_state(const completion_state&) = delete;
    completion_state& operator=(const completion_state&) = delete;

    void keep() noexcept { holders_.fetch_add(1, relaxed); } // count: the caller holds one
    void drop() noexcept {
        if (holders_.fetch_sub(1, acq_rel) == 1) { // P1, both ends
            delete this;
        }
    }
    [[nodiscard]] promise<T>& result() noexcept { return promise_; }

    static void* operator new(std::size_t bytes) { return frame_cache::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        frame_cache::deallocate(memory, bytes);
    }

private:
    ~completion_state() = default;

    atomic<std::uint32_t> holders_{1};
    promise<T> promise_;
};

/// The callback of a from_callback: call it when the operation is done. Copies are the same one.
///
/// When the last copy dies and none was called, the await throws broken_promise_error.
/// Threads: any.
template <typename T = void>
class completion {
public:
    /// The operation gave this. False: it was completed before, and this is ignored.
    template <typename U = T>
        requires(!std::is_void_v<T> && std::constructible_from<T, U>)
    bool operator()(U&& value) const {
        return state_->result().try_set_value(std::forward<U>(value));
    }
    bool operator()() const
        requires std::is_void_v<T>
    {
        return state_->result().try_set_value();
    }
    /// The operation failed: the await throws `error`. False: as above, or there is no exception in
    /// `error`.
    bool fail(std::exception_ptr error) const noexcept {
        return state_->result().try_set_exception(std::move(error));
    }
    /// Whether it was completed.
    [[nodiscard]] bool done() const noexcept { return state_->result().done(); }

    /// For C: the completion as a `void*` of user data, which adopt() takes back, once.
    [[nodiscard]] void* release() && noexcept { return state_.release(); }
    [[nodiscard]] static completion adopt(void* user_data) noexcept {
        return completion(
            state_ref<completion_state<T>>::adopt(static_cast<completion_state<T>*>(user_data)));
    }

    /// For from_callback.
    explicit completion(state_ref<completion_state<T>> state) noexcept : state_(std::move(state)) {}

private:
    state_ref<completion_state<T>> state_;
};

/// Waits for the result; says whether a cancel ended the wait.
class callback_wait final : public future_wait {
public:
    enum class ended : std::uint8_t { done, cancelled };

    explicit callback_wait(future_state& state) noexcept
        : future_wait(state, on_cancel::stop_waiting) {}
    [[nodiscard]] ended await_resume() const noexcept {
        return aborted() ? ended::cancelled : ended::done;
    }
};

/// Stands for what was not given: a function that stops, a handle of the operation.
struct nothing_given {};

template <typename Initiator, typename T>
auto start_operation(Initiator& initiator, completion<T>&& done) {
    if constexpr (std::is_void_v<std::invoke_result_t<Initiator&, completion<T>>>) {
        eddy::call(initiator, std::move(done));
        return nothing_given();
    } else {
        return eddy::call(initiator, std::move(done));
    }
}

/// Calls `stop`, with what the initiator gave if it takes that.
template <typename Stop, typename Started>
void stop_operation(Stop& stop, Started& started) {
    if constexpr (std::invocable<Stop&, Started&>) {
        eddy::call(stop, started);
    } else {
        eddy::call(stop);
    }
}

template <typename T, typename Initiator, typename Stop>
coro<T> from_callback_with(Initiator initiator, Stop stop) {
    auto shared = state_ref<completion_state<T>>::adopt(new completion_state<T>());
    const future<T> result = shared->result().get_future();
    auto& state = static_cast<manual_state<T>&>(*result.state());
    std::optional started = start_operation(initiator, completion<T>(std::move(shared)));
    branch& mine = co_await own_branch_op();
    if (co_await callback_wait(state) == callback_wait::ended::cancelled) {
        if constexpr (!std::same_as<Stop, nothing_given>) {
            std::exception_ptr failure;
            try {
                stop_operation(stop, *started);
            } catch (...) {
                failure = std::current_exception();
            }
            started.reset();        // it may own the completion
            while (!state.done()) { // it may use what the caller has until it says so
                (void)co_await callback_wait(state);
            }
            if (failure != nullptr) {
                std::rethrow_exception(std::move(failure));
            }
        }
        if (!state.done() || state.failed()) {
            mine.throw_cancelled();
        }
        keep_cancel(mine); // the operation was faster: its result is not lost
    }
    state.check();
    if (state.failed()) { // nobody else reads it: it is not for who calls back to free it, later
        std::rethrow_exception(state.slot().take_error());
    }
    if constexpr (!std::is_void_v<T>) {
        co_return state.slot().take();
    }
}

/// Calls `initiator(completion<T>)`, which starts an operation, when it is awaited, and gives what
/// the completion is called with.
///
/// Throws: what `initiator` throws; what was given to fail(); broken_promise_error if the operation
///         lets go of its last completion without a call.
/// Cancel: at once. The operation goes on, and its result is dropped: it must not use what the
///         caller has.
/// Cost:   a frame and two small objects, from the frame cache.
/// Example: docs/examples/from_callback.cpp
template <typename T = void, typename Initiator>
    requires std::invocable<std::decay_t<Initiator>&, completion<T>>
[[nodiscard]] coro<T> from_callback(Initiator&& initiator) {
    return from_callback_with<T, std::decay_t<Initiator>, nothing_given>(
        std::forward<Initiator>(initiator), {});
}

/// The same for an operation that can be stopped.
///
/// Cancel: calls `stop()`, or `stop(handle)` with what `initiator` gave, in the awaiting task; then
///         waits until the operation is over: it has called back or let go of its completions. So
///         it may use what the caller has. A value that comes nevertheless is given, and the cancel
///         stays pending; otherwise cancelled_error. What `stop` throws is thrown then.
template <typename T = void, typename Initiator, typename Stop>
    requires std::invocable<std::decay_t<Initiator>&, completion<T>>
[[nodiscard]] coro<T> from_callback(Initiator&& initiator, Stop&& stop) {
    return from_callback_with<T, std::decay_t<Initiator>, std::decay_t<Stop>>(
        std::forward<Initiator>(initiator), std::forward<Stop>(stop));
}

} // namespace eddy::inline v0
