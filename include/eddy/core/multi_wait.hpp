// multi_wait.hpp — waits for several states at once: behind gather of tasks and wait.
//
// Threads:    the awaiting branch; notify and expire: any thread.
// Memory:     one link a state, allocated with the op. The states must outlive it.
// Invariants: I1  whoever sets settled_ has the only right to wake.
//             I2  finish() returns when no completer touches the op any more.
// Pairs:      P1  left_: notify -> finish       the frame is not freed under a completer, and the
//                 branch sees cause_
// Design:     docs/design/future.md

#pragma once

#include <eddy/core/future_state.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace eddy::inline v0 {

class EDDY_API multi_wait : public op {
public:
    enum class until : std::uint8_t {
        all,             // all are done
        first,           // any is done
        first_exception, // any has failed, other than by a cancel; or all are done
        first_failure    // any has failed or was cancelled; or all are done
    };
    enum class on_abort : std::uint8_t { stop_waiting, cancel_producers };
    using states = std::vector<future_state*>;

    bool await_ready() const noexcept { return states_.empty(); }
    bool await_suspend(promise_base& promise);
    abort_result abort() noexcept override;
    [[nodiscard]] branch* next_target() noexcept override;
    void show(await_look& look) const noexcept override;

protected:
    /// Ends the wait as it stands; any thread. True: the caller must wake the waiter.
    [[nodiscard]] bool expire() noexcept {
        return !settled_.exchange(true, relaxed); // count: one is first
    }
    /// Registers with all states; inside park().
    void register_all() noexcept;

    /// Throws: invalid_state_error if a handle refers to nothing.
    multi_wait(states of, until condition, on_abort policy);
    multi_wait(multi_wait&& fresh) noexcept;
    ~multi_wait() = default;

    template <typename Handles>
    static states states_of(const Handles& handles) {
        states out;
        out.reserve(handles.size());
        for (const auto& each : handles) {
            out.push_back(each.state());
        }
        return out;
    }

    /// For await_resume: leaves all states. Throws: cancelled_error if the wait was aborted, or if
    /// a cancel was passed on, whatever the producers made of it; but not if the first failure was
    /// an exception.
    void finish();
    /// After finish(): throws the failure of `handle`, if that is what ended the wait.
    template <typename Handle>
    void check_if_cause(const Handle& handle) const {
        if (handle.state() == cause_) {
            handle.check_failure();
        }
    }

private:
    class link final : public future_waiter {
    public:
        multi_wait* owner = nullptr;
        future_state* state = nullptr;

    private:
        void notify() noexcept override { owner->notified(*state); }
        [[nodiscard]] const branch* awaiting() const noexcept override { return &owner->waiter(); }
    };

    void notified(future_state& state) noexcept;
    [[nodiscard]] bool enough(const future_state& state) noexcept;

    states states_;
    std::unique_ptr<link[]> links_;
    until condition_;
    on_abort policy_;
    bool armed_ = false;
    std::size_t targets_given_ = 0; // in the cancel walk that is under way
    bool cancel_seen_ = false;      // written under the branch's lock, read when it runs again
    const future_state* cause_ = nullptr; // what ended the wait; by whoever set settled_
    atomic<bool> settled_{false};
    atomic<std::uint32_t> remaining_;
    atomic<std::uint32_t> left_{0};
};

} // namespace eddy::inline v0
