// runtime_core.hpp — what the workers of a runtime share: who sleeps, the clock, and whether they
// run at all.
//
// Threads:    run, turn, begin_close, close: the driver.  The rest: any thread, until this is
//             destroyed.
// Invariants: I1  outside of run() and turn() no worker runs a step.
//             I2  at most one worker is the watcher: the one that sleeps no longer than its
//                 watch_period_, to look after siblings that are stuck.
// Pairs:      P1  phase_, pause_requested_: run, pause, end_threads -> the workers, run
//             P2  active_: a worker leaves its loop -> run: the driver sees what it did
//             P3  sleeping_: enter_sleep -> all_asleep: the last one to sleep sees what the others
//                 did
//             P4  watched_: resign -> become_watcher: looks_ has one user at a time
//             P5  watched_ then the idle word (resign, wake_one)  vs  the idle word then watched_
//                 (announce, become_watcher), all seq_cst: who falls asleep watches, or is woken to
//                 do so
//             P6  closed_: close -> closed                        who finds it closed sees what was
//                 done
//             P7  pausers_ then phase_ (pause)  vs  phase_ then pausers_ (close), all seq_cst: a
//                 pause finds it closed, or the workers stay until it is over

#pragma once

#include "sched/deadlock.hpp"
#include "sched/outside_account.hpp"
#include "sched/parking.hpp"
#include "sched/worker.hpp"
#include <eddy/base/clock.hpp>
#include <eddy/base/random.hpp>
#include <eddy/core/report.hpp>
#include <eddy/sched/runtime.hpp>
#include <eddy/sched/runtime_service.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace eddy::inline v0 {

class simulator;

/// Whether an environment variable is set, and neither empty nor 0.
[[nodiscard]] bool switched_on(const char* variable) noexcept;

class runtime_core {
public:
    explicit runtime_core(runtime_options options);
    ~runtime_core();
    runtime_core(const runtime_core&) = delete;
    runtime_core& operator=(const runtime_core&) = delete;

    // -- the driver --

    /// Runs all workers, the first one on this thread, until pause() is asked for.
    /// Throws: runtime_closed if it returns in the child of a fork.
    void run();
    /// Runs what is ready on the only worker, which is this thread meanwhile. Throws: as run().
    std::size_t turn();
    /// Refuses stops and what other threads want to start. Tasks go on, and may start others.
    void begin_close() noexcept;
    /// Ends the threads; lets the workers go, unless tasks are left: those refer to them. No worker
    /// runs.
    void close() noexcept;
    /// After a run. Throws: deadlock_error if that is how it ended.
    void throw_if_deadlocked();

    // -- any thread --

    /// Makes run() return: at once if it is not running yet.
    void pause() noexcept;
    /// The same for a user; nothing once the runtime closes.
    void stop() noexcept;
    /// Whether it is closed. It is in the child of a fork as well: its threads are not there.
    [[nodiscard]] bool closed() const noexcept {
        return closed_.load(acquire) || forked(); // P6
    }
    /// Throws: runtime_closed in the child of a fork.
    void check_not_forked() const;
    /// Whether this is the child of a process that made the runtime.
    [[nodiscard]] bool forked() const noexcept {
        return born_ != forks_.load(relaxed); // own: see in_forked_child
    }
    /// Registers and queues `state` on `on`, or on the first worker, from any thread.
    /// Throws: runtime_closed, to a thread that is no worker of it also while it closes; then
    ///         `state` has been refused.
    void launch_from_outside(worker* on, task_base& state, const task_options& options);
    [[nodiscard]] bool running() const noexcept {
        return phase_.load(acquire) == phase::running; // P1
    }
    [[nodiscard]] bool driven() const noexcept { return driven_.load(relaxed); } // hint: for errors

    [[nodiscard]] const clock_source& time() const noexcept { return *clock_; }
    [[nodiscard]] clock::time_point now() const noexcept { return clock_->now(); }
    [[nodiscard]] idle_set<>& idle() noexcept { return idle_; }
    [[nodiscard]] deadlock_watch& deadlocks() noexcept { return deadlocks_; }
    [[nodiscard]] const std::shared_ptr<outside_account>& outside() const noexcept {
        return outside_;
    }
    [[nodiscard]] runtime_services& services() noexcept { return services_; }
    [[nodiscard]] unsigned size() const noexcept { return count_; }
    [[nodiscard]] worker& at(unsigned index) noexcept { return *workers_[index]; }
    [[nodiscard]] const runtime_options& options() const noexcept { return options_; }
    [[nodiscard]] clock::duration slow_step() const noexcept { return slow_step_; }
    [[nodiscard]] bool debug() const noexcept { return options_.debug; }
    [[nodiscard]] std::uint64_t seed() const {
        return options_.simulation ? options_.simulation->seed : process_seed();
    }
    /// How many threads run the workers, the driver's among them.
    [[nodiscard]] std::size_t threads() const noexcept {
        return simulator_ != nullptr ? 1 : size();
    }

    /// Nothing once it is closed.
    [[nodiscard]] std::vector<any_task> all_tasks();
    /// Those of every runtime of the process.
    [[nodiscard]] static std::vector<any_task> all_tasks_of_all();
    /// How many tasks have not ended; for the driver, exact while nothing runs.
    [[nodiscard]] std::size_t task_count() const noexcept;
    /// Counts and reports a slow step; with the stack of `thread` if it is in that step.
    static constexpr int no_thread = 0;
    void report_slow(const any_task& task, clock::duration lasted, int thread) noexcept;
    [[nodiscard]] std::uint64_t stalls() const noexcept { return stalls_.load(relaxed); } // count:

    // -- the workers --

    void enter_sleep() noexcept { sleeping_.fetch_add(1, seq_cst); } // P3
    void leave_sleep() noexcept { sleeping_.fetch_sub(1, seq_cst); } // P3
    [[nodiscard]] bool all_asleep() const noexcept {
        return sleeping_.load(seq_cst) == size(); // P3
    }

    /// For a worker that entered sleep: true if it was the last one; then it counts as awake again.
    [[nodiscard]] bool claim_quiescence() noexcept {
        std::uint32_t all = size();
        // P3; fail: unused
        return sleeping_.compare_exchange_strong(all, all - 1, seq_cst, relaxed);
    }
    /// In virtual time, by whoever claimed quiescence: moves the clock to the next timer of all and
    /// fires it. False: there is none, and nothing else to do.
    bool advance_time() noexcept;
    [[nodiscard]] bool virtual_time() const noexcept { return virtual_clock_ != nullptr; }
    /// In virtual time: moves the clock to the next timer of all. False: there is none.
    bool advance_to_next_timer() noexcept;
    /// Ends the run: throw_if_deadlocked() will say `found`.
    void stop_in_deadlock(report found) noexcept;

    [[nodiscard]] bool become_watcher() noexcept {
        return !watched_.load(seq_cst) &&         // P5; seen taken, it is not worth a write
               !watched_.exchange(true, seq_cst); // P4, P5
    }
    /// Whoever goes on working then calls wake_one(): one that fell asleep meanwhile is no watcher.
    void resign_as_watcher() noexcept { watched_.store(false, seq_cst); } // P4, P5
    [[nodiscard]] bool watched() const noexcept {
        return watched_.load(relaxed); // hint: one too many only costs time
    }
    /// Wakes one sleeping worker, if nobody searches. True: it did.
    bool wake_one() noexcept;
    /// Serves the siblings whose steps take long, and reports slow steps. Gives how long the worst
    /// is known to be so, zero if there is none. Only the watcher.
    clock::duration look_after(worker& helper, clock::time_point now) noexcept;
    /// What the next look compares with, where there was none yet. Only the watcher.
    void begin_looking(const worker& helper) noexcept;

private:
    enum class phase : std::uint8_t { paused, running, closed, forked };
    struct last_look {
        std::uint64_t steps = 0;
        // max: it was asleep, or has not been looked at.
        clock::time_point since = clock::time_point::max();
        // Of a long step, when it was first seen to be one.
        clock::time_point counted_at = clock::time_point::max();
        clock::duration kept{}; // until then
        clock::duration waited{};
    };
    /// A step, on average.
    static constexpr clock::duration stuck_after = std::chrono::microseconds(100);
    /// For a processor: others have it for a slice or two, but who waits longer is helped.
    static constexpr clock::duration waits_max = std::chrono::milliseconds(8);

    [[nodiscard]] clock::duration kept_by(const worker& sibling, clock::time_point now) noexcept;
    [[nodiscard]] any_task find(const task_base* address) noexcept;
    void thread_main(worker& mine) noexcept;
    void start_threads();
    void end_threads() noexcept;
    void request_pause() noexcept;
    static void in_forked_child() noexcept;
    void enter_list() noexcept;
    void leave_list() noexcept;

    runtime_options options_;
    clock::duration slow_step_;
    steady_clock_source steady_;
    std::unique_ptr<virtual_clock_source> virtual_clock_;
    const clock_source* clock_;
    idle_set<> idle_;
    const unsigned count_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::vector<std::thread> threads_;
    std::optional<own_task_numbers> numbers_; // of a simulation, where names have to be the same
    std::unique_ptr<simulator> simulator_;    // null: real workers
    std::string deadlock_;                    // how the run ended; empty: otherwise
    deadlock_watch deadlocks_{*this};
    const std::shared_ptr<outside_account> outside_ = std::make_shared<outside_account>(*this);
    runtime_services services_;
    std::vector<last_look> looks_;  // the watcher's
    runtime_core* older_ = nullptr; // in the list of those that live

    alignas(line_bytes) atomic<phase> phase_{phase::paused};
    alignas(line_bytes) atomic<std::uint32_t> active_{0};
    atomic<std::uint32_t> sleeping_{0};
    atomic<bool> watched_{false};
    atomic<std::uint64_t> stalls_{0};
    atomic<bool> driven_{false};
    atomic<bool> pause_requested_{false};
    atomic<std::uint32_t> pausers_{0};

    std::mutex gate_; // held while others start tasks or look at the workers, and to shut them out
    bool accepts_ = true;
    atomic<bool> closing_{false};
    atomic<bool> closed_{false};

    static atomic<std::uint32_t> forks_; // between the process that loaded the library and this one
    const std::uint32_t born_ = forks_.load(relaxed); // own: see in_forked_child
};

} // namespace eddy::inline v0
