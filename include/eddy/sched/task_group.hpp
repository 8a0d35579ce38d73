// task_group.hpp — tasks that end before the scope that made them: they fail together, or each for
// itself.
//
// A group exists only inside with_task_group or with_supervisor_group, which await its children
// however the body ends; so no child outlives what it refers to.
//
// Threads:    create_task: the body, and tasks of the same runtime while the body or a child of the
//             group runs.  cancel, size_hint: any thread, meanwhile.
// Memory:     one node a child, from frame_cache, until the child ends; that of a child which has
//             failed, until the group does.
// Invariants: I1  alive_ counts the children that have not left and the cancellers at work; the
//                 group ends when it is 0, and who made it so does not touch the group any more.
//             I2  once aborting_ is set every child has been cancelled, or is just being.
//             I3  the branch that waits is woken by whoever takes waiting_, outside of the lock.
// Pairs:      P1  holds_: drop -> the last drop      who frees a node sees all uses before
// Design:     docs/design/task_group.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/core/coroutine_function.hpp>
#include <eddy/core/exception_group.hpp>
#include <eddy/core/outcome.hpp>
#include <eddy/core/own_branch.hpp>
#include <eddy/sched/create_task.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// What task_group and supervisor_group have in common: the children, and the wait for them.
class EDDY_API child_group {
public:
    child_group(const child_group&) = delete;
    child_group& operator=(const child_group&) = delete;

    /// Makes `body` a task of the group, as eddy::create_task.
    ///
    /// In a group that is being cancelled the task is cancelled before it starts. (asyncio throws;
    /// but here the creator may run on another worker than the canceller, and know nothing yet.)
    /// Throws:   invalid_state_error if the group has ended; as eddy::create_task.
    /// Cost:     as eddy::create_task, and one allocation from the frame cache.
    template <typename T>
    task<T> create_task(coro<T> body, const task_options& options = {},
                        std::source_location site = std::source_location::current()) {
        scheduler& on = require_running("a group's create_task");
        reservation place(*this);
        auto state = state_ref<task_state_of<T>>::adopt(make_task_state(std::move(body), site));
        place.admit(*state);
        launch(on, *state, options, nullptr);
        return task<T>(std::move(state));
    }
    /// The same for `fn(args...)`, which are stored with the task; of one with more than two
    /// arguments the creation site is a line of this file, as eddy::create_task says.
    template <typename Fn>
        requires coroutine_function<std::decay_t<Fn>>
    auto create_task(Fn&& fn, std::source_location site = std::source_location::current()) {
        return create_task(kept_call(std::forward<Fn>(fn)), task_options{}, site);
    }
    template <typename Fn, typename A>
        requires coroutine_function<std::decay_t<Fn>, std::decay_t<A>>
    auto create_task(Fn&& fn, A&& a, std::source_location site = std::source_location::current()) {
        return create_task(kept_call(std::forward<Fn>(fn), std::forward<A>(a)), task_options{},
                           site);
    }
    template <typename Fn, typename A, typename B>
        requires coroutine_function<std::decay_t<Fn>, std::decay_t<A>, std::decay_t<B>>
    auto create_task(Fn&& fn, A&& a, B&& b,
                     std::source_location site = std::source_location::current()) {
        return create_task(kept_call(std::forward<Fn>(fn), std::forward<A>(a), std::forward<B>(b)),
                           task_options{}, site);
    }
    template <typename Fn, typename... Args>
        requires(sizeof...(Args) > 2 && coroutine_function<std::decay_t<Fn>, std::decay_t<Args>...>)
    auto create_task(Fn&& fn, Args&&... args) {
        return create_task(kept_call(std::forward<Fn>(fn), std::forward<Args>(args)...));
    }
    /// A child that awaits `awaited`, which is moved in.
    template <keepable_awaitable A>
    auto create_task(A&& awaited, const task_options& options = {},
                     std::source_location site = std::source_location::current()) {
        return create_task(await_and_keep<A>(std::forward<A>(awaited)), options, site);
    }

    /// Ends the group without an error: cancels its children, and the body if that still runs.
    /// What they throw besides cancelled_error counts as ever.
    void cancel() noexcept;
    /// How many children have not ended.
    [[nodiscard]] std::size_t size_hint() const noexcept;

    /// Gets a child that has failed, and its exception.
    using failure_handler = std::function<void(const any_task&, const std::exception_ptr&)>;

    /// For with_task_group and with_supervisor_group: runs `body` with a new Group.
    template <typename Group, typename Body>
    static auto enter(Body body, failure_handler handler = {})
        -> coro<typename std::invoke_result_t<Body&, Group&>::value_type> {
        Group group(co_await own_branch_op(), std::move(handler));
        child_group& mine = group;
        auto result = co_await as_result(call_and_await(body, group));
        mine.end_body(result.error());
        while (co_await join_op(mine) == join_end::cancelled) {
            mine.cancelled_while_joining();
        }
        mine.check(result.error());
        if constexpr (!std::is_void_v<decltype(std::move(result).value())>) {
            co_return std::move(result).value();
        }
    }

protected:
    enum class on_failure : bool { cancel_all, go_on };

    child_group(branch& over, on_failure policy, failure_handler handler) noexcept;
    ~child_group();

private:
    class child;
    enum class join_end : bool { all_ended, cancelled };

    /// Waits until alive_ is 0. A cancel ends the wait, and is absorbed.
    class EDDY_API join_op final : public op {
    public:
        explicit join_op(child_group& of) noexcept : group_(of) {}

        [[nodiscard]] bool await_ready() const noexcept { return group_.close_if_empty(); }
        bool await_suspend(promise_base& promise);
        [[nodiscard]] join_end await_resume() const noexcept {
            return aborted() ? join_end::cancelled : join_end::all_ended;
        }
        abort_result abort() noexcept override;
        void show(await_look& look) const noexcept override;

    private:
        friend class child_group;
        child_group& group_;
    };

    /// Room for a child: until that has been admitted, or this dies, the group does not end.
    class EDDY_API reservation {
    public:
        /// Throws: invalid_state_error, std::bad_alloc.
        explicit reservation(child_group& group);
        ~reservation();
        reservation(const reservation&) = delete;
        reservation& operator=(const reservation&) = delete;

        /// `state` is a child from now on; the caller launches it.
        void admit(task_base& state) noexcept;

    private:
        child_group& group_;
        child* place_; // null: admitted
    };

    [[nodiscard]] bool close_if_empty() noexcept;
    [[nodiscard]] branch* count_down() noexcept;
    void leave() noexcept;
    void ended(child& mine) noexcept;
    [[nodiscard]] bool forget(child& mine) noexcept;
    void settle(child& mine) noexcept;
    [[nodiscard]] bool note_failure(child& mine) noexcept;
    void call_handler(const child& mine) const noexcept;
    void abort_all() noexcept;

    void end_body(const std::exception_ptr& error) noexcept;
    void cancelled_while_joining() noexcept;
    void check(const std::exception_ptr& body_error);
    enum class delivery : bool { outstanding, made };
    [[nodiscard]] bool take_request_back(delivery how) noexcept;
    [[nodiscard]] std::vector<std::exception_ptr> take_errors();

    branch* branch_; // that runs the body
    const on_failure policy_;
    const std::uint16_t requests_before_;
    bool join_cancelled_ = false; // the branch's own
    const failure_handler handler_;

    mutable spin_lock lock_; // the rest
    bool body_runs_ = true;
    bool aborting_ = false;
    bool body_cancelled_ = false; // by this group
    bool closed_ = false;
    std::size_t alive_ = 0;
    join_op* waiting_ = nullptr;
    intrusive_list<child> children_; // not cancelled by this group yet
    intrusive_list<child> told_;     // cancelled by it
    intrusive_list<child> failed_;   // in the order of their ends
};

/// asyncio's TaskGroup; made by with_task_group.
class EDDY_API task_group final : public child_group {
private:
    friend child_group;
    task_group(branch& over, const failure_handler& /*none*/) noexcept
        : child_group(over, on_failure::cancel_all, {}) {}
};

/// A group whose children fail each for itself; made by with_supervisor_group.
class EDDY_API supervisor_group final : public child_group {
private:
    friend child_group;
    supervisor_group(branch& over, failure_handler handler) noexcept
        : child_group(over, on_failure::go_on, std::move(handler)) {}
};

/// Runs `body(group)` and awaits it and every task that was made with `group.create_task`; gives
/// the body's result. The first one that fails, child or body, has the others cancelled.
///
///     co_await eddy::with_task_group([&](eddy::task_group& group) -> eddy::coro<> {
///         group.create_task(serve(clients));
///         group.create_task(watch(files));
///         co_return;
///     });
///
/// Suspends: until body and children have ended, whatever happens.
/// Throws:   exception_group with what the children and the body threw, cancelled_error aside. A
///           cancel that came as well stays pending for the next await.
/// Cancel:   passes to the body and the children; cancelled_error once all have ended.
///           group.cancel() is not an error: a body that is coro<> ends normally; one that has a
///           result to give and was stopped has none, and throws cancelled_error.
/// Example:  docs/examples/task_group.cpp
template <typename Body>
    requires coroutine_function<Body, task_group&>
[[nodiscard]] auto with_task_group(Body body) {
    return child_group::enter<task_group>(std::move(body));
}

/// The same, but a child that fails has nobody cancelled: the others go on. All failures are thrown
/// as one exception_group when all have ended.
///
/// Cancel:   as with_task_group; a body that throws has the children cancelled.
template <typename Body>
    requires coroutine_function<Body, supervisor_group&>
[[nodiscard]] auto with_supervisor_group(Body body) {
    return child_group::enter<supervisor_group>(std::move(body));
}

/// The same with a handler, which is called as soon as a child has failed; the failure counts as
/// seen and is not thrown. The handler may create the next task in the group.
///
/// Threads:  `handler` is called by the loop on which the child ended, as call_soon does: not in a
///           task; for children of several loops at the same time. It must not throw.
template <typename Body>
    requires coroutine_function<Body, supervisor_group&>
[[nodiscard]] auto with_supervisor_group(Body body, child_group::failure_handler handler) {
    return child_group::enter<supervisor_group>(std::move(body), std::move(handler));
}

} // namespace eddy::inline v0
