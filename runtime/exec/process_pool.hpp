// process_pool.hpp — the processes of a process_pool_executor, what they have to do, and the thread
// that looks after them.
//
// Threads:    post, close, cancelled and the rest: any. One thread, the pool's, starts processes,
//             reads results, sets them, keeps deadlines and buries the dead.
// Invariants: I1  under the lock: a job is in line, in queue_, in the jobs of one worker, or
//                 settled.
//             I2  a job leaves a worker unsettled only if its claim could be withdrawn, or it is
//                 repeatable and the worker has died.
//             I3  no promise is set under the lock.
//             I4  the thread needs no memory to settle a job; what it cannot go on without breaks
//                 the pool and terminates nothing.
//             I5  somebody is in line only while queue_max jobs have not begun.
// Design:     docs/design/process_pool.md

#pragma once

#include "exec/job_line.hpp"
#include "exec/result_readers.hpp"
#include "exec/worker_process.hpp"
#include <eddy/base/clock.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/exec/process_pool_executor.hpp>
#include <eddy/io/fd.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

class process_pool final : public job_desk, public std::enable_shared_from_this<process_pool> {
public:
    explicit process_pool(process_pool_options options);
    ~process_pool();
    process_pool(const process_pool&) = delete;
    process_pool& operator=(const process_pool&) = delete;

    enum class pending : std::uint8_t { run, cancel };

    /// Throws: executor_shut_down; broken_process_pool; std::system_error; executor_queue_full,
    ///         unless it is told to wait: then the job waits for a place by itself.
    void post(job_pointer<> job, when_full then);
    [[nodiscard]] bool admit(admission_op& who, when_full then) override;
    [[nodiscard]] bool leave_line(admission_op& who) noexcept override;
    void job_done(job_pointer<> watched) noexcept override;
    /// Takes no jobs any more.
    void close(pending what) noexcept;
    /// What runs then is named and killed, and what waits is cancelled.
    void end_by(clock::time_point when) noexcept;
    /// Blocks until no process is left.
    void wait_for_end() noexcept;
    /// Names what still runs, and kills it.
    void kill_all() noexcept;
    /// Joins the thread, which has ended or is about to.
    void join() noexcept;
    /// Whether this is a thread of the pool, which cannot wait for itself.
    [[nodiscard]] bool runs_here() const noexcept { return served == this; }
    /// Whether this thread is one of some pool: what blocks it stops the pool.
    [[nodiscard]] static bool is_served_here() noexcept { return served != nullptr; }
    /// This thread is one of `pool`.
    class service {
    public:
        explicit service(const process_pool& pool) noexcept { served = &pool; }
        ~service() { served = nullptr; }
        service(const service&) = delete;
        service& operator=(const service&) = delete;
    };
    [[nodiscard]] future<> ended() const { return ended_.get_future(); }

    /// In the child of a fork nothing of it is there.
    [[nodiscard]] bool forked() const noexcept { return sys::getpid() != born_in_; }
    void keep_for_ever() noexcept { itself_ = shared_from_this(); }

    [[nodiscard]] std::size_t processes_max() const noexcept { return processes_max_; }
    [[nodiscard]] std::size_t processes() const;
    [[nodiscard]] std::vector<int> pids() const;
    [[nodiscard]] std::size_t queued() const;

private:
    using lock = std::unique_lock<line_mutex>;
    using workers = std::vector<std::unique_ptr<worker_process>>;

    /// Jobs whose futures are to be set when the lock has been released.
    class settlements {
    public:
        /// null: it is cancelled.
        void fail(job_ref job, std::exception_ptr error) noexcept;
        void cancel(job_ref job) noexcept { fail(std::move(job), nullptr); }
        void now() noexcept;

    private:
        intrusive_list<process_job> failed_; // a reference each
    };

    /// Has epoll say `as` when `fd` is readable. Throws: std::system_error.
    void watch(int fd, std::uint64_t as) const;

    void refuse_where_forked() const;

    // -- under the lock --
    void check_open() const;
    void take_on(process_job& job);
    void enqueue(job_pointer<> job) noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept;
    [[nodiscard]] bool has_room() const noexcept;
    [[nodiscard]] bool let_in() noexcept;
    void start_thread();
    void call_thread() noexcept;
    void feed() noexcept;
    void hand_out() noexcept;
    [[nodiscard]] worker_process* worker_for(const process_job& job) noexcept;
    void hand_on(worker_process& to) noexcept;
    void take_back(worker_process& from, process_job& last) noexcept;
    void kill_in(process_job& begun, const char* why) noexcept;
    void send(worker_process& to, process_job& job) noexcept;
    [[nodiscard]] bool wants_worker() const noexcept;
    [[nodiscard]] std::vector<std::string> names_of_busy() const;
    void retire_idle() noexcept;
    void forget_deadline(process_job& job) noexcept;
    [[nodiscard]] process_job* next_waiting() noexcept;
    [[nodiscard]] job_ref take_from_queue(process_job& job) noexcept;
    [[nodiscard]] job_ref take_from_worker(process_job& job) noexcept;
    void settle_stage(process_job& job) noexcept;
    void take_all_pending(settlements& into) noexcept;
    void queue_again(process_job& job) noexcept;
    void bury_jobs(worker_process& dead, const sys::exit_result& end, settlements& into) noexcept;
    template <typename Text>
    void start_failed(Text why, settlements& into) noexcept;
    template <typename Text>
    [[nodiscard]] std::exception_ptr break_for(Text why) noexcept;

    // -- the thread --
    static void thread_main(const std::shared_ptr<process_pool>& of) noexcept;
    void manage() noexcept;
    void serve();
    void break_down(const std::exception_ptr& why) noexcept;
    void start_workers(lock& hold);
    [[nodiscard]] std::unique_ptr<worker_process> started_worker(std::uint64_t number) const;
    void wait_for_news();
    [[nodiscard]] bool may_sleep() noexcept;
    [[nodiscard]] clock::duration time_left();
    void look_at(std::uint64_t event);
    void read_all();
    void read_from(worker_process& from);
    void understand(worker_process& from);
    void finish(worker_process& from);
    void kill(worker_process& liar, const char* why);
    void expire() noexcept;
    void feed_again() noexcept;
    void end_grace() noexcept;
    void bury(worker_process& dead);

    static constinit thread_local const process_pool* served;
    // Where the system has no memory, no descriptor or no process left.
    static constexpr clock::duration rest_after_failure = std::chrono::milliseconds(100);

    const process_pool_options options_;
    const std::size_t processes_max_;
    const int born_in_ = sys::getpid();
    // For a thread that has no memory left to make them.
    const std::exception_ptr late_ = std::make_exception_ptr(timeout_error());
    const std::exception_ptr no_memory_ = std::make_exception_ptr(broken_process_pool(
        "the process pool has lost the process of this job, and no memory left to say why"));
    owned_fd epoll_; // both from the start of the thread on
    owned_fd bell_;

    mutable line_mutex lock_;
    job_line line_{lock_, options_.queue_max}; // for a place in queue_
    std::condition_variable_any no_worker_left_;
    intrusive_list<process_job> queue_;
    std::size_t queued_ = 0;
    std::set<std::pair<clock::time_point, process_job*>> deadlines_;
    workers workers_;               // changed by the thread alone
    result_readers readers_{*this}; // the thread's
    std::thread thread_;
    std::uint64_t started_ = 0;
    std::size_t starting_ = 0; // not ready yet
    int failed_starts_ = 0;
    clock::time_point starts_again_at_{};                         // after a start that has failed
    clock::time_point feeds_again_at_ = clock::time_point::max(); // there was no memory to send
    clock::time_point grace_ends_ = clock::time_point::max();
    clock::time_point wakes_at_{}; // of the thread, if nobody calls it
    bool called_ = false;
    bool closing_ = false;
    bool cancelling_ = false; // what has not begun is not run any more
    bool at_end_ = false;
    std::string broken_; // why no worker can be started any more
    promise<> ended_;
    std::shared_ptr<process_pool> itself_;
};

} // namespace eddy::inline v0
