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
#include <memory>

namespace eddy::inline v0 {

class branch;
class callback_entrance;
class context_scope;
class fork_group;
class task_base;

/// What a worker can run. Lives in whatever it runs.
class runnable {
public:
    enum class kind : std::uint8_t {
        branch,
        scoped_branch, // and knows the context_scope that its step begins with
        callback,
        job
    };

    explicit runnable(kind what) noexcept : kind_(what) {}
    runnable(const runnable&) = delete;
    runnable& operator=(const runnable&) = delete;

    [[nodiscard]] kind what() const noexcept { return kind_; }

    runnable* inbox_next; // link of whichever queue this is in; means nothing outside of one

protected:
    ~runnable() = default;
    void set_kind(kind what) noexcept { kind_ = what; }

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
    friend class callback_entrance;
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

/// What is special about a step: nothing, usually. A set.
enum class step_traits : std::uint8_t {
    none = 0,
    one_place = 1, // what it forks has to stay where its placement says
    observed = 2,  // somebody wants to know of each suspension
    scoped = 4,    // a context_scope is in force
    in_context = 8 // its task holds the record at the end of that chain
};
constexpr step_traits operator|(step_traits a, step_traits b) noexcept {
    return static_cast<step_traits>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr step_traits operator-(step_traits a, step_traits b) noexcept {
    return static_cast<step_traits>(static_cast<unsigned>(a) & ~static_cast<unsigned>(b));
}
/// Whether `set` has any of `asked`.
constexpr bool has_any(step_traits set, step_traits asked) noexcept {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(asked)) != 0;
}

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
    /// The task whose step begins.
    void set_running(task_base* task, step_traits special) noexcept {
        running_.store(task, relaxed); // own: see running()
        traits_ = special;
    }
    /// Whether the step has any of `asked`.
    [[nodiscard]] bool step_has(step_traits asked) const noexcept {
        return has_any(traits_, asked);
    }
    /// The innermost scope that is in force; nullptr if there is none.
    [[nodiscard]] context_scope* scope() const noexcept {
        return step_has(step_traits::scoped) ? scope_ : nullptr;
    }
    void set_scope(context_scope* innermost) noexcept {
        scope_ = innermost;
        traits_ =
            innermost != nullptr ? traits_ | step_traits::scoped : traits_ - step_traits::scoped;
    }

    /// A step that is interrupted by another one, which is nested in it.
    struct step_state {
        task_base* task;
        step_traits traits;
        context_scope* scope;
    };
    [[nodiscard]] step_state interrupt() const noexcept { return {running(), traits_, scope_}; }
    void go_on(const step_state& before) noexcept {
        set_running(before.task, before.traits);
        scope_ = before.scope;
    }

    /// Uses up one unit of the step's budget. False: it is used up, the task should yield.
    [[nodiscard]] bool spend() noexcept { return budget_-- > 0; }
    void refill_budget() noexcept { budget_ = budget_per_step; }
    /// spend() of this thread's scheduler; true outside of one.
    [[nodiscard]] static bool may_go_on() noexcept {
        return current_ == nullptr || current_->spend();
    }

    /// `mine`, which runs, gives up its turn. False: it has the next one too, since nothing else is
    /// to run here and nothing else is due; that was a step, and the next one has begun.
    /// True: it is queued, and suspends; another worker may already have resumed it.
    [[nodiscard]] virtual bool yield(branch& mine) noexcept = 0;
    /// Puts `item` at the end of the own ready queue.
    virtual void make_ready(runnable& item) noexcept = 0;
    /// Runs one step of `ready` now: outside any step, or nested in one.
    virtual void run_step(branch& ready) noexcept = 0;
    /// Something on the forks deque has become stealable while nothing was.
    virtual void forks_published() noexcept = 0;
    /// A branch is about to suspend; for observers, called only if one is set.
    virtual void note_suspension(task_base& task) noexcept = 0;
    [[nodiscard]] bool observed() const noexcept {
        return has_any(traits_of_tasks_, step_traits::observed);
    }
    /// What is special about the steps of all tasks that begin here.
    [[nodiscard]] step_traits traits_of_tasks() const noexcept { return traits_of_tasks_; }
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
    /// The same for who may come when the scheduler is gone.
    [[nodiscard]] std::shared_ptr<callback_entrance> entrance() const noexcept { return entrance_; }
    /// Equal for the schedulers of one runtime.
    [[nodiscard]] const void* runtime_id() const noexcept { return runtime_id_; }

    static constexpr int budget_per_step = 128;

protected:
    /// Throws: std::bad_alloc.
    explicit scheduler(const void* runtime_id);
    ~scheduler();

    static void set_current(scheduler* mine) noexcept { current_ = mine; }
    void set_observed() noexcept { traits_of_tasks_ = step_traits::observed; }

private:
    forks_deque<fork_group> forks_;
    atomic<task_base*> running_{nullptr};
    int budget_ = 0;
    step_traits traits_ = step_traits::none;
    step_traits traits_of_tasks_ = step_traits::none;
    bool forked_ = false;
    context_scope* scope_ = nullptr; // of the step, if that is scoped
    const void* runtime_id_;
    std::shared_ptr<callback_entrance> entrance_;

    static constinit thread_local scheduler* current_ __attribute__((tls_model("initial-exec")));
};

} // namespace eddy::inline v0
