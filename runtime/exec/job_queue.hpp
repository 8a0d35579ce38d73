// job_queue.hpp — jobs on their way to the threads of a pool, and who looks for them.
//
// T has a member `inbox_next`, as for an inbox.
//
// Threads:    all: any thread.
// Progress:   post is lock-free; take holds a lock for a few instructions, against other takers.
// Memory:     none: the jobs are the list.
// Invariants: I1  what is taken is older than what stays: rest_ is older than what is in incoming_.
//             I2  at most one thread has the search.
// Pairs:      P1  searching_, and what anything() reads: seq_cst, the two sides of a wake-up:
//                 a post and then a look at searching_; end_search and then a look at the jobs
// Design:     docs/design/thread_pool.md

#pragma once

#include <eddy/base/atomic.hpp>
#include <eddy/base/spin_lock.hpp>
#include <eddy/lockfree/inbox.hpp>

#include <mutex>

namespace eddy::inline v0 {

template <typename T, typename Sync = native_sync>
class job_queue {
public:
    job_queue() noexcept = default;
    job_queue(const job_queue&) = delete;
    job_queue& operator=(const job_queue&) = delete;

    // -- jobs --

    /// After it the poster sees to it that somebody looks: see begin_search.
    void post(T& job) noexcept {
        incoming_.post(job);
        // GONE: it may already have been run.
    }
    /// The oldest job; nullptr if there is none.
    T* take() noexcept {
        if (!anything()) {
            return nullptr;
        }
        const std::lock_guard hold(lock_);
        T* const first = rest_ != nullptr ? static_cast<T*>(rest_) : incoming_.take_all();
        if (first != nullptr) {
            set_rest(first->inbox_next);
        }
        return first;
    }
    /// Takes `job` if it is here: for a poster that finds that nobody will ever run it.
    [[nodiscard]] bool take_back(T& job) noexcept {
        const std::lock_guard hold(lock_);
        T* all = rest_;
        append(all, incoming_.take_all());
        const bool found = remove(all, job);
        set_rest(all);
        return found;
    }
    /// Whether there is a job that nobody has taken. What a taker holds just now does not count: it
    /// looks again itself.
    [[nodiscard]] bool anything() const noexcept {
        return more_.load(seq_cst) || !incoming_.empty_hint(); // P1
    }

    // -- the search --

    /// True: this thread, or the one it is about to wake, looks for jobs until end_search. False:
    /// somebody does, and will look at the jobs after having ended it.
    [[nodiscard]] bool begin_search() noexcept {
        return !searching_.load(seq_cst) &&         // P1
               !searching_.exchange(true, seq_cst); // P1
    }
    void end_search() noexcept { searching_.store(false, seq_cst); } // P1

private:
    void set_rest(T* rest) noexcept {
        rest_ = rest;
        if (more_.load(relaxed) != (rest != nullptr)) { // locked: written under lock_ alone
            more_.store(rest != nullptr, seq_cst);      // P1
        }
    }
    static void append(T*& list, T* more) noexcept {
        if (list == nullptr) {
            list = more;
            return;
        }
        T* last = list;
        while (T* const next = last->inbox_next) {
            last = next;
        }
        last->inbox_next = more;
    }
    static bool remove(T*& list, T& job) noexcept {
        if (list == &job) {
            list = job.inbox_next;
            return true;
        }
        for (T* at = list; at != nullptr; at = at->inbox_next) {
            if (at->inbox_next == &job) {
                at->inbox_next = static_cast<T*>(job.inbox_next);
                return true;
            }
        }
        return false;
    }

    inbox<T, Sync> incoming_;
    alignas(line_bytes) typename Sync::template atomic<bool> searching_{false};
    typename Sync::template atomic<bool> more_{false}; // rest_ is not empty
    basic_spin_lock<Sync> lock_;
    typename Sync::template var<T*> rest_{nullptr};
};

} // namespace eddy::inline v0
