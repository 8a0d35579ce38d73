// thread_pool.hpp — what is behind a thread_pool_executor: jobs, places for them, threads.
//
// Threads:    all: any thread; what blocks says so.
// Memory:     shared by the executor and its threads; a thread that was given up keeps it.
// Invariants: I1  while there is a job, somebody searches, or all threads that may exist are busy.
//             I2  a job is run once or cancelled once.
//             I3  places_ counts the jobs that were accepted and not taken; no thread ends after
//                 the close before it is 0.
// Pairs:      P1  places_: close -> a poster        who got a place was before the close
// Design:     docs/design/thread_pool.md

#pragma once

#include "exec/duration_counter.hpp"
#include "exec/job_line.hpp"
#include "exec/job_queue.hpp"
#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/spin_budget.hpp>
#include <eddy/exec/thread_pool_executor.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace eddy::inline v0 {

class thread_pool final : public job_desk, public std::enable_shared_from_this<thread_pool> {
public:
    explicit thread_pool(thread_pool_options options);
    ~thread_pool();
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;

    enum class pending : std::uint8_t { run, cancel };

    // -- submitting --

    /// Throws: executor_shut_down; executor_queue_full, unless it is told to wait: then the job
    ///         waits for a place by itself.
    void post(job_pointer<executor_job> work, when_full then);
    [[nodiscard]] bool admit(admission_op& who, when_full then) override;
    [[nodiscard]] bool leave_line(admission_op& who) noexcept override;
    void job_done(job_pointer<> watched) noexcept override;

    // -- the end --

    /// Takes no jobs any more.
    void close(pending what) noexcept;
    /// Blocks until no thread is left. False: `limit` was over first.
    bool wait_for_end(clock::duration limit) noexcept;
    /// Joins those that have ended.
    void join() noexcept;
    /// Gives up those that are left.
    void abandon() noexcept;
    [[nodiscard]] future<> ended() const { return ended_.get_future(); }

    /// Its threads are in another process: nothing of it can be ended here.
    void keep_for_ever() noexcept { itself_ = shared_from_this(); }
    [[nodiscard]] bool forked() const noexcept;
    /// Whether this thread is one of the pool's: it cannot wait for itself.
    [[nodiscard]] bool runs_here() const noexcept { return of_thread == this; }

    // -- how much there is --

    [[nodiscard]] std::size_t threads_max() const noexcept { return threads_max_; }
    [[nodiscard]] std::size_t threads() const {
        const std::lock_guard hold(lock_);
        return live_;
    }
    [[nodiscard]] std::size_t queued() const;
    [[nodiscard]] executor_metrics metrics() const;

private:
    using owned_job = job_pointer<executor_job>;

    struct member : list_hook { // in idle_ while it sleeps there
        std::thread thread;
        std::condition_variable bell;
        bool called = false;
        std::size_t number = 0;
        // of the job it runs; null, or what `since` belongs to
        atomic<const std::type_info*> runs{nullptr};
        atomic<clock::time_point> since{clock::time_point()};
        duration_counter queue_wait;
        duration_counter run_time;
    };
    using lock = std::unique_lock<std::mutex>;
    using members = std::vector<std::unique_ptr<member>>;

    enum class place : std::uint8_t { got, none, closed };
    enum class search : std::uint8_t { mine, not_mine };

    [[nodiscard]] place try_place() noexcept;
    [[nodiscard]] bool got_place();
    void enqueue(owned_job work);
    void prepare_to_wait(executor_job& work) noexcept;
    void note_queued(std::uint64_t jobs) noexcept;
    void call_for_more();
    void look_after_others() noexcept;
    void withdraw_or_keep(executor_job& work);
    void fail_stranded() noexcept;
    [[nodiscard]] owned_job take_stranded() noexcept;
    void note_end() noexcept;
    void destroy_withdrawn() noexcept;
    void start_thread();

    static void thread_main(const std::shared_ptr<thread_pool>& of, member& mine) noexcept;
    void serve(member& mine) noexcept;
    [[nodiscard]] search look_for_work(search how) noexcept;
    void run(member& mine, owned_job work) noexcept;
    [[nodiscard]] owned_job take() noexcept;
    void give_place_on() noexcept;
    void pass_place() noexcept;
    [[nodiscard]] bool sleep(member& mine, search& how) noexcept;
    void leave(member& mine, lock& hold) noexcept;
    [[nodiscard]] bool closed() const noexcept;
    [[nodiscard]] bool at_end() const noexcept;
    void note_refusal(const member& of, std::vector<std::string>& into) const noexcept;

    static constinit thread_local const thread_pool* of_thread;

    /// What can be added to the time that it is.
    static constexpr clock::duration for_ever = std::chrono::hours(24 * 36500);
    static constexpr std::uint64_t closed_bit = 1;
    static constexpr std::uint64_t one_place = 2;

    const thread_pool_options options_;
    const std::size_t threads_max_;
    const std::uint32_t born_;

    job_queue<executor_job> jobs_;
    alignas(line_bytes) atomic<std::uint64_t> places_{0}; // taken ones, and whether it is closed
    atomic<std::uint64_t> queued_peak_{0};
    spin_budget spinning_; // of who has the search

    mutable line_mutex room_lock_;
    job_line line_{room_lock_, options_.queue_max}; // for a place

    mutable std::mutex lock_; // the rest
    std::condition_variable no_thread_left_;
    intrusive_list<member> idle_; // the one that slept last at the back: it is called first
    members members_;
    members ended_members_; // to be joined
    executor_metrics of_ended_;
    std::size_t live_ = 0;
    std::size_t live_peak_ = 0;
    std::size_t started_ = 0;
    bool abandoned_ = false;
    promise<> ended_;
    std::shared_ptr<thread_pool> itself_;
};

} // namespace eddy::inline v0
