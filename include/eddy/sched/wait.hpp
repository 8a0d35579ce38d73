// wait.hpp — wait for several tasks, as asyncio.wait: all, the first, the first exception, or a
// time. Never cancels.

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/completion_queue.hpp>
#include <eddy/core/multi_wait.hpp>
#include <eddy/io/timer_wheel.hpp>
#include <eddy/sched/create_task.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// When wait returns. A task that was cancelled is no exception.
enum class return_when : std::uint8_t { all_completed, first_completed, first_exception };

/// What wait may be told.
struct wait_options {
    return_when when = return_when::all_completed;
    /// After this the wait returns as it stands; nothing is cancelled.
    std::optional<clock::duration> timeout{};
};

/// The tasks that were done when a wait returned, and the others; each in the order of the range.
template <typename Task>
struct wait_result {
    std::vector<Task> done;
    std::vector<Task> pending;
};

/// A multi_wait that a timer can end.
class EDDY_API timed_wait : public multi_wait, private timer_node {
public:
    bool await_suspend(promise_base& promise);

protected:
    timed_wait(states of, until condition, std::optional<clock::duration> limit)
        : multi_wait(std::move(of), condition, on_abort::stop_waiting), timer_node(&fired),
          limit_(limit) {}
    timed_wait(timed_wait&& fresh) noexcept : timed_wait(fresh.limit_, std::move(fresh)) {}
    ~timed_wait() = default;

    /// For await_resume: takes the timer back, then as multi_wait::finish.
    void finish_timed();

    static until condition_of(return_when when) noexcept {
        switch (when) {
        case return_when::first_completed:
            return until::first;
        case return_when::first_exception:
            return until::first_exception;
        case return_when::all_completed:
            break;
        }
        return until::all;
    }

private:
    timed_wait(std::optional<clock::duration> limit, multi_wait&& fresh) noexcept
        : multi_wait(std::move(fresh)), timer_node(&fired), limit_(limit) {}

    static void fired(timer_node& node) noexcept;

    std::optional<clock::duration> limit_;
    timer_wheel* wheel_ = nullptr;
    atomic<bool> fire_ended_{false};
};

template <typename Task>
class wait_op final : private std::vector<Task>, public timed_wait {
public:
    wait_op(std::vector<Task> tasks, const wait_options& options)
        : std::vector<Task>(std::move(tasks)),
          timed_wait(states_of(static_cast<const std::vector<Task>&>(*this)),
                     condition_of(options.when), options.timeout) {}

    wait_op(wait_op&&) noexcept = default;

    wait_result<Task> await_resume() {
        finish_timed();
        wait_result<Task> out;
        for (Task& each : *this) {
            (each.done() ? out.done : out.pending).push_back(std::move(each));
        }
        return out;
    }
};

/// Waits for tasks (task<T>, any_task or future<T>) until `options.when` holds or the time is over;
/// gives {done, pending}.
///
/// Suspends: unless the condition holds already. (asyncio: always, unless the range is empty.)
/// Cancel:   ends the wait; the tasks go on.
template <typename Task>
    requires requires(const Task& t) {
        { t.state() } -> std::convertible_to<future_state*>;
    }
[[nodiscard]] auto wait(std::vector<Task> tasks, const wait_options& options = {}) {
    return wait_op<Task>(std::move(tasks), options);
}

/// The same for coroutines, which become tasks first.
template <typename T>
[[nodiscard]] auto wait(std::vector<coro<T>> bodies, const wait_options& options = {},
                        std::source_location site = std::source_location::current()) {
    std::vector<task<T>> tasks;
    tasks.reserve(bodies.size());
    for (coro<T>& each : bodies) {
        tasks.push_back(create_task(std::move(each), {}, site));
    }
    return wait_op<task<T>>(std::move(tasks), options);
}

/// Gives tasks in the order in which they end.
///
///     for (auto each = as_completed(tasks); auto t = co_await each.next();) { use(t->result()); }
///
/// next() is awaited by one at a time. (asyncio: by any number.)
/// Throws: invalid_state_error if it is awaited already, or if a handle refers to nothing.
/// Cancel: of next(): nothing is lost, the task that ended comes with the following one.
template <typename Task>
class completion_order {
public:
    explicit completion_order(std::vector<Task> tasks)
        : tasks_(std::move(tasks)), queue_(std::make_unique<completion_queue>(states_of(tasks_))) {}

    /// The next task that has ended, nothing when all have been given.
    ///
    /// Cancel: ends the wait; the tasks go on.
    coro<std::optional<Task>> next() {
        if (queue_->at_end()) {
            co_return std::nullopt;
        }
        co_return tasks_[co_await queue_->next()];
    }

private:
    static std::vector<future_state*> states_of(const std::vector<Task>& tasks) {
        std::vector<future_state*> out;
        out.reserve(tasks.size());
        for (const Task& each : tasks) {
            out.push_back(each.state());
        }
        return out;
    }

    std::vector<Task> tasks_;
    std::unique_ptr<completion_queue> queue_; // refers to the tasks: dies first
};

/// Gives `tasks` in the order in which they end: see completion_order.
template <typename Task>
    requires(!is_coro<Task>)
[[nodiscard]] completion_order<Task> as_completed(std::vector<Task> tasks) {
    return completion_order<Task>(std::move(tasks));
}
/// The same for coroutines, which become tasks first.
template <typename T>
[[nodiscard]] completion_order<task<T>>
as_completed(std::vector<coro<T>> bodies,
             std::source_location site = std::source_location::current()) {
    std::vector<task<T>> tasks;
    tasks.reserve(bodies.size());
    for (coro<T>& each : bodies) {
        tasks.push_back(create_task(std::move(each), {}, site));
    }
    return completion_order<task<T>>(std::move(tasks));
}

} // namespace eddy::inline v0
