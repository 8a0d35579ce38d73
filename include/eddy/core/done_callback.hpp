// done_callback.hpp — functions that a loop calls once a task or a future is done.
//
// Threads:    all: any thread.
// Memory:     a callback keeps what it is for, and frees itself once it was called or removed.
// Invariants: I1  a callback is called once, or removed, or dropped with its loop.
// Design:     docs/design/future.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/core/future_state.hpp>

#include <utility>

namespace eddy::inline v0 {

class task_base;

/// What add_done_callback gives, for remove_done_callback; it may be dropped.
class done_callback_handle {
public:
    done_callback_handle() noexcept = default;
    done_callback_handle(done_callback_handle&&) noexcept = default;
    done_callback_handle& operator=(done_callback_handle&&) noexcept = default;

private:
    friend class done_callback;
    done_callback_handle(state_ref<future_state> of, future_waiter& added) noexcept
        : of_(std::move(of)), added_(&added) {}

    // Only of what is not done, and removed once: so nothing else can be at that address.
    state_ref<future_state> of_;
    future_waiter* added_ = nullptr;
};

/// Has `call`, which keeps `state`, called by the loop of `on` once `state` is done. What it throws
/// is reported, with the name of `task` if there is one.
///
/// Throws:   no_running_loop if `on` is null; std::bad_alloc.
EDDY_API done_callback_handle add_done_callback(future_state& state, std::function<void()> call,
                                                scheduler* on, const task_base* task = nullptr);

/// The callback will not be called. False: `state` is done, or the callback is not one of it.
EDDY_API bool remove_done_callback(future_state& state, const done_callback_handle& added) noexcept;

} // namespace eddy::inline v0
