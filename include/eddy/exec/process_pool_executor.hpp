// process_pool_executor.hpp — calls in processes of their own: for code that may crash, that never
// ends, or that must not share memory.
//
//     long fib(int n) { ... }
//     EDDY_FUNCTION(fib);
//
//     eddy::process_pool_executor pool(4);
//     const long n = co_await eddy::run_in_executor(pool, fib, 30);
//
// A worker process is this program, started again: its static objects are constructed, its main is
// not called. A program that is linked with a static libeddy says so itself: serve_process_pool().
//
// Threads:    every member function: any thread; apply, shutdown and the destructor block.
// Memory:     a worker process has two rings of ring_bytes; a job is encoded once, and decoded in
//             the other process.
// Invariants: I1  a job is run once, cancelled once, or fails; it is run again only if it is
//                 declared repeatable and its process died.
//             I2  no process outlives the one that made the pool, and none is left unreaped.
// Design:     docs/design/process_pool.md

#pragma once

#include <eddy/base/export.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/future.hpp>
#include <eddy/exec/executor.hpp>
#include <eddy/exec/executor_calls.hpp>
#include <eddy/exec/process_job.hpp>
#include <eddy/exec/registered_context_var.hpp>
#include <eddy/exec/run_in_executor.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// A worker process has died while it ran the job, or none can be started any more.
class EDDY_API broken_process_pool : public std::runtime_error {
public:
    explicit broken_process_pool(const std::string& what, std::optional<int> status = std::nullopt)
        : std::runtime_error(what), status_(status) {}
    ~broken_process_pool() override;

    /// How it ended: its exit status, or the signal that ended it as a negative number. Nothing: no
    /// process was started; or it is not known (SIGCHLD is ignored, and Linux is older than 6.15).
    [[nodiscard]] std::optional<int> status() const noexcept { return status_; }

private:
    std::optional<int> status_;
};

/// A registered function with its arguments.
class registered_call {
public:
    /// Throws: function_not_registered.
    template <plain_function Fn, typename... Args>
        requires std::invocable<Fn, std::decay_t<Args>...>
    explicit registered_call(Fn&& fn, Args&&... args)
        : bytes_(std::make_shared<const code_buffer>(
              encoded_call::of(std::decay_t<Fn>(fn), std::forward<Args>(args)...).take())) {}

    [[nodiscard]] const code_buffer& bytes() const noexcept { return *bytes_; }

private:
    std::shared_ptr<const code_buffer> bytes_; // options are copied
};

/// How a pool is to be.
struct process_pool_options {
    /// At most so many processes; they are started when there is something to do. 0: as many as a
    /// runtime would have workers.
    std::size_t processes_max = 0;
    /// A process ends after so many jobs, and another one takes its place. 0: never.
    std::size_t tasks_per_process_max = 0;
    /// Called in each process before its first job. If it throws, that process is of no use.
    std::optional<registered_call> initializer{};
    /// How much each process may allocate (RLIMIT_AS): beyond it, std::bad_alloc. 0: no limit.
    std::uint64_t memory_bytes_max = 0;
    /// How long each process may compute (RLIMIT_CPU): beyond it, SIGXCPU. 0: for ever.
    std::chrono::seconds cpu_time_max{0};
    /// Of the processes, with a number after it.
    std::string name = "eddy-worker";
    /// How much fits into a ring: a power of two, from 4096.
    std::size_t ring_bytes = std::size_t{1} << 20;
    /// At most so many jobs that have not begun; 0: any number. As thread_pool_options::queue_max.
    std::size_t queue_max = 0;
};

/// To be called first in main() by a program that is linked with a static libeddy, or whose
/// LD_PRELOAD the system ignores: one with capabilities of its file, or set-user-id. In a worker
/// process it serves the pool and ends the process; otherwise it returns, and a pool can be made.
/// Such a program must not have a runtime with static storage.
EDDY_API void serve_process_pool();

class process_pool_executor;

/// The pool, for jobs with options of their own; it must not outlive the pool.
class process_pool_jobs : public executor_calls<process_pool_jobs> {
public:
    /// As those of process_pool_executor.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    future<job_result_t<Fn, Args...>> submit(Fn&& fn, Args&&... args);
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    submit_op<job_result_t<Fn, Args...>> submit_async(Fn&& fn, Args&&... args);
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    future<job_result_t<Fn, Args...>> submit_in_line(Fn&& fn, Args&&... args);
    template <typename Fn, typename Element>
    auto submit_chunk(const Fn& fn, const std::vector<Element>& elements);

    void shutdown(const shutdown_options& options = {});
    [[nodiscard]] coro<> aclose(shutdown_options options = {});
    [[nodiscard]] std::size_t concurrency() const noexcept;

private:
    friend process_pool_executor;
    process_pool_jobs(process_pool_executor& of, const process_job_options& options) noexcept
        : pool_(&of), options_(options) {}

    process_pool_executor* pool_;
    process_job_options options_;
};

/// Processes that make calls. What it has besides what is written here is in executor_calls.
class EDDY_API process_pool_executor : public executor_calls<process_pool_executor> {
public:
    static constexpr std::size_t processes_limit = 1024;
    /// So many times in a row a process may die before it is ready; then the pool is broken.
    static constexpr int failed_starts_max = 3;
    /// A worker process may have a pool too, and its workers, but that is enough.
    static constexpr int depth_max = 2;

    /// Starts no process yet. May have static storage: worker processes have one too, then, that
    /// does nothing.
    /// Throws: std::invalid_argument for options that make no sense; broken_process_pool if no
    ///         worker process could be started.
    explicit process_pool_executor(process_pool_options options = {});
    explicit process_pool_executor(std::size_t processes_max)
        : process_pool_executor(process_pool_options{.processes_max = processes_max}) {}
    /// Runs what is queued and blocks until all processes have ended: the thread of a loop, too.
    /// `co_await aclose()` before does not.
    ~process_pool_executor();
    process_pool_executor(const process_pool_executor&) = delete;
    process_pool_executor& operator=(const process_pool_executor&) = delete;

    /// Has `fn(args...)` called in a worker process. `fn` is registered: EDDY_FUNCTION(fn). Never
    /// blocks.
    ///
    /// The future gives what it returns or throws: an exception arrives as itself if its type is a
    /// standard one or registered (EDDY_EXCEPTION), as a remote_error otherwise. If the process
    /// dies, broken_process_pool. Cancelled before the call has begun, the future withdraws it;
    /// after that the result is dropped. A deadline that is in force here holds for the job: when
    /// it has passed the process is killed. Context variables that are set here and registered
    /// (EDDY_CONTEXT_VAR) are set for the job; others are not.
    /// Throws:  function_not_registered; executor_shut_down; executor_queue_full;
    ///          broken_process_pool, also in a worker process of a worker process; what a codec
    ///          throws.
    /// Cost:    encoding the arguments; a wake-up of the process if it sleeps; the first time, the
    ///          start of a thread.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    future<job_result_t<Fn, Args...>> submit(Fn&& fn, Args&&... args) {
        return submit_with({}, when_full::refuse, std::forward<Fn>(fn),
                           std::forward<Args>(args)...);
    }
    /// `co_await pool.submit_async(fn, args…)` waits until the queue has room and gives the future
    /// that submit gives. First come, first served. The arguments are encoded at once.
    ///
    /// Suspends: only if the queue is full.
    /// Throws:   as submit, but never executor_queue_full.
    /// Cancel:   of the wait: nothing is submitted, and the others keep their turns. A deadline
    ///           that passes meanwhile ends the wait too; the future has the timeout_error.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    submit_op<job_result_t<Fn, Args...>> submit_async(Fn&& fn, Args&&... args) {
        return submit_async_with({}, std::forward<Fn>(fn), std::forward<Args>(args)...);
    }
    /// As submit, for who awaits the result at once: where the queue is full the job waits beside
    /// it, in turn with those of submit_async.
    template <typename Fn, typename... Args>
        requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
    future<job_result_t<Fn, Args...>> submit_in_line(Fn&& fn, Args&&... args) {
        return submit_with({}, when_full::wait, std::forward<Fn>(fn), std::forward<Args>(args)...);
    }
    /// For map: `fn(element)` for each element, in one job, which waits for room.
    template <typename Fn, typename Element>
    auto submit_chunk(const Fn& fn, const std::vector<Element>& elements) {
        return submit_chunk_with({}, fn, elements);
    }

    /// The same pool, for jobs that are to be treated in another way:
    ///
    ///     auto patient = pool.with({.limit = 10s, .repeats = 2});
    ///     co_await eddy::run_in_executor(patient, convert, file);
    [[nodiscard]] process_pool_jobs with(const process_job_options& options) noexcept {
        return {*this, options};
    }

    /// Takes no jobs any more. May be called again. After the grace period what still runs is
    /// reported by name and killed.
    /// Throws: already_running if it would block the thread of a loop, co_await aclose() there; or
    ///         that of the pool, in a callback of apply_async without a loop.
    void shutdown(const shutdown_options& options = {});
    /// The same without blocking: suspends where shutdown() blocks. A cancel ends the wait, not the
    /// shutdown.
    [[nodiscard]] coro<> aclose(shutdown_options options = {});

    // -- how much there is --

    /// As many calls are made at a time.
    [[nodiscard]] std::size_t concurrency() const noexcept;
    /// Processes that live.
    [[nodiscard]] std::size_t processes() const;
    /// Their numbers, for who wants to look at them, or to kill one.
    [[nodiscard]] std::vector<int> pids() const;
    /// Jobs that have not begun, as far as is known, with those that wait for room.
    [[nodiscard]] std::size_t queued() const;

private:
    friend process_pool_jobs;

    template <typename Fn>
    static constexpr void check_function() {
        static_assert(plain_function<Fn>,
                      "a process pool calls functions by their names: make this a function, and "
                      "write EDDY_FUNCTION(its_name) where it is defined");
    }
    template <typename Fn, typename... Args>
    static auto make_job(const process_job_options& options, Fn&& fn, Args&&... args);
    template <typename Fn, typename... Args>
    auto submit_with(const process_job_options& options, when_full then, Fn&& fn, Args&&... args);
    template <typename Fn, typename... Args>
    submit_op<job_result_t<Fn, Args...>> submit_async_with(const process_job_options& options,
                                                           Fn&& fn, Args&&... args);
    template <typename Fn, typename Element>
    auto submit_chunk_with(const process_job_options& options, const Fn& fn,
                           const std::vector<Element>& elements);

    /// For submit. Throws: see there.
    void post(job_pointer<> job, when_full then);
    [[nodiscard]] std::shared_ptr<job_desk> desk() const noexcept;

    std::shared_ptr<process_pool> pool_; // shared with its thread and its jobs
};

// -- the templates --

/// Reads what a worker has written for a call.
template <typename Result>
struct read_result {
    Result operator()(code_reader& from) const { return from.get<Result>(); }
};

/// The same for a chunk: the values, then why they are not all.
template <typename Value>
struct read_result<map_chunk<Value>> {
    map_chunk<Value> operator()(code_reader& from) const {
        map_chunk<Value> out;
        for (std::size_t left = from.get_size(); left != 0; --left) {
            out.values.push_back(from.get<Value>());
        }
        if (from.get<bool>()) {
            out.error = registered_exception::decode(from);
        }
        return out;
    }
};

/// A job, and the future of its result.
template <typename Fn, typename... Args>
auto process_pool_executor::make_job(const process_job_options& options, Fn&& fn, Args&&... args) {
    check_function<Fn>();
    using result = job_result_t<Fn, Args...>;
    using call = process_call<result, read_result<result>>;
    auto* const made =
        new call(process_job::kind::call,
                 encoded_call::of_here(std::decay_t<Fn>(fn), std::forward<Args>(args)...), options);
    job_pointer<> job(made);
    return std::pair(std::move(job), made->result());
}

template <typename Fn, typename... Args>
auto process_pool_executor::submit_with(const process_job_options& options, when_full then, Fn&& fn,
                                        Args&&... args) {
    auto [job, later] = make_job(options, std::forward<Fn>(fn), std::forward<Args>(args)...);
    post(std::move(job), then);
    return std::move(later);
}

template <typename Fn, typename... Args>
submit_op<job_result_t<Fn, Args...>>
process_pool_executor::submit_async_with(const process_job_options& options, Fn&& fn,
                                         Args&&... args) {
    auto [job, later] = make_job(options, std::forward<Fn>(fn), std::forward<Args>(args)...);
    return {desk(), std::move(job), std::move(later)};
}

template <typename Fn, typename Element>
auto process_pool_executor::submit_chunk_with(const process_job_options& options, const Fn& fn,
                                              const std::vector<Element>& elements) {
    check_function<Fn>();
    using result = map_chunk<map_value_t<job_result_t<Fn, Element>>>;
    using call = process_call<result, read_result<result>>;
    auto* const made = new call(process_job::kind::chunk,
                                encoded_call::of_each(std::decay_t<Fn>(fn), elements), options);
    job_pointer<> job(made);
    auto later = made->result();
    post(std::move(job), when_full::wait);
    return later;
}

template <typename Fn, typename... Args>
    requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
future<job_result_t<Fn, Args...>> process_pool_jobs::submit(Fn&& fn, Args&&... args) {
    return pool_->submit_with(options_, when_full::refuse, std::forward<Fn>(fn),
                              std::forward<Args>(args)...);
}
template <typename Fn, typename... Args>
    requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
submit_op<job_result_t<Fn, Args...>> process_pool_jobs::submit_async(Fn&& fn, Args&&... args) {
    return pool_->submit_async_with(options_, std::forward<Fn>(fn), std::forward<Args>(args)...);
}
template <typename Fn, typename... Args>
    requires std::invocable<std::decay_t<Fn>, std::decay_t<Args>...>
future<job_result_t<Fn, Args...>> process_pool_jobs::submit_in_line(Fn&& fn, Args&&... args) {
    return pool_->submit_with(options_, when_full::wait, std::forward<Fn>(fn),
                              std::forward<Args>(args)...);
}
template <typename Fn, typename Element>
auto process_pool_jobs::submit_chunk(const Fn& fn, const std::vector<Element>& elements) {
    return pool_->submit_chunk_with(options_, fn, elements);
}
inline void process_pool_jobs::shutdown(const shutdown_options& options) {
    pool_->shutdown(options);
}
inline coro<> process_pool_jobs::aclose(shutdown_options options) {
    return pool_->aclose(options);
}
inline std::size_t process_pool_jobs::concurrency() const noexcept {
    return pool_->concurrency();
}

} // namespace eddy::inline v0
