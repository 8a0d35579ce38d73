// queued_job.hpp — what the queues of executors hold, and how a task waits for a place in one.
//
// Threads:    a job: under the lock of its executor; notified by whoever ends its future.
// Memory:     counted: the executor has a reference, and the future one while it is watched.
// Cancel:     of the wait for a place: nothing was submitted, and the others keep their turns.
// Invariants: I1  a job that is watched is told of once: its future is done, or it is unwatched.
// Pairs:      P1  references_: drop -> the last drop     the destroyer sees every use before
// Design:     docs/design/executor.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/core/future.hpp>
#include <eddy/core/op.hpp>
#include <eddy/sched/outside_job.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace eddy::inline v0 {

class admission_op;
class job_line;
class line_mutex;
class queued_job;

/// What a submitter does when the queue is full.
enum class when_full : std::uint8_t { refuse, wait };

/// Gives a reference back.
struct drop_job {
    void operator()(queued_job* job) const noexcept;
};
template <typename Job = queued_job>
using job_pointer = std::unique_ptr<Job, drop_job>;

/// The part of an executor that gives places in its queue.
class EDDY_API job_desk {
public:
    /// Submits the job of `who`. False: there is no room, and it stands in line, or was refused.
    /// Throws: as submit of the executor, but not executor_queue_full.
    [[nodiscard]] virtual bool admit(admission_op& who, when_full then) = 0;
    /// True: `who` does not wait any more, and still has its job.
    [[nodiscard]] virtual bool leave_line(admission_op& who) noexcept = 0;
    /// The future of the job is done: by the executor itself or by a cancel. `watched` is the
    /// reference that it was watched with. Where others are to destroy the job, it is given up
    /// before they can find it.
    virtual void job_done(job_pointer<> watched) noexcept = 0;

protected:
    ~job_desk() = default;
};

/// A job, in the queue of its executor or before.
class EDDY_API queued_job : public list_hook, private future_waiter {
public:
    queued_job() = default;
    queued_job(const queued_job&) = delete;
    queued_job& operator=(const queued_job&) = delete;

    void keep() noexcept { references_.fetch_add(1, relaxed); } // count: the caller holds one
    void drop() noexcept {
        if (references_.load(acquire) == 1 ||         // P1: the only holder is the caller
            references_.fetch_sub(1, acq_rel) == 1) { // P1, both ends
            delete this;
        }
    }

    [[nodiscard]] virtual future_state& state() noexcept = 0;

    /// `desk`, which the job keeps, is to hear when the future is done. Once.
    void watch(std::shared_ptr<job_desk> desk) noexcept;
    /// It need not any more: the job is not going to be submitted.
    void unwatch() noexcept;

protected:
    virtual ~queued_job();

private:
    friend job_line;

    void notify() noexcept override;

    outside_job outside_; // until the result is set
    std::shared_ptr<job_desk> desk_;
    atomic<std::uint32_t> references_{1};
    // Under the executor's lock.
    bool in_line_ = false;
    admission_op* admits_ = nullptr; // who is told when it has a place
};

inline void drop_job::operator()(queued_job* job) const noexcept {
    job->drop();
}

/// Waits for a place in the queue, and puts its job there.
class EDDY_API admission_op : public op {
public:
    admission_op(std::shared_ptr<job_desk> desk, job_pointer<> job);
    admission_op(admission_op&& fresh) noexcept;

    bool await_ready();
    bool await_suspend(promise_base& promise);
    abort_result abort() noexcept override;
    void show(await_look& look) const noexcept override;

    // -- the executor's --

    [[nodiscard]] queued_job& job() noexcept { return *job_; }
    [[nodiscard]] job_pointer<> take_job() noexcept { return std::move(job_); }

protected:
    ~admission_op();

private:
    friend job_line;
    friend line_mutex;

    void admitted() noexcept { wake(); }

    std::shared_ptr<job_desk> desk_;
    job_pointer<> job_; // until it is in the queue
    admission_op* next_ = nullptr;
};

/// What submit_async gives: an await of it submits the job, and gives the future of its result.
///
/// Suspends: while the queue is full.
/// Throws:   as submit of the executor, but not executor_queue_full; cancelled_error.
/// Cancel:   nothing is submitted, and the others keep their turns.
template <typename R>
class [[nodiscard("the job is submitted when this is awaited")]] submit_op final
    : public admission_op {
public:
    submit_op(std::shared_ptr<job_desk> desk, job_pointer<> job, future<R> result)
        : admission_op(std::move(desk), std::move(job)), result_(std::move(result)) {}
    future<R> await_resume() {
        this->check_aborted();
        return std::move(result_);
    }

private:
    future<R> result_;
};

} // namespace eddy::inline v0
