// thread_pool_executor.hpp — threads for calls that block: as many as there are calls, up to a cap.
//
// Threads:    every member function: any thread; shutdown, apply and the destructor block.
// Memory:     a thread a call that is under way, kept for a while after it.
// Invariants: I1  while a job is queued, a thread looks for one, or all that may exist are busy.
//             I2  a job is run once or cancelled once.
// Design:     docs/design/thread_pool.md

#pragma once

#include <eddy/base/chrono.hpp>
#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/op.hpp>
#include <eddy/exec/executor.hpp>
#include <eddy/exec/executor_calls.hpp>
#include <eddy/exec/executor_job.hpp>
#include <eddy/exec/executor_metrics.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace eddy::inline v0 {

/// How a pool is to be.
struct thread_pool_options {
    /// At most so many threads. 0: EDDY_BLOCKING_THREADS, or else 64.
    std::size_t threads_max = 0;
    /// A thread that had no job for so long ends.
    std::chrono::nanoseconds idle = std::chrono::seconds(10);
    /// Of the threads, with a number after it; 15 characters of both are seen.
    std::string name = "eddy-pool";
    /// At most so many jobs that have not begun; 0: any number. What waits for room of its own
    /// accord (submit_async, run_in_executor, to_thread, apply, map) waits beside that, in turn.
    std::size_t queue_max = 0;
};

class thread_pool;

/// Waits for a place in the queue, and puts its job there.
class EDDY_API admission_op : public op {
public:
    admission_op(std::shared_ptr<thread_pool> pool, std::unique_ptr<executor_job> job);
    admission_op(admission_op&& fresh) noexcept;

    bool await_ready();
    bool await_suspend(promise_base& promise);
    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

protected:
    ~admission_op();

private:
    friend class thread_pool;
    void admit() noexcept { wake(); }

    std::shared_ptr<thread_pool> pool_;
    std::unique_ptr<executor_job> job_; // until it is in the queue
    bool in_line_ = false;              // under the pool's lock
};

template <typename R>
class [[nodiscard("the job is submitted when this is awaited")]] submit_op final
    : public admission_op {
public:
    submit_op(std::shared_ptr<thread_pool> pool, std::unique_ptr<executor_job> job,
              future<R> result)
        : admission_op(std::move(pool), std::move(job)), result_(std::move(result)) {}
    future<R> await_resume() {
        this->check_aborted();
        return std::move(result_);
    }

private:
    future<R> result_;
};

/// Threads that make calls. What it has besides what is written here is in executor_calls.
class EDDY_API thread_pool_executor : public executor_calls<thread_pool_executor> {
public:
    static constexpr std::size_t threads_default = 64;
    static constexpr std::size_t threads_limit = 4096;

    /// Starts no thread yet.
    /// Throws: std::system_error if EDDY_BLOCKING_THREADS is needed and not a number from 1 to
    ///         threads_limit; std::invalid_argument if options.threads_max is larger.
    explicit thread_pool_executor(thread_pool_options options = {});
    explicit thread_pool_executor(std::size_t threads_max)
        : thread_pool_executor(thread_pool_options{.threads_max = threads_max}) {}
    /// Runs what is queued and blocks until all jobs have ended: the thread of a loop, too.
    /// `co_await aclose()` before does not.
    ~thread_pool_executor();
    thread_pool_executor(const thread_pool_executor&) = delete;
    thread_pool_executor& operator=(const thread_pool_executor&) = delete;

    /// Has `fn(args...)`, stored until then, called on a thread of the pool. Never blocks: a queue
    /// takes what all threads are too busy for.
    ///
    /// The future gives what it returns or throws. Cancelled before the call has begun, it
    /// withdraws the call; after that the result is dropped.
    /// Throws:  executor_shut_down; executor_queue_full; std::system_error if not even one thread
    ///          can be had.
    /// Cost:    two allocations, a wake-up if a thread sleeps; more where one has to be started.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    future<job_result_t<Fn, Args...>> submit(Fn&& fn, Args&&... args) {
        auto [job, result] = make_job(std::forward<Fn>(fn), std::forward<Args>(args)...);
        post(std::move(job));
        return std::move(result);
    }

    /// `co_await pool.submit_async(fn, args…)` waits until the queue has room and gives the future
    /// that submit gives. First come, first served.
    ///
    /// Suspends: only if the queue is full.
    /// Throws:   as submit, but never executor_queue_full.
    /// Cancel:   of the wait: nothing is submitted, and the others keep their turns.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    submit_op<job_result_t<Fn, Args...>> submit_async(Fn&& fn, Args&&... args) {
        auto [job, result] = make_job(std::forward<Fn>(fn), std::forward<Args>(args)...);
        return {pool_, std::move(job), std::move(result)};
    }

    /// As submit, for who awaits the result at once: where the queue is full the job waits beside
    /// it, in turn with those of submit_async.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    future<job_result_t<Fn, Args...>> submit_in_line(Fn&& fn, Args&&... args) {
        auto [job, result] = make_job(std::forward<Fn>(fn), std::forward<Args>(args)...);
        post_in_line(std::move(job));
        return std::move(result);
    }

    /// Takes no jobs any more. May be called again.
    /// Throws: already_running if it would block the thread of a loop, where co_await aclose() does
    ///         not, or if it would wait for a job that calls it.
    void shutdown(const shutdown_options& options = {});
    /// The same without blocking: suspends where shutdown() blocks. A cancel ends the wait, not the
    /// shutdown.
    [[nodiscard]] coro<> aclose(shutdown_options options = {});
    /// As shutdown() for at most `grace`, also on the thread of a loop. For a runtime that closes.
    void close_within(clock::duration grace) noexcept;

    // -- how much there is --

    [[nodiscard]] std::size_t threads_max() const noexcept;
    /// As threads_max.
    [[nodiscard]] std::size_t concurrency() const noexcept { return threads_max(); }
    [[nodiscard]] std::size_t threads() const;
    [[nodiscard]] std::size_t queued() const;
    /// Cost: some thousand loads a thread.
    [[nodiscard]] executor_metrics metrics() const;

    /// For submit. Throws: see there.
    void post(std::unique_ptr<executor_job> work);
    /// For submit_in_line.
    void post_in_line(std::unique_ptr<executor_job> work);

private:
    template <typename Fn, typename... Args>
    static auto make_job(Fn&& fn, Args&&... args) {
        using call =
            executor_call<job_result_t<Fn, Args...>, std::decay_t<Fn>, std::decay_t<Args>...>;
        auto job = std::make_unique<call>(std::forward<Fn>(fn), std::forward<Args>(args)...);
        auto result = job->result();
        return std::pair(std::unique_ptr<executor_job>(std::move(job)), std::move(result));
    }

    std::shared_ptr<thread_pool> pool_; // shared with its threads
};

} // namespace eddy::inline v0
