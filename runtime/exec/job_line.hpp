// job_line.hpp — the jobs that wait for a place in the bounded queue of an executor, in turn.
//
// Threads:    all: under the executor's lock, a line_mutex.
// Memory:     none: the jobs are the list.
// Invariants: I1  a job in line belongs to the op that waits for it, or without one to the line.
//             I2  whoever was let in is woken after the lock, never under it: op::abort takes it.
//             I3  a withdrawn job is not destroyed by who has cancelled it, maybe under the lock of
//                 a branch: function and arguments are the user's.
// Design:     docs/design/executor.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/intrusive_list.hpp>
#include <eddy/exec/executor.hpp>
#include <eddy/exec/queued_job.hpp>

#include <cstddef>
#include <mutex>
#include <string>
#include <utility>

namespace eddy::inline v0 {

/// The lock of an executor. Who has got a place meanwhile is woken when it is released.
class line_mutex {
public:
    void lock() { lock_.lock(); }
    void unlock() noexcept {
        admission_op* next = std::exchange(let_in_, nullptr);
        lock_.unlock();
        // GONE: this may be destroyed
        const outside_job::settling now;
        while (next != nullptr) {
            std::exchange(next, next->next_)->admitted();
            // GONE: the op; its branch goes on.
        }
    }

private:
    friend class job_line;

    void wake_later(admission_op& who) noexcept {
        admission_op** at = &let_in_;
        while (*at != nullptr) {
            at = &(*at)->next_;
        }
        *at = &who;
    }

    std::mutex lock_;
    admission_op* let_in_ = nullptr; // in turn
};

class job_line {
public:
    /// `queue_max` of 0: any number.
    job_line(line_mutex& lock, std::size_t queue_max) noexcept
        : lock_(lock), queue_max_(queue_max) {}

    /// Whether anybody may have to wait.
    [[nodiscard]] bool bounded() const noexcept { return queue_max_ != 0; }
    [[nodiscard]] std::size_t queue_max() const noexcept { return queue_max_; }
    [[noreturn]] void throw_full() const {
        throw executor_queue_full("the queue of the executor is full, its queue_max is " +
                                  std::to_string(queue_max_) +
                                  ": co_await submit_async() waits for room");
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// At the end: the job of `who`, which keeps it until then.
    void push(admission_op& who) noexcept {
        who.job().admits_ = &who;
        link(who.job());
    }
    /// The same for one that is waited for by its future.
    void push(job_pointer<> job) noexcept { link(*job.release()); }

    /// The first one; null: nobody waits.
    [[nodiscard]] queued_job* front() noexcept { return waiting_.front(); }
    [[nodiscard]] job_pointer<> pop() noexcept {
        queued_job* const first = front();
        return first != nullptr ? remove(*first) : nullptr;
    }
    /// Takes `job` out; null: it is not in line. Its op is woken as if it had a place.
    [[nodiscard]] job_pointer<> remove(queued_job& job) noexcept {
        if (!job.in_line_) {
            return nullptr;
        }
        admission_op* const who = unlink(job);
        if (who == nullptr) {
            return job_pointer<>(&job);
        }
        job_pointer<> out = who->take_job();
        lock_.wake_later(*who);
        return out;
    }
    /// The op goes, with its job. False: that was let in already.
    [[nodiscard]] bool leave(admission_op& who) noexcept {
        const bool waits = who.job_ != nullptr && who.job().in_line_;
        if (waits) {
            (void)unlink(who.job());
        }
        return waits;
    }

    // -- jobs that were withdrawn --

    /// `watched`: see job_desk::job_done. Later it might be the last reference.
    void keep_withdrawn(job_pointer<> job, job_pointer<> watched) noexcept {
        watched.reset();
        job->outside_.end(); // nobody waits for it
        withdrawn_.push_back(*job.release());
        any_withdrawn_.store(true, relaxed); // locked: cleared under the lock too
    }
    [[nodiscard]] job_pointer<> pop_withdrawn() noexcept {
        job_pointer<> out(withdrawn_.pop_front());
        any_withdrawn_.store(!withdrawn_.empty(), relaxed); // locked: as above
        return out;
    }
    /// Without the lock: whether that is worth a look.
    [[nodiscard]] bool any_withdrawn() const noexcept {
        return any_withdrawn_.load(relaxed); // hint: whoever comes next looks too
    }

private:
    void link(queued_job& job) noexcept {
        job.in_line_ = true;
        waiting_.push_back(job);
        ++size_;
    }
    admission_op* unlink(queued_job& job) noexcept {
        job.unlink();
        job.in_line_ = false;
        --size_;
        return std::exchange(job.admits_, nullptr);
    }

    line_mutex& lock_;
    const std::size_t queue_max_;
    intrusive_list<queued_job> waiting_;
    intrusive_list<queued_job> withdrawn_; // to be destroyed
    atomic<bool> any_withdrawn_{false};
    std::size_t size_ = 0;
};

} // namespace eddy::inline v0
