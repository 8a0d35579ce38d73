// scheduler.hpp — what core knows of a worker: a deque to fork on, a queue to make ready in, an
// inbox to post to.
//
// Threads:    current, forks, running, spend, make_ready, run_step: the worker's own thread.
//             post, post_callback: any thread.
// Invariants: I1  what is made ready or posted runs once, on some worker of the same runtime.

#pragma once

#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/lockfree/forks_deque.hpp>

#include <cstdint>

namespace eddy::inline v0 {

class branch;
class fork_group;
class task_base;

/// What a worker can run. Lives in whatever it runs.
class runnable {
public:
    enum class kind : std::uint8_t { branch, callback, job };

    explicit runnable(kind what) noexcept : kind_(what) {}
    runnable(const runnable&) = delete;
    runnable& operator=(const runnable&) = delete;

    [[nodiscard]] kind what() const noexcept { return kind_; }

    runnable* inbox_next; // link of whichever queue this is in; means nothing outside of one

protected:
    ~runnable() = default;

private:
    kind kind_;
};

/// A runnable of another kind: called by whichever worker takes it.
class job : public runnable {
public:
    job() noexcept : runnable(kind::job) {}
    virtual void run() noexcept = 0;
    /// Instead of run(), when nothing runs any more.
    virtual void discard() noexcept = 0;

protected:
    ~job() = default;
};

/// A function called by one loop: in the order of the posts, and never two of one loop at a time.
///
/// It is in two queues at once: in the loop's FIFO of callbacks, and as a turn among what is ready.
/// Whoever takes the turn runs the oldest callback of the FIFO; so a sibling may run it while the
/// loop is stuck, and order still holds.
class callback : public runnable {
public:
    callback() noexcept : runnable(kind::callback) {}

protected:
    ~callback() = default;

private:
    friend class callback_queue;
    /// The call.
    virtual void run() noexcept = 0;
    /// Both queues have let go: the callback may be destroyed or posted again.
    virtual void release() noexcept = 0;

    callback* next_callback_ = nullptr;
    class callback_queue* queue_ = nullptr;
    atomic<std::uint8_t> uses_{0};
};

/// Sends the branches of some tasks to where those tasks must run.
class placement {
public:
    virtual void schedule(branch& ready) noexcept = 0;
    /// A task that had this placement is gone.
    virtual void drop() noexcept {}

protected:
    ~placement() = default;
};

class EDDY_API scheduler {
public:
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;

    /// The scheduler of this thread, nullptr outside of one.
    [[nodiscard]] static scheduler* current() noexcept { return current_; }

    // -- own thread --

    [[nodiscard]] forks_deque<fork_group>& forks() noexcept { return forks_; }
    /// The task of the step that runs or ran last; nullptr in a callback. Siblings may compare it,
    /// not follow it.
    [[nodiscard]] task_base* running() const noexcept {
        return running_.load(relaxed); // own: written by this thread; hint: to siblings
    }
    enum class spread : bool { anywhere, one_place };
    /// The task whose step begins; `where` says whether its children may go to other workers.
    void set_running(task_base* task, spread where) noexcept {
        running_.store(task, relaxed); // own: see running()
        spread_ = where;
    }
    /// Whether what the running task forks has to stay where its placement says.
    [[nodiscard]] spread running_spread() const noexcept { return spread_; }

    /// Uses up one unit of the step's budget. False: it is used up, the task should yield.
    [[nodiscard]] bool spend() noexcept { return budget_-- > 0; }
    void refill_budget() noexcept { budget_ = budget_per_step; }
    /// spend() of this thread's scheduler; true outside of one.
    [[nodiscard]] static bool may_go_on() noexcept {
        return current_ == nullptr || current_->spend();
    }

    /// A branch gives up its turn. True: it has the next one as well, since nothing else is to run
    /// here and nothing else is due; that was a step, and the next one has begun.
    [[nodiscard]] virtual bool keep_turn() noexcept = 0;
    /// Puts `item` at the end of the own ready queue.
    virtual void make_ready(runnable& item) noexcept = 0;
    /// Runs one step of `ready` now: outside any step, or nested in one.
    virtual void run_step(branch& ready) noexcept = 0;
    /// Something on the forks deque has become stealable while nothing was.
    virtual void forks_published() noexcept = 0;
    /// A branch is about to suspend; for observers, called only if one is set.
    virtual void note_suspension(task_base& task) noexcept = 0;
    [[nodiscard]] bool observed() const noexcept { return observed_; }
    /// Whether this thread is in the child of a fork that a step called: nothing runs there.
    [[nodiscard]] bool forked() const noexcept { return forked_; }
    void set_forked() noexcept { forked_ = true; }

    // -- any thread --

    virtual void post(runnable& item) noexcept = 0;
    /// Something outside of the runtime is going to wake a task of it (+1), or has (-1): so it is
    /// no deadlock if nothing else can.
    virtual void expect_outside(std::int32_t change) noexcept = 0;
    /// Runs `item` as call_soon does: in order, and never two of one loop at a time.
    virtual void post_callback(callback& item) noexcept = 0;
    /// Equal for the schedulers of one runtime.
    [[nodiscard]] const void* runtime_id() const noexcept { return runtime_id_; }

    static constexpr int budget_per_step = 128;

protected:
    explicit scheduler(const void* runtime_id) : runtime_id_(runtime_id) {}
    ~scheduler() = default;

    static void set_current(scheduler* mine) noexcept { current_ = mine; }
    void set_observed() noexcept { observed_ = true; }

private:
    forks_deque<fork_group> forks_;
    atomic<task_base*> running_{nullptr};
    int budget_ = 0;
    spread spread_ = spread::anywhere;
    bool observed_ = false;
    bool forked_ = false;
    const void* runtime_id_;

    static constinit thread_local scheduler* current_ __attribute__((tls_model("initial-exec")));
};

} // namespace eddy::inline v0
