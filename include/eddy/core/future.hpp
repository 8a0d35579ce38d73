// future.hpp — promise<T> and future<T>: a result set by hand, from any thread, awaited by many.

#pragma once

#include <eddy/base/function.hpp>
#include <eddy/core/awaitable.hpp>
#include <eddy/core/done_callback.hpp>
#include <eddy/core/frame_cache.hpp>
#include <eddy/core/future_state.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace eddy::inline v0 {

template <typename T>
class promise;

/// The state behind promise<T> and future<T>.
template <typename T>
class manual_state final : public future_state_of<T> {
    using outcome = future_state::outcome;

public:
    manual_state() noexcept : future_state_of<T>(1) {}

    /// False: it was set before.
    template <typename... Args>
    bool set_value(Args&&... args) {
        if (!claim()) {
            return false;
        }
        if constexpr (std::is_void_v<T>) {
            this->slot_.return_void();
        } else {
            try {
                this->slot_.return_value(std::forward<Args>(args)...);
            } catch (...) {
                this->slot_.set_error(std::current_exception());
            }
        }
        this->complete(this->slot_.state() == slot_state::value ? outcome::value : outcome::error);
        return true;
    }
    bool set_exception(std::exception_ptr error) noexcept {
        if (!claim()) {
            return false;
        }
        this->slot_.set_error(std::move(error));
        this->complete(outcome::error);
        return true;
    }
    bool set_cancelled() noexcept {
        if (!claim()) {
            return false;
        }
        this->complete(outcome::cancelled);
        return true;
    }

    static void* operator new(std::size_t bytes) { return frame_cache::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        frame_cache::deallocate(memory, bytes);
    }

private:
    bool claim() noexcept {
        return !claimed_.exchange(true, relaxed); // count: complete() publishes the result
    }
    void destroy() noexcept override { delete this; }

    atomic<bool> claimed_{false};
};

/// A result that is not there yet. Copies share it; a future of no promise can only be asked
/// whether it is valid().
///
/// `co_await f` waits for it and gives `const T&` (T& for a reference, nothing for void); `co_await
/// std::move(f)` and an await of a temporary give a T: copied, or moved if T cannot be copied.
/// Throws:   what was given to set_exception; cancelled_error; broken_promise_error.
/// Cancel:   the wait ends, the future stays as it is: others may wait for it too. (asyncio cancels
///           the future.)
/// Throws:   invalid_state_error also if it refers to nothing; the noexcept members must not be
///           called then.
/// Threads:  any; awaited in tasks only.
template <typename T = void>
class future {
public:
    using value_type = T;

    future() noexcept = default;

    [[nodiscard]] bool valid() const noexcept { return static_cast<bool>(state_); }
    /// Whether the result is there.
    [[nodiscard]] bool done() const noexcept { return state_->done(); }
    [[nodiscard]] bool cancelled() const noexcept { return state_->cancelled(); }

    /// The result, without waiting. Throws: as an await; invalid_state_error("result is not set")
    /// before it is done.
    decltype(auto) result() const {
        state_.checked().check();
        return state_->slot().get();
    }
    /// The exception, null if there is none. Throws: invalid_state_error before it is done;
    /// cancelled_error.
    [[nodiscard]] std::exception_ptr exception() const {
        state_.checked().check();
        return state_->slot().state() == slot_state::error ? state_->slot().error() : nullptr;
    }
    /// Ends the future as cancelled; whoever awaits it gets cancelled_error. False: it was done.
    bool cancel() const { return state_.checked().set_cancelled(); }

    /// Has `fn` called by the caller's loop, as call_soon does, once the future is done, or now if
    /// it is. If that loop has ended by then, `fn` is dropped uncalled.
    ///
    /// Throws: no_running_loop on a thread that runs no loop; std::bad_alloc.
    done_callback_handle add_done_callback(std::function<void(future)> fn) const {
        future_state& mine = state_.checked();
        auto call = [fn = std::move(fn), done = *this] { fn(done); };
        return eddy::add_done_callback(mine, std::move(call), scheduler::current());
    }
    /// The callback will not be called. False: the future is done, and it was called or is going to
    /// be; or it is not one of this future.
    // NOLINTNEXTLINE(performance-unnecessary-value-param): it is used up
    bool remove_done_callback(done_callback_handle added) const {
        return eddy::remove_done_callback(state_.checked(), added);
    }

    [[nodiscard]] future_state* state() const noexcept { return state_.get(); }
    /// Throws if it failed or was cancelled; nothing else, also before it is done.
    void check_failure() const {
        if (state_->failed()) {
            (void)result();
        }
    }

    class shared_wait;
    class last_wait;
    shared_wait operator co_await() const& { return shared_wait(state_.checked()); }
    last_wait operator co_await() && { return last_wait(std::move(state_)); }

private:
    friend class promise<T>;
    explicit future(state_ref<manual_state<T>> state) noexcept : state_(std::move(state)) {}

    state_ref<manual_state<T>> state_;
};

template <typename T>
class future<T>::shared_wait final : public future_wait {
public:
    explicit shared_wait(manual_state<T>& state) noexcept
        : future_wait(state, on_cancel::stop_waiting) {}
    decltype(auto) await_resume() {
        this->check_aborted();
        auto& mine = static_cast<manual_state<T>&>(this->state());
        mine.check();
        return mine.slot().get();
    }
};

template <typename T>
class future<T>::last_wait final : private state_ref<manual_state<T>>, public future_wait {
    using ref = state_ref<manual_state<T>>;

public:
    explicit last_wait(ref state)
        : ref(std::move(state)), future_wait(ref::checked(), on_cancel::stop_waiting) {}
    T await_resume() {
        this->check_aborted();
        auto& mine = static_cast<manual_state<T>&>(this->state());
        mine.check();
        if constexpr (std::is_void_v<T> || std::is_copy_constructible_v<T> ||
                      std::is_reference_v<T>) {
            return mine.slot().get();
        } else {
            return mine.slot().take();
        }
    }
};

/// The writing end of a future. Dies unset: the future fails with broken_promise_error.
///
/// Throws:  invalid_state_error if it was moved from.
/// Threads: any; of several set calls the first one counts, the others throw invalid_state_error.
template <typename T = void>
class promise {
public:
    promise() : state_(state_ref<manual_state<T>>::adopt(new manual_state<T>())) {}
    promise(promise&&) noexcept = default;
    promise& operator=(promise&& other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~promise() {
        if (state_ && !state_->done()) {
            state_->set_exception(std::make_exception_ptr(broken_promise_error()));
        }
    }

    /// May be called several times.
    [[nodiscard]] future<T> get_future() const {
        (void)state_.checked();
        return future<T>(state_);
    }

    template <typename U = T>
        requires(!std::is_void_v<T>)
    void set_value(U&& value) {
        if (!state_.checked().set_value(std::forward<U>(value))) {
            throw_set_twice();
        }
    }
    void set_value()
        requires std::is_void_v<T>
    {
        if (!state_.checked().set_value()) {
            throw_set_twice();
        }
    }
    /// Throws also: std::invalid_argument if there is no exception in `error`.
    void set_exception(std::exception_ptr error) {
        if (error == nullptr) {
            throw std::invalid_argument("set_exception() was called without an exception");
        }
        if (!state_.checked().set_exception(std::move(error))) {
            throw_set_twice();
        }
    }

    /// As set_value, but gives false where that throws.
    template <typename... U>
    bool try_set_value(U&&... value) {
        return state_.checked().set_value(std::forward<U>(value)...);
    }
    /// As set_exception, but gives false where that throws.
    bool try_set_exception(std::exception_ptr error) noexcept {
        return error != nullptr && state_->set_exception(std::move(error));
    }
    [[nodiscard]] bool done() const noexcept { return state_->done(); }

private:
    [[noreturn]] static void throw_set_twice() {
        throw invalid_state_error("the result is set already");
    }

    state_ref<manual_state<T>> state_;
};

} // namespace eddy::inline v0
