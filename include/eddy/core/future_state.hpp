// future_state.hpp — a result that is not there yet, and who waits for it; shared by future,
// promise and task.
//
// Threads:    all: any thread; set once.
// Progress:   add and complete are one CAS each; remove excludes both for a few instructions.
// Memory:     reference-counted; waiters are links in the frames that wait.
// Invariants: I1  a waiter is notified exactly once, unless remove gave true.
//             I2  waiters are notified in the order of their registration.
//             I3  outcome_ and the result are written before done is set, and not after.
// Pairs:      P1  word_: complete -> add, done           whoever finds it done sees the result
//             P2  word_: add, remove -> complete         the completer sees the waiter
//             P3  references_: drop -> the last drop     the destroyer sees every use before
// Design:     docs/design/future.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/core/op.hpp>
#include <eddy/core/result_slot.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <utility>

namespace eddy::inline v0 {

/// What waits in a future_state.
class future_waiter {
public:
    future_waiter() noexcept = default;
    future_waiter(const future_waiter&) = delete;
    future_waiter& operator=(const future_waiter&) = delete;

protected:
    ~future_waiter() = default;

private:
    friend class future_state;
    /// The result is there. Called outside all locks; may destroy the waiter.
    virtual void notify() noexcept = 0;
    /// The branch that waits by this; nullptr if it is none. Called under the state's lock: takes
    /// no other one.
    [[nodiscard]] virtual const branch* awaiting() const noexcept { return nullptr; }

    future_waiter* next_ = nullptr;
};

template <typename State>
class state_ref;

class EDDY_API future_state {
public:
    enum class outcome : std::uint8_t { value, error, cancelled };

    future_state(const future_state&) = delete;
    future_state& operator=(const future_state&) = delete;

    // -- any thread --

    [[nodiscard]] bool done() const noexcept {
        return (word_.load(acquire) & done_bit) != 0; // P1
    }

    /// False: it is done already; `waiter` is not registered.
    [[nodiscard]] bool add(future_waiter& waiter) noexcept;
    /// True: `waiter` was registered and will not be notified.
    bool remove(future_waiter& waiter) noexcept;

    /// Writes the tasks that wait now, the oldest first, into `into`; gives their number. Of more
    /// waiters than a few the newest ones are looked at.
    [[nodiscard]] std::size_t collect_awaiters(std::span<state_ref<task_base>> into) noexcept;

    /// Whether it ended as cancelled; false before it is done.
    [[nodiscard]] bool cancelled() const noexcept {
        return done() && outcome_ == outcome::cancelled;
    }
    /// Whether it ended by an exception or as cancelled; false before it is done.
    [[nodiscard]] bool failed() const noexcept { return done() && outcome_ != outcome::value; }

    /// Somebody has looked at the result, so that a failure is not reported.
    void mark_retrieved() noexcept {
        retrieved_.store(true, relaxed); // count: read by the last drop (P3)
    }

    void keep() noexcept { references_.fetch_add(1, relaxed); } // count: the caller holds one
    void drop() noexcept {
        if (references_.load(acquire) == 1 ||         // P3: the only holder is the caller
            references_.fetch_sub(1, acq_rel) == 1) { // P3, both ends
            destroy();
        }
    }

    /// The branch whose end brings the result; nullptr if the result is set by hand.
    [[nodiscard]] virtual branch* producer() noexcept { return nullptr; }

protected:
    explicit future_state(std::uint32_t references) noexcept : references_(references) {}
    virtual ~future_state();

    /// The result has been written: wakes everybody. Once.
    void complete(outcome how) noexcept;
    [[nodiscard]] bool retrieved() const noexcept {
        return retrieved_.load(relaxed); // count: see mark_retrieved
    }

    virtual void destroy() noexcept = 0;
    [[noreturn]] virtual void throw_cancelled() const { throw cancelled_error(); }

private:
    static constexpr std::uintptr_t done_bit = 1;
    static constexpr std::uintptr_t locked_bit = 2;

    static future_waiter* list_of(std::uintptr_t word) noexcept {
        return reinterpret_cast<future_waiter*>(word & ~(done_bit | locked_bit));
    }
    std::uintptr_t lock() noexcept;
    [[gnu::cold]] void wait_until_unlocked() const noexcept;
    [[gnu::cold, gnu::noinline]] bool add_when_unlocked(future_waiter& waiter) noexcept;
    [[gnu::cold, gnu::noinline]] void complete_when_unlocked(outcome how) noexcept;
    static void notify_all(future_waiter* newest) noexcept;

    atomic<std::uintptr_t> word_{0};
    atomic<std::uint32_t> references_;
    atomic<bool> retrieved_{false};
    outcome outcome_ = outcome::value;
};

/// The state with its result.
template <typename T, typename Base = future_state>
class future_state_of : public Base {
public:
    using Base::Base;

    /// Throws: what the producer threw; cancelled_error; invalid_state_error if it is not done.
    void check() {
        if (!this->done()) {
            throw_not_set();
        }
        this->mark_retrieved();
        if (this->cancelled()) [[unlikely]] {
            this->throw_cancelled();
        }
    }
    [[nodiscard]] result_slot<T>& slot() noexcept { return slot_; }

protected:
    [[noreturn]] static void throw_not_set() { throw invalid_state_error("result is not set"); }

    result_slot<T> slot_;
};

/// Owns one reference to a state.
template <typename State>
class state_ref {
public:
    state_ref() noexcept = default;
    /// Takes over one reference that the caller holds.
    static state_ref adopt(State* state) noexcept { return state_ref(state); }
    /// Adds a reference.
    static state_ref share(State* state) noexcept {
        if (state != nullptr) {
            state->keep();
        }
        return state_ref(state);
    }
    state_ref(const state_ref& other) noexcept : state_ref(share(other.state_)) {}
    state_ref(state_ref&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    state_ref& operator=(state_ref other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~state_ref() {
        if (state_ != nullptr) {
            state_->drop();
        }
    }

    [[nodiscard]] State* get() const noexcept { return state_; }
    /// Gives the reference to the caller.
    [[nodiscard]] State* release() noexcept { return std::exchange(state_, nullptr); }
    State* operator->() const noexcept { return state_; }
    State& operator*() const noexcept { return *state_; }
    /// Throws: invalid_state_error if it owns none.
    [[nodiscard]] State& checked() const {
        if (state_ == nullptr) [[unlikely]] {
            throw_empty_handle();
        }
        return *state_;
    }
    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    explicit state_ref(State* state) noexcept : state_(state) {}
    State* state_ = nullptr;
};

/// Waits for one state. What a cancel does to the producer is the caller's choice.
class EDDY_API future_wait : private future_waiter, public op {
public:
    enum class on_cancel : std::uint8_t {
        stop_waiting,   // the producer goes on
        cancel_producer // the request is passed on, the wait goes on
    };

    future_wait(future_state& state, on_cancel policy) noexcept : policy_(policy), state_(&state) {}
    future_wait(future_wait&& fresh) noexcept
        : op(), policy_(fresh.policy_), state_(fresh.state_) {}

    bool await_ready() const noexcept { return state_->done() && scheduler::may_go_on(); }
    bool await_suspend(promise_base& promise);

    abort_result abort() noexcept override;
    [[nodiscard]] branch* next_target() noexcept override;
    void show(await_look& look) const noexcept override;

protected:
    ~future_wait() = default;
    [[nodiscard]] future_state& state() const noexcept { return *state_; }
    /// For await_resume. Throws: cancelled_error if the wait was aborted. A cancel that was passed
    /// on, but came in the producer's last step, is pending here again.
    void check_cancel() {
        check_aborted();
        if (passed_on()) [[unlikely]] {
            keep_unheard_cancel();
        }
    }

private:
    [[gnu::cold]] void keep_unheard_cancel() noexcept;
    void notify() noexcept override { wake(); }
    [[nodiscard]] const branch* awaiting() const noexcept override { return &waiter(); }

    // The first two in what op leaves free.
    on_cancel policy_;
    bool target_given_ = false; // in the cancel walk that is under way
    future_state* state_;
};
static_assert(sizeof(future_wait) <= 48);

} // namespace eddy::inline v0
