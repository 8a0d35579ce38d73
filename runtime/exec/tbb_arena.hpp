// tbb_arena.hpp — what is behind a tbb_executor: an arena, its jobs, and the work that tasks await.
//
// Threads:    all: any thread; what blocks says so.
// Memory:     shared by the executor and what it has enqueued.
// Invariants: I1  calls_ counts what was accepted and is not over; closed, it only falls.
//             I2  somebody is in line only while jobs_ has as many as the queue may have.
// Pairs:      P1  arena_work::state_: begin, end, cancel           who is first decides
// Design:     docs/design/tbb.md

#pragma once

// clang-format off: it comes before all of the standard library's, which it changes how to read
#include "exec/tbb_headers.hpp"
// clang-format on

#include "exec/job_line.hpp"
#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/base/syscall_process.hpp>
#include <eddy/exec/tbb_executor.hpp>
#include <eddy/sched/outside_job.hpp>

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace eddy::inline v0 {

/// Shared by the op that waits and the task that was enqueued.
class arena_work {
public:
    enum class stage : std::uint8_t {
        queued,
        withdrawn, // by a cancel before it began: nobody waits any more
        running,
        stopping, // a cancel came while it ran
        done
    };

    /// False: it was withdrawn.
    [[nodiscard]] bool begin() noexcept {
        return go(stage::queued, stage::running) == stage::queued;
    }
    /// True: a cancel came meanwhile.
    [[nodiscard]] bool end() noexcept {
        return state_.exchange(stage::done, acq_rel) == stage::stopping; // P1, both ends
    }
    /// For the op.
    [[nodiscard]] abort_result cancel() noexcept {
        if (go(stage::queued, stage::withdrawn) == stage::queued) {
            return abort_result::aborted;
        }
        const stage before = go(stage::running, stage::stopping);
        if (before == stage::running) {
            (void)stop.cancel_group_execution();
        }
        return before == stage::done ? abort_result::completed : abort_result::forwarded;
    }

    void (*call)(void*) = nullptr;
    void* with = nullptr;
    const std::type_info* what = nullptr;
    outside_job outside;
    oneapi::tbb::task_group_context stop;
    arena_op* waits = nullptr;
    // -- written before the waiter is woken --
    std::exception_ptr error;
    bool stopped = false;

private:
    // Gives the stage before: `from` if it has changed.
    stage go(stage from, stage to) noexcept {
        (void)state_.compare_exchange_strong(from, to, acq_rel, acquire); // P1, both ends; fail: P1
        return from;
    }

    atomic<stage> state_{stage::queued};
};

class tbb_arena final : public job_desk, public std::enable_shared_from_this<tbb_arena> {
public:
    tbb_arena(std::size_t concurrency, std::size_t queue_max);
    tbb_arena(const tbb_arena&) = delete;
    tbb_arena& operator=(const tbb_arena&) = delete;
    ~tbb_arena() = default;

    /// Throws: executor_shut_down; std::bad_alloc; executor_queue_full, unless it is told to wait:
    ///         then the job waits for a place by itself.
    void post(job_pointer<executor_job> job, when_full then);
    [[nodiscard]] bool admit(admission_op& who, when_full then) override;
    [[nodiscard]] bool leave_line(admission_op& who) noexcept override;
    void job_done(job_pointer<> watched) noexcept override;
    /// For what an op waits for. Throws: executor_shut_down; std::bad_alloc.
    void start(std::shared_ptr<arena_work> work);

    enum class pending : std::uint8_t { run, cancel };

    void close(pending what) noexcept;
    /// Blocks until nothing runs. False: `limit` was over first.
    [[nodiscard]] bool wait_for_end(clock::duration limit) noexcept;
    /// Names what still runs.
    void report_refusals() noexcept;
    /// After close(): done when nothing runs any more.
    [[nodiscard]] future<> ended();
    /// In the child of a fork it has no threads: nothing of it can be ended there.
    [[nodiscard]] bool forked() const noexcept { return sys::getpid() != born_in_; }
    void keep_for_ever() noexcept { itself_ = shared_from_this(); }
    [[nodiscard]] std::size_t concurrency() const noexcept { return concurrency_; }
    [[nodiscard]] std::size_t queued() const {
        const std::lock_guard hold(lock_);
        return queued_ + line_.size();
    }

private:
    // What runs, for who reports it.
    struct running : list_hook {
        const std::type_info* what;
        clock::time_point since = clock::now();
    };
    // Its threads have all signals blocked while they are in the arena.
    class signals_blocked final : public oneapi::tbb::task_scheduler_observer {
    public:
        explicit signals_blocked(oneapi::tbb::task_arena& in) : task_scheduler_observer(in) {
            observe(true);
        }
        ~signals_blocked() override { observe(false); }
        void on_scheduler_entry(bool is_worker) override;
        void on_scheduler_exit(bool is_worker) override;
    };

    template <typename Call>
    void begin_call(Call call);
    void begin_job(queued_job& job);
    void refuse_where_forked() const;
    void check_open() const;
    [[nodiscard]] bool has_room() const noexcept;
    void enqueue(job_pointer<> job) noexcept;
    void let_in() noexcept;
    [[nodiscard]] job_pointer<executor_job> take() noexcept;
    [[nodiscard]] bool destroy_a_withdrawn_job() noexcept;
    void destroy_withdrawn_jobs() noexcept;
    void end_call() noexcept;
    void run_a_job() noexcept;
    void run(arena_work& work) noexcept;
    template <typename Call>
    void noted(const std::type_info& what, Call call) noexcept;

    const std::size_t concurrency_;
    const int born_in_;

    mutable line_mutex lock_; // the rest
    std::condition_variable_any none_left_;
    job_line line_;                     // for a place among jobs_
    intrusive_list<executor_job> jobs_; // with line_, one for each run_a_job, or fewer
    std::size_t queued_ = 0;            // jobs_
    intrusive_list<running> running_;
    std::size_t calls_ = 0;
    std::size_t leaving_ = 0; // threads in end_call
    bool closed_ = false;
    std::optional<promise<>> ended_; // if somebody awaits it
    std::shared_ptr<tbb_arena> itself_;

    oneapi::tbb::task_arena arena_;
    signals_blocked observer_{arena_};
};

} // namespace eddy::inline v0
