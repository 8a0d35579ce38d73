// event_loop.hpp — one worker's loop: callbacks, timers, descriptors.
//
// Threads:    as asyncio: call_soon_threadsafe and time from any thread; the rest from tasks and
//             callbacks of the same runtime, on any of its workers.
// Invariants: I1  callbacks of one loop run one at a time, in the order they were queued.

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/core/future.hpp>

#include <concepts>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

class worker;

/// A callback that was queued. Copies refer to the same one.
class EDDY_API callback_handle {
public:
    struct state;

    callback_handle() noexcept = default;
    explicit callback_handle(std::shared_ptr<state> of) noexcept : state_(std::move(of)) {}

    /// The callback will not be called, unless it has begun. Any thread.
    void cancel() const noexcept;
    [[nodiscard]] bool cancelled() const noexcept;
    /// When a call_later or call_at is due; the time of the call for call_soon.
    [[nodiscard]] clock::time_point when() const noexcept;

private:
    std::shared_ptr<state> state_;
};

/// The loop of one worker: get_running_loop() in tasks and callbacks, runtime::loop() elsewhere.
///
/// A callback is called by the loop, or by a sibling while the loop is stuck; never two of one loop
/// at a time. What it throws is reported. A sibling may call it while the task that queued it goes
/// on, or ends by a cancel: what it refers to must not be in that task's frame.
class EDDY_API event_loop {
public:
    using function = std::function<void()>;

    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    /// Calls `fn(args...)`, stored until then, from the loop, after everything that is ready now.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>&, std::decay_t<Args>&...>
    callback_handle call_soon(Fn&& fn, Args&&... args) {
        return queue(bound(std::forward<Fn>(fn), std::forward<Args>(args)...));
    }

    /// The same from any thread; wakes the loop if it sleeps.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>&, std::decay_t<Args>&...>
    callback_handle call_soon_threadsafe(Fn&& fn, Args&&... args) {
        return queue(bound(std::forward<Fn>(fn), std::forward<Args>(args)...));
    }

    /// Calls `fn(args...)` from the loop after `delay`.
    template <typename Rep, typename Period, typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>&, std::decay_t<Args>&...>
    callback_handle call_later(std::chrono::duration<Rep, Period> delay, Fn&& fn, Args&&... args) {
        return queue_at(deadline_after(time(), delay),
                        bound(std::forward<Fn>(fn), std::forward<Args>(args)...));
    }

    /// Calls `fn(args...)` from the loop at `when`.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>&, std::decay_t<Args>&...>
    callback_handle call_at(clock::time_point when, Fn&& fn, Args&&... args) {
        return queue_at(when, bound(std::forward<Fn>(fn), std::forward<Args>(args)...));
    }

    /// The loop's time: steady, virtual in tests. Any thread.
    [[nodiscard]] clock::time_point time() const noexcept;

    /// A promise; its future completes wherever it is set from.
    template <typename T>
    [[nodiscard]] promise<T> create_future() {
        return promise<T>();
    }

    // -- descriptors of other libraries --

    /// Calls `fn` whenever `fd` can be read (or has failed), until remove_reader. Replaces an
    /// earlier one of the fd.
    ///
    /// Throws: std::system_error: EPERM, a regular file, always ready; EBADF.
    void add_reader(int fd, function fn);
    /// The same for writing.
    void add_writer(int fd, function fn);
    /// False: there was none. Called from a callback of this loop, it is the end: the function is
    /// not called any more. Called from elsewhere, one call may be under way.
    bool remove_reader(int fd);
    bool remove_writer(int fd);

    /// The worker behind it, for the library itself.
    [[nodiscard]] worker& owner() const noexcept { return *owner_; }

protected:
    explicit event_loop(worker& owner) noexcept : owner_(&owner) {}
    ~event_loop() = default;

private:
    template <typename Fn, typename... Args>
    static function bound(Fn&& fn, Args&&... args) {
        if constexpr (sizeof...(Args) == 0 && std::copy_constructible<std::decay_t<Fn>>) {
            return function(std::forward<Fn>(fn));
        } else { // behind a pointer, since std::function wants to copy what it holds
            auto call =
                std::make_shared<std::pair<std::decay_t<Fn>, std::tuple<std::decay_t<Args>...>>>(
                    std::forward<Fn>(fn),
                    std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...));
            return [call] { std::apply(call->first, call->second); };
        }
    }

    callback_handle queue(function fn);
    callback_handle queue_at(clock::time_point when, function fn);

    worker* owner_;
};

/// The loop of the calling thread. Throws: no_running_loop outside of tasks and callbacks.
[[nodiscard]] EDDY_API event_loop& get_running_loop();

/// The same, nullptr outside.
[[nodiscard]] EDDY_API event_loop* try_get_running_loop() noexcept;

/// All loops of the running runtime, in their order; for task_options::loop.
/// Throws: no_running_loop; std::bad_alloc.
[[nodiscard]] EDDY_API std::vector<event_loop*> get_all_loops();

} // namespace eddy::inline v0
