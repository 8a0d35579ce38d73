// worker.hpp — one thread with one event loop: what it runs next, and how it sleeps.
//
//     forks (own, LIFO) -> ready (own, FIFO) -> backlog -> pinned -> inbox -> steal -> park
//     every 61st step, of long steps every second one: timers, poll(0) if descriptors wait, inbox
//     and pinned first; every 61st step, whatever they take: ready before forks
//
// Threads:    run, and what it calls: the worker's own thread.
//             post, notify, give_away, serve, the facts about its progress: any thread.
// Invariants: I1  whatever was posted, pushed or armed here is run by this worker, or by a sibling
//                 that steals or rescues it, without a further event.
//             I2  before it blocks it has announced so and then looked at every queue
//                 (docs/design/parking.md).
// Pairs:      P1  visitors_: ~visit -> close: a foreign thread's last access comes first
// Design:     docs/design/worker.md

#pragma once

#include "sched/backlog.hpp"
#include "sched/callback_queue.hpp"
#include "sched/parking.hpp"
#include "sched/watch_table.hpp"
#include <eddy/base/random.hpp>
#include <eddy/base/spin_budget.hpp>
#include <eddy/core/task.hpp>
#include <eddy/io/reactor.hpp>
#include <eddy/io/timer_wheel.hpp>
#include <eddy/lockfree/inbox.hpp>
#include <eddy/lockfree/ready_ring.hpp>
#include <eddy/sched/event_loop.hpp>

#include <coroutine>

namespace eddy::inline v0 {

class runtime_core;

class worker final : public scheduler, public event_loop {
public:
    /// Throws: std::system_error if an epoll or eventfd cannot be had.
    worker(runtime_core& runtime, unsigned index, unsigned workers);
    ~worker() = default;

    // -- the driver, when nothing runs any more: each for all workers, in this order --

    /// Waits until nobody posts here, and forgets the watches.
    void close() noexcept;
    /// Lets go what is still queued, whichever loop it belongs to.
    void discard_all() noexcept;

    // -- own thread --

    /// Runs until the runtime pauses.
    void run();
    /// The only worker: runs what is ready, and then waits outside. Gives the number of steps.
    std::size_t turn() noexcept;
    /// From here until the next turn or run, work that comes makes the reactor's fd readable.
    void wait_outside() noexcept;
    /// When turn() has something to do.
    [[nodiscard]] clock::time_point due() noexcept;
    /// Makes the calling thread this worker's, as run() does; for the simulator.
    void enter_thread() noexcept { set_current(this); }
    static void leave_thread() noexcept { set_current(nullptr); }

    [[nodiscard]] bool yield(branch& mine) noexcept override;
    void make_ready(runnable& item) noexcept override;
    void forks_published() noexcept override { offer(); }
    void note_suspension(task_base& task) noexcept override;
    void run_step(branch& ready) noexcept override;

    /// Whether a task may be run eagerly inside the running one; too deeply nested it is queued.
    [[nodiscard]] bool enter_eager() noexcept {
        return eager_depth_ < eager_depth_max && (++watchers_of_step_, ++eager_depth_, true);
    }
    void leave_eager() noexcept {
        --watchers_of_step_;
        --eager_depth_;
    }

    [[nodiscard]] random_source& random_for_tasks() noexcept { return random_for_tasks_; }

    /// The worker of this thread; nullptr outside.
    [[nodiscard]] static worker* current() noexcept {
        return static_cast<worker*>(scheduler::current());
    }

    // -- any thread --

    void post(runnable& item) noexcept override;
    void expect_outside(std::int32_t change) noexcept override;
    void post_callback(callback& item) noexcept override;
    /// Wakes the worker if it sleeps.
    void notify() noexcept;
    /// Arms `node` in this worker's wheel; a sleeping worker learns of it.
    void arm(timer_node& node, clock::time_point deadline) noexcept;

    [[nodiscard]] timer_wheel& wheel() noexcept { return wheel_; }
    [[nodiscard]] reactor& descriptors() noexcept { return reactor_; }
    [[nodiscard]] watch_table& watches() noexcept { return watches_; }
    [[nodiscard]] task_registry& tasks() noexcept { return tasks_; }
    [[nodiscard]] placement& pinned() noexcept { return pinned_; }
    [[nodiscard]] runtime_core& runtime() const noexcept { return runtime_; }
    [[nodiscard]] unsigned index() const noexcept { return index_; }
    void note_descriptors() noexcept {
        polls_.store(true, relaxed); // hint: the next maintenance polls
    }

    // -- siblings --

    enum class patience : std::uint8_t { immediate, let_owner_try };
    /// Has `thief` take work of this worker and run the first of it: the oldest fork, else half of
    /// what is ready, else a part of the backlog, else the inbox. False: there was none.
    [[nodiscard]] bool give_away(worker& thief, patience how) noexcept;
    /// Fires the timers and polls the descriptors of this worker in its stead. True: there were
    /// some.
    [[nodiscard]] bool serve(clock::time_point now) noexcept;
    [[nodiscard]] bool has_work() const noexcept {
        // All of them, without a branch for each: mostly there is none.
        return ((ready_.empty_hint() ? 0U : 1U) | (inbox_.empty_hint() ? 0U : 1U) |
                (backlog_.empty_hint() ? 0U : 1U) | (pinned_.empty() ? 0U : 1U)) != 0;
    }
    /// Whether a sibling that is about to sleep should look here first.
    [[nodiscard]] bool has_surplus() const noexcept {
        return ready_.size_hint() >= 2 || !backlog_.empty_hint();
    }
    /// True once for the step number `step`: a slow one is reported by one observer.
    [[nodiscard]] bool claim_slow_report(std::uint64_t step) noexcept {
        return slow_reported_.exchange(step, relaxed) != step; // count:
    }
    [[nodiscard]] bool closing() const noexcept { return closing_; }
    /// Grows while the worker makes progress.
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_.load(relaxed); } // hint:
    [[nodiscard]] bool asleep() const noexcept { return asleep_.load(relaxed); }        // hint:
    /// The thread that runs it, as sys::gettid gives it.
    [[nodiscard]] int thread() const noexcept { return thread_.load(relaxed); } // hint: see run
    struct theft {
        std::uint64_t items = 0;
        std::uint64_t steps = 0; // until the thief had nothing to do again
        clock::duration lasted{};
    };
    /// What was stolen from here has been run: if it was too little, fewer offers are made.
    void note_theft(const theft& what) noexcept;

private:
    friend class simulator; // runs steps of its own composition

    class pinned_queue final : public placement {
    public:
        explicit pinned_queue(worker& owner) noexcept : owner_(owner) {}
        void schedule(branch& ready) noexcept override;
        runnable* pop() noexcept;
        [[nodiscard]] bool empty() const noexcept {
            // hint: a sleeping owner has none
            return list_.load(relaxed) == nullptr && posted_.empty_hint();
        }

    private:
        worker& owner_;
        atomic<runnable*> list_{nullptr}; // taken from posted_; written by the owner
        inbox<runnable> posted_;
    };

    /// Keeps the worker from being destroyed while another thread posts: what it posts may end the
    /// last task, and with it the runtime, before the poster is done.
    class visit {
    public:
        explicit visit(worker& host) noexcept : host_(host) {
            host_.visitors_.fetch_add(1, relaxed); // count:
        }
        ~visit() { host_.visitors_.fetch_sub(1, release); } // P1
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;

    private:
        worker& host_;
    };

    enum class found : std::uint8_t { nothing, something };

    void note_poster() noexcept;

    void run_branch(branch& ready) noexcept;
    void run_scoped(branch& ready) noexcept;
    bool step();
    std::size_t run_steps(std::size_t steps_max) noexcept;
    void come_in() noexcept;
    [[nodiscard]] bool keep_turn() noexcept;
    [[nodiscard]] runnable* next_ready() noexcept;
    [[nodiscard]] runnable* next_rare() noexcept;
    [[nodiscard]] runnable* next_in_turn() noexcept;
    void run_rare(runnable& item) noexcept;
    void run_any(runnable& item) noexcept;
    [[nodiscard]] runnable* refill(runnable* list) noexcept;
    void take_in(runnable* list) noexcept;
    void queue(runnable& item) noexcept;
    void run(runnable& item) noexcept;
    void run_group(fork_group& group) noexcept;
    void begin_step(task_base& task) noexcept;
    void resume(task_base& task, std::coroutine_handle<> frame) noexcept;
    void resume_timed(task_base& task, std::coroutine_handle<> frame) noexcept;
    void count_step() noexcept { steps_.store(steps_.load(relaxed) + 1, relaxed); } // own: both
    void maintain() noexcept;
    void pace(clock::time_point now) noexcept;
    bool fire_timers(clock::time_point now) noexcept;
    void offer() noexcept;

    bool search() noexcept;
    void stop_search(found what) noexcept;
    [[nodiscard]] bool give_ready(worker& thief, patience how) noexcept;
    [[nodiscard]] bool give_list(worker& thief, runnable* list) noexcept;
    template <typename Item>
    void run_loot(Item& first, std::uint64_t items, worker& victim) noexcept;
    void end_theft() noexcept;
    [[nodiscard]] bool look_for_results() noexcept;
    void park() noexcept;
    void block() noexcept;
    void watch_again(clock::time_point begun, clock::duration limit,
                     clock::duration stuck_for) noexcept;
    /// Whether siblings have been stuck lately.
    [[nodiscard]] bool alert(clock::time_point now) const noexcept { return now < alert_until_; }
    void block_for(clock::duration limit) noexcept;
    std::size_t wait_for_events(clock::duration limit) noexcept;
    clock::duration look_after(clock::time_point now) noexcept;
    [[nodiscard]] bool anything_to_do() noexcept;

    static constexpr std::size_t steps_a_turn_max = 1024;
    static constexpr clock::duration watch_min = std::chrono::microseconds(250);
    static constexpr clock::duration watch_max = std::chrono::milliseconds(10);
    static constexpr clock::duration alert_for = std::chrono::seconds(1);
    // While a sibling is stuck: a part of the time for which it has been.
    static constexpr int rescue_part = 32;
    static constexpr clock::duration rescue_min = std::chrono::microseconds(50);
    static constexpr clock::duration rescue_max = std::chrono::milliseconds(1);
    static constexpr unsigned eager_depth_max = 64;
    static constexpr unsigned ready_capacity = 256;
    static constexpr unsigned steps_between_turns = 61;
    static constexpr unsigned steps_between_polls_max = 61;
    static constexpr unsigned steps_between_polls_min = 2; // the others are for the forks

    runtime_core& runtime_;
    const unsigned index_;
    const bool alone_;    // the only worker of its runtime
    const bool timed_;    // each step is timed: debug mode
    spin_budget results_; // of executors
    random_source random_;
    random_source random_for_tasks_;
    unsigned tick_ = 0; // steps since the last poll
    unsigned steps_since_turn_ = 0;
    unsigned steps_between_polls_ = steps_between_polls_min; // they last about a millisecond
    clock::time_point polled_at_{};
    bool searching_ = false;
    bool closing_ = false;
    bool outside_ = false;  // parked between two turns of a foreign loop
    bool rescuing_ = false; // the next search takes also what an owner is about to take itself
    unsigned eager_depth_ = 0;
    // Who needs to know when a step ends: the steps it is nested in; and who sees or chooses each
    // step, which is observers, debug mode, a simulation.
    unsigned watchers_of_step_;
    worker* robbed_ = nullptr; // whose work runs now, if it was stolen
    clock::time_point stolen_at_{};
    theft stolen_{}; // of robbed_; steps: as counted before
    clock::duration watch_period_ = watch_min;
    clock::time_point alert_until_{};
    std::uint32_t skip_offers_ = 0;
    clock::time_point looked_at_{};

    ready_ring<runnable, ready_capacity> ready_;
    backlog backlog_;
    pinned_queue pinned_;
    callback_queue callbacks_;
    inbox<runnable> inbox_;
    timer_wheel wheel_;
    reactor reactor_;
    watch_table watches_;
    task_registry tasks_;
    park_token<> token_;

    alignas(line_bytes) atomic<std::uint64_t> steps_{0};
    atomic<bool> asleep_{false};
    atomic<int> thread_{0};
    atomic<std::uint64_t> slow_reported_{0};
    atomic<bool> polls_{false};
    atomic<std::uint32_t> offers_skipped_{0};
    atomic<std::uint32_t> visitors_{0};
};

} // namespace eddy::inline v0
