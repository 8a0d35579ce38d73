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
#include <eddy/exec/executor.hpp>
#include <eddy/exec/executor_calls.hpp>
#include <eddy/exec/executor_job.hpp>
#include <eddy/exec/executor_metrics.hpp>
#include <eddy/exec/queued_job.hpp>

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
    /// accord (submit_async, run_in_executor, to_thread, apply, map) waits beside that, in turn. A
    /// job that is withdrawn gives its place to the next one.
    std::size_t queue_max = 0;
};

class thread_pool;

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
        auto [job, result] = make_executor_job(std::forward<Fn>(fn), std::forward<Args>(args)...);
        post(std::move(job), when_full::refuse);
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
        auto [job, result] = make_executor_job(std::forward<Fn>(fn), std::forward<Args>(args)...);
        return {desk(), std::move(job), std::move(result)};
    }

    /// As submit, for who awaits the result at once: where the queue is full the job waits beside
    /// it, in turn with those of submit_async.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    future<job_result_t<Fn, Args...>> submit_in_line(Fn&& fn, Args&&... args) {
        auto [job, result] = make_executor_job(std::forward<Fn>(fn), std::forward<Args>(args)...);
        post(std::move(job), when_full::wait);
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
    /// Jobs that have not begun, with those that wait for room.
    [[nodiscard]] std::size_t queued() const;
    /// Cost: some thousand loads a thread.
    [[nodiscard]] executor_metrics metrics() const;

    /// For submit. Throws: see there.
    void post(job_pointer<executor_job> work, when_full then);

private:
    [[nodiscard]] std::shared_ptr<job_desk> desk() const noexcept;

    std::shared_ptr<thread_pool> pool_; // shared with its threads
};

} // namespace eddy::inline v0
