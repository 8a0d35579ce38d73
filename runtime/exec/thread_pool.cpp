// thread_pool.cpp — how jobs come to threads: places, calls, and what a thread does.

#include "exec/thread_pool.hpp"

#include <eddy/base/syscall.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace eddy::inline v0 {

constinit thread_local const thread_pool* thread_pool::of_thread = nullptr;

// -- submitting --

thread_pool::place thread_pool::try_place() noexcept {
    std::uint64_t seen = places_.load(acquire); // P1
    for (;;) {
        if ((seen & closed_bit) != 0) {
            return place::closed;
        }
        if (options_.queue_max != 0 && seen / one_place >= options_.queue_max) {
            return place::none;
        }
        if (places_.compare_exchange_weak(seen, seen + one_place, acq_rel, acquire)) { // P1
            note_queued(seen / one_place + 1);
            return place::got;
        }
    }
}

void thread_pool::note_queued(std::uint64_t jobs) noexcept {
    std::uint64_t peak = queued_peak_.load(relaxed); // hint: the CAS checks it
    // count: the largest
    while (jobs > peak && !queued_peak_.compare_exchange_weak(peak, jobs, relaxed, relaxed)) {
    }
}

void thread_pool::throw_if_closed(place got) const {
    if (forked()) {
        throw executor_shut_down("a thread pool does not work in a forked process: make a new one");
    }
    if (got == place::closed) {
        throw executor_shut_down("the thread pool takes no jobs after its shutdown");
    }
}

void thread_pool::post(job_pointer work, when_full then) {
    if (try_post(work)) {
        return;
    }
    if (then == when_full::refuse) {
        throw executor_queue_full("the queue of the thread pool has " +
                                  std::to_string(options_.queue_max) +
                                  " jobs, all it takes: co_await submit_async() waits for room");
    }
    lock hold(room_lock_);
    const place got = try_place(); // none is given back without this lock
    throw_if_closed(got);
    work->queued_at = clock::now();
    if (got == place::none) {
        stand_in_line(*work.release());
        return;
    }
    hold.unlock();
    enqueue(std::move(work));
}

void thread_pool::stand_in_line(executor_job& work) noexcept {
    in_line_.push_back(work);
    note_queued(options_.queue_max + ++in_line_count_);
}

bool thread_pool::try_post(job_pointer& work) {
    const place got = forked() ? place::closed : try_place();
    throw_if_closed(got);
    if (got == place::none) {
        return false;
    }
    work->queued_at = clock::now();
    enqueue(std::move(work));
    return true;
}

bool thread_pool::wait_for_room(admission_op& who) {
    lock hold(room_lock_);
    const place got = try_place();
    throw_if_closed(got);
    who.job_->queued_at = clock::now();
    if (got == place::none) {
        who.in_line_ = true;
        who.job_->admits = &who;
        stand_in_line(*who.job_);
        return true;
    }
    hold.unlock();
    enqueue(std::move(who.job_));
    return false;
}

bool thread_pool::leave_line(admission_op& who) noexcept {
    const lock hold(room_lock_);
    if (!std::exchange(who.in_line_, false)) {
        return false;
    }
    who.job_->unlink();
    --in_line_count_;
    return true;
}

// With a place. Throws: std::system_error if not even one thread can be had; the job is gone then.
void thread_pool::enqueue(job_pointer work) {
    executor_job& posted = *work.release();
    jobs_.post(posted);
    try {
        call_for_more();
    } catch (...) {
        withdraw_or_keep(posted);
    }
}

// In a handler: no thread could be started. That is a failure where there is none.
void thread_pool::withdraw_or_keep(executor_job& work) {
    job_pointer mine;
    {
        const lock hold(lock_);
        if (live_ != 0) {
            return;
        }
        if (jobs_.take_back(work)) {
            mine.reset(&work);
            give_place_on();
        } // else it was one that another poster left stranded, and has failed
    }
    fail_stranded();
    if (mine != nullptr) {
        // It may be a later one in the place of one that another took and freed.
        mine->fail(std::current_exception());
        throw;
    }
}

// As above, whoever has the job that the search was for: others saw that search, and rely on it; or
// they were in line.
void thread_pool::fail_stranded() noexcept {
    while (const job_pointer left = take_stranded()) {
        left->fail(std::current_exception());
    }
    bool last = false;
    {
        const lock hold(lock_);
        last = live_ == 0 && at_end();
        if (last) {
            no_thread_left_.notify_all();
        }
    }
    if (last) {
        (void)ended_.try_set_value();
    }
}

thread_pool::job_pointer thread_pool::take_stranded() noexcept {
    const lock hold(lock_);
    return live_ == 0 ? take() : nullptr;
}

// One thread at a time is called or started; it calls the next one if there is more. So short jobs
// are not spread over threads that would only wake up for them. Throws: std::system_error.
void thread_pool::call_for_more() {
    if (!jobs_.begin_search()) {
        return;
    }
    const lock hold(lock_);
    if (member* const sleeper = idle_.back()) {
        sleeper->unlink();
        sleeper->called = true;
        sleeper->bell.notify_one(); // under the lock: it cannot end meanwhile
        return;                     // the search is its
    }
    if (live_ < threads_max_) {
        try {
            start_thread();
            return; // as above
        } catch (...) {
            jobs_.end_search();
            throw;
        }
    }
    jobs_.end_search(); // all are busy: each looks again, under the lock, before it sleeps
}

void thread_pool::start_thread() {
    members_.push_back(std::make_unique<member>());
    member& made = *members_.back();
    made.number = started_ + 1;
    try {
        const sys::blocked_signals block;
        made.thread = std::thread(&thread_main, shared_from_this(), std::ref(made));
    } catch (...) {
        members_.pop_back();
        throw;
    }
    ++started_;
    ++live_;
    live_peak_ = std::max(live_peak_, live_);
}

// -- the threads --

void thread_pool::thread_main(const std::shared_ptr<thread_pool>& of, member& mine) noexcept {
    of_thread = of.get();
    of->serve(mine);
}

void thread_pool::serve(member& mine) noexcept {
    {
        const lock hold(lock_); // free when start_thread is done
        sys::set_thread_name((options_.name + "-" + std::to_string(mine.number)).c_str());
    }
    search how = search::mine;
    for (;;) {
        if (job_pointer work = take()) {
            if (std::exchange(how, search::not_mine) == search::mine) {
                jobs_.end_search();
            }
            run(mine, std::move(work));
            continue;
        }
        how = look_for_work(how);
        if (!jobs_.anything() && !sleep(mine, how)) {
            return;
        }
    }
}

// A while, if nobody else does. Gives who has the search afterwards.
thread_pool::search thread_pool::look_for_work(search how) noexcept {
    if (how == search::not_mine && jobs_.begin_search()) {
        how = search::mine;
    }
    if (how == search::mine) {
        (void)spinning_.look([this] { return jobs_.anything() || at_end(); });
    }
    return how;
}

void thread_pool::run(member& mine, job_pointer work) noexcept {
    if (jobs_.anything()) {
        try {
            call_for_more();
        } catch (...) { // those that there are do it, then
        }
    }
    const clock::time_point begun = clock::now();
    mine.queue_wait.add(begun - work->queued_at);
    mine.since.store(begun, relaxed);            // own: read by who reports what is stuck
    mine.runs.store(&work->function(), relaxed); // own: as above
    work->run();
    work.reset();
    mine.runs.store(nullptr, relaxed); // own: as above
    mine.run_time.add(clock::now() - begun);
}

thread_pool::job_pointer thread_pool::take() noexcept {
    job_pointer work(jobs_.take());
    if (work != nullptr) {
        give_place_on();
    }
    return work;
}

// To who waits for one, or back.
void thread_pool::give_place_on() noexcept {
    if (options_.queue_max == 0) {
        places_.fetch_sub(one_place, release); // P1
        return;
    }
    lock hold(room_lock_);
    admission_op* who = nullptr;
    executor_job* const next = next_in_line(who);
    if (next == nullptr) {
        places_.fetch_sub(one_place, release); // P1
        return;
    }
    hold.unlock();
    jobs_.post(*next); // the caller looks at the jobs afterwards
    if (who != nullptr) {
        who->admit();
        // GONE: the branch goes on.
    }
}

// Under room_lock_. Gives the job that is to have the next place, and who is told so; nullptr if
// nobody waits.
executor_job* thread_pool::next_in_line(admission_op*& who) noexcept {
    executor_job* const next = in_line_.pop_front();
    if (next != nullptr) {
        --in_line_count_;
        who = std::exchange(next->admits, nullptr);
        if (who != nullptr) {
            who->in_line_ = false;
            (void)who->job_.release();
        }
    }
    return next;
}

// True: there is something to look at. False: this thread has left the pool.
bool thread_pool::sleep(member& mine, search& how) noexcept {
    lock hold(lock_);
    idle_.push_back(mine);
    if (std::exchange(how, search::not_mine) == search::mine) {
        jobs_.end_search();
    }
    if (!jobs_.anything() && !closed()) { // the last look, after both
        const auto rung = [&] { return mine.called || closed(); };
        const bool in_time = mine.bell.wait_for(hold, std::min(options_.idle, for_ever), rung);
        if (!in_time) {
            mine.unlink();
            leave(mine, hold);
            return false;
        }
    }
    if (std::exchange(mine.called, false)) {
        how = search::mine;
        return true;
    }
    mine.unlink();
    if (!at_end()) { // closed: somebody has a place and is about to post
        return true;
    }
    leave(mine, hold);
    return false;
}

bool thread_pool::closed() const noexcept {
    return (places_.load(acquire) & closed_bit) != 0; // P1
}
// Closed, and all that was accepted has been taken.
bool thread_pool::at_end() const noexcept {
    return places_.load(acquire) == closed_bit; // P1
}

void thread_pool::leave(member& mine, lock& hold) noexcept {
    const auto is_mine = [&](const std::unique_ptr<member>& each) { return each.get() == &mine; };
    const auto at = std::ranges::find_if(members_, is_mine);
    mine.queue_wait.add_to(of_ended_.queue_wait);
    mine.run_time.add_to(of_ended_.run_time);
    members to_join;
    if (!abandoned_) {
        to_join.swap(ended_members_);
        ended_members_.push_back(std::move(*at));
    }
    members_.erase(at);
    --live_;
    const bool last = at_end() && live_ == 0;
    if (last) {
        no_thread_left_.notify_all();
    }
    hold.unlock();
    if (last) {
        (void)ended_.try_set_value();
    }
    for (const auto& each : to_join) {
        each->thread.join();
    }
}

} // namespace eddy::inline v0
