// runtime.hpp — N workers, each a thread with an event loop; run(coro) makes one, runs, and closes
// it.
//
// Threads:    one thread drives a runtime: the constructor, run_*, poll_once and what belongs to
//             it, close, loop. The rest: any, also while it closes.
// Memory:     a thread, an epoll and an eventfd a worker; the calling thread is the first worker
//             while it runs.

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/function.hpp>
#include <eddy/core/await_chain.hpp>
#include <eddy/core/future.hpp>
#include <eddy/core/outcome.hpp>
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/event_loop.hpp>
#include <eddy/sched/simulation.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

class runtime_core;

/// How a runtime is to be.
struct runtime_options {
    /// Each a thread, the first one the caller's. 0: EDDY_WORKERS, or else as many as the affinity
    /// mask and the control group's CPU quota allow. At most workers_max (256).
    unsigned workers = 0;
    /// Reports slow steps after 100 ms, and what functions the thread is in then, which takes a
    /// handler of SIGURG unless the program has one. Also switched on by EDDY_DEBUG=1.
    bool debug = false;
    /// Time stands still while anything can run, and jumps to the next timer when nothing can. Also
    /// switched on by EDDY_VIRTUAL_TIME=1. For tests: sleeps of hours take no time.
    bool virtual_time = false;
    /// How long close() waits for tasks that were cancelled. In virtual time a task that never
    /// sleeps makes that for ever.
    std::chrono::nanoseconds grace = std::chrono::seconds(10);
    /// A step longer than this is reported, as seen from another worker; 0: 100 ms in debug mode,
    /// else 1 s.
    std::chrono::nanoseconds slow_step{0};
    /// Called at each suspension of a task, on the worker that runs it, before it suspends. For
    /// tests: may cancel.
    std::function<void(const any_task&)> on_suspend{};
    /// Makes the workers virtual: all run on the driver's thread, in virtual time, in an order that
    /// the seed decides. 4 workers if `workers` is 0. Also switched on by EDDY_SIMULATE=1, with the
    /// seed of EDDY_SEED.
    std::optional<simulation_options> simulation{};
    /// What happens when all tasks wait and nothing in the runtime can wake one: no timer, no
    /// descriptor, no outside_work. Other threads of the process get a second first, and any time
    /// if they have posted here before.
    enum class on_deadlock : std::uint8_t {
        report, // report_kind::deadlock, once
        stop    // the run throws deadlock_error, as in a simulation; other threads get a second
    };
    on_deadlock deadlock = on_deadlock::report;
};

/// What has not ended, and who is waited for.
struct live_counts {
    std::size_t tasks = 0;
    std::size_t timers = 0;
    std::size_t descriptors = 0; // waits and watches: two for one that is read and written
    std::int64_t frames = 0;     // coroutine frames and control blocks, of the whole process
};

/// Workers that can be run again and again; run() is enough for most programs.
class EDDY_API runtime {
public:
    /// Throws: std::system_error if threads, epolls or eventfds cannot be had, or EDDY_WORKERS is
    ///         not a number from 1 to 256; std::invalid_argument if options.workers is larger.
    explicit runtime(runtime_options options = {});
    /// As close(); the program ends if that throws.
    ~runtime();
    runtime(const runtime&) = delete;
    runtime& operator=(const runtime&) = delete;

    /// Runs `main` and whatever else there is until `main` ends; gives its result. May be called
    /// again.
    ///
    /// Throws: what `main` throws; already_running; runtime_closed; std::invalid_argument for an
    ///         empty coro.
    template <typename T>
    T run_until_complete(coro<T> main, const task_options& options = {.name = {}},
                         std::source_location site = std::source_location::current()) {
        check_can_run();
        task<T> handle = create_task(std::move(main), options, site);
        drive(handle);
        return take(handle);
    }

    /// Runs until stop().
    void run_forever();
    /// Ends run_forever, or the current or next run; nothing once it closes. Any thread, and tasks.
    void stop() noexcept;
    [[nodiscard]] bool is_running() const noexcept;
    [[nodiscard]] bool is_closed() const noexcept;

    // -- driven by a loop that is there already; one worker --

    /// Runs what is ready, and returns: the loop of another library drives the runtime.
    ///
    ///     for (;;) { wait_for_events(rt.fd(), rt.next_deadline()); rt.poll_once(); }
    ///
    /// Gives the number of steps: tasks and callbacks that ran. At most 1024 a call; what is ready
    /// still is told by next_deadline() and fd(). In virtual time, where nothing can run, the clock
    /// jumps to the next timer first. A task that does not await keeps the foreign loop, too: there
    /// is no sibling that would help.
    /// Throws:   invalid_state_error unless the runtime has one worker; already_running;
    ///           runtime_closed.
    /// Threads:  the one that drives. stop() has no effect on it.
    /// Example:  docs/examples/embedding.cpp
    std::size_t poll_once();
    /// A descriptor that becomes readable (poll, select, epoll) when a descriptor of the runtime is
    /// ready or another thread has posted something. It is the runtime's: not to be read, nor
    /// closed. Throws: as poll_once.
    [[nodiscard]] int fd();
    /// When to call poll_once() at the latest, as the runtime's clock has it: a time that has
    /// passed if something is ready, time_point::max() if there is no timer. Throws: as poll_once.
    [[nodiscard]] clock::time_point next_deadline();

    /// Makes `body` a task; it runs when the runtime does. Any thread. From outside of the runtime
    /// an eager task is not, and a pinned one runs on loop 0.
    /// Throws: std::invalid_argument for an empty coro; runtime_closed, from outside also while it
    ///         closes.
    template <typename T>
    task<T> create_task(coro<T> body, const task_options& options = {},
                        std::source_location site = std::source_location::current()) {
        check_open();
        auto state = state_ref<task_state_of<T>>::adopt(make_task_state(std::move(body), site));
        launch(*state, options);
        return task<T>(std::move(state));
    }

    /// Cancels what is left, awaits it for the grace period, reports what refuses to end by name,
    /// and ends the threads. What refused is abandoned: its frames, and the loops they may refer
    /// to, are not freed.
    /// Throws: already_running.
    void close();

    /// The loop of worker `index`. Throws: std::out_of_range; runtime_closed after close().
    [[nodiscard]] event_loop& loop(unsigned index = 0);
    /// How many workers there are; 0 after close().
    [[nodiscard]] unsigned workers() const noexcept;
    /// All tasks that have not ended. Any thread.
    [[nodiscard]] std::vector<any_task> all_tasks() const;
    /// How much there is. Any thread; exact between two runs. (leak_check.hpp names it.)
    [[nodiscard]] live_counts live() const;
    /// The descriptors that are waited for or watched, once for each wait. Any thread.
    [[nodiscard]] std::vector<int> watched_descriptors() const;

private:
    void check_can_run() const;
    void check_embedded() const;
    void check_open() const;
    void drive(const any_task& main);
    void launch(task_base& state, const task_options& options);
    void close_tasks() noexcept;
    void run_close(coro<> body);

    template <typename T>
    static T take(const task<T>& handle) {
        (void)handle.result(); // throws, and marks it retrieved
        return handle.typed().slot().take();
    }

    std::unique_ptr<runtime_core> core_; // stays when it is closed: other threads may look at it
};

/// What everybody waits for: each task of each runtime of the process with its await chain, as
/// format_tasks(span) of await_chain.hpp writes it.
///
/// Threads: any, also one that runs no loop, while all loops are stuck.  Throws: std::bad_alloc.
[[nodiscard]] EDDY_API std::string format_tasks();

/// Makes a runtime, runs `main` on it, cancels and awaits what is left, and gives the result of
/// `main`.
///
/// Throws:   what `main` throws; already_running if the thread runs a loop; as runtime().
/// Threads:  any that runs no loop; blocks it. One after the other, or on several threads at once.
template <typename T>
T run(coro<T> main, runtime_options options = {},
      std::source_location site = std::source_location::current()) {
    if (try_get_running_loop() != nullptr) {
        throw already_running("run() cannot be called from a running event loop");
    }
    if (!main.valid()) {
        throw_empty_coro();
    }
    runtime mine(std::move(options));
    return mine.run_until_complete(std::move(main), {}, site);
}

/// Runs `fn(args...)`, stored meanwhile, as run(coro).
template <typename Fn>
    requires coroutine_function<std::decay_t<Fn>>
auto run(Fn&& fn, runtime_options options = {},
         std::source_location site = std::source_location::current()) {
    return run(kept_call(std::forward<Fn>(fn)), std::move(options), site);
}
template <typename Fn, typename A, typename... Args>
    requires coroutine_function<std::decay_t<Fn>, std::decay_t<A>, std::decay_t<Args>...>
auto run(Fn&& fn, A&& a, Args&&... args) {
    return run(kept_call(std::forward<Fn>(fn), std::forward<A>(a), std::forward<Args>(args)...));
}

} // namespace eddy::inline v0
