// thread_pool.cpp — how jobs come to threads: places, calls, and what a thread does.

#include "exec/thread_pool.hpp"

#include <eddy/base/syscall.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace eddy::inline v0 {

constinit thread_local const thread_pool* thread_pool::of_thread = nullptr;

namespace {

executor_job& job_of(admission_op& who) noexcept {
    return static_cast<executor_job&>(who.job());
}

} // namespace

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

// Throws: executor_shut_down.
bool thread_pool::got_place() {
    if (forked()) {
        throw executor_shut_down("a thread pool does not work in a forked process: make a new one");
    }
    const place got = try_place();
    if (got == place::closed) {
        throw executor_shut_down("the thread pool takes no jobs after its shutdown");
    }
    return got == place::got;
}

void thread_pool::post(owned_job work, when_full then) {
    destroy_withdrawn();
    if (!got_place()) {
        if (then == when_full::refuse) {
            line_.throw_full();
        }
        const std::lock_guard hold(room_lock_);
        if (!got_place()) { // none is given back without this lock
            prepare_to_wait(*work);
            line_.push(std::move(work));
            return;
        }
    }
    enqueue(std::move(work));
}

bool thread_pool::admit(admission_op& who, when_full then) {
    if (!got_place()) {
        if (then == when_full::refuse) {
            destroy_withdrawn();
            return false;
        }
        const std::lock_guard hold(room_lock_);
        if (!got_place()) { // as above
            prepare_to_wait(job_of(who));
            line_.push(who);
            return false;
        }
    }
    executor_job& work = job_of(who);
    (void)who.take_job().release();
    enqueue(owned_job(&work));
    return true;
}

void thread_pool::prepare_to_wait(executor_job& work) noexcept {
    work.queued_at = clock::now();
    work.watch(shared_from_this());
    note_queued(options_.queue_max + line_.size() + 1);
}

bool thread_pool::leave_line(admission_op& who) noexcept {
    {
        const std::lock_guard hold(room_lock_);
        if (!line_.leave(who)) {
            return false;
        }
    }
    who.job().unwatch();
    return true;
}

// Of a job in a bounded queue, or in line: it has been withdrawn, unless who runs it has set that.
void thread_pool::job_done(job_pointer<> watched) noexcept {
    auto& job = static_cast<executor_job&>(*watched);
    if (forked() || job.taken.load(relaxed)) { // hint: below nobody finds what was taken
        return;
    }
    {
        const std::lock_guard hold(room_lock_);
        if (job_pointer<> mine = line_.remove(job)) {
            line_.keep_withdrawn(std::move(mine), std::move(watched));
        } else if (jobs_.take_back(job)) {
            // Before its place is given back: then the last thread may end, and looks for it.
            line_.keep_withdrawn(job_pointer<>(&job), std::move(watched));
            pass_place();
        }
    }
    look_after_others(); // also where it was not found: it was looked for among them
    note_end();
}

// By who submits, and by threads.
void thread_pool::destroy_withdrawn() noexcept {
    while (line_.any_withdrawn()) {
        job_pointer<> each;
        const std::lock_guard hold(room_lock_);
        each = line_.pop_withdrawn();
    }
}

// A thread may have looked for jobs while those were moved, and have seen none.
void thread_pool::look_after_others() noexcept {
    if (jobs_.anything()) {
        try {
            call_for_more();
        } catch (...) { // those that there are do it, if there is one
            fail_stranded();
        }
    }
}

// With a place. Throws: std::system_error if not even one thread can be had; the job is gone then.
void thread_pool::enqueue(owned_job work) {
    executor_job& posted = *work.release();
    posted.queued_at = clock::now();
    if (line_.bounded()) {
        posted.watch(shared_from_this());
    }
    jobs_.post(posted);
    try {
        call_for_more();
    } catch (...) {
        withdraw_or_keep(posted);
    }
}

// In a handler: no thread could be started. That is a failure where there is none.
void thread_pool::withdraw_or_keep(executor_job& work) {
    owned_job mine;
    {
        const lock hold(lock_);
        if (live_ != 0) {
            return;
        }
        if (jobs_.take_back(work)) {
            mine.reset(&work);
            work.taken.store(true, relaxed); // hint: see job_done
            give_place_on();
        } // else it was one that another poster left stranded, and has failed; or it was withdrawn
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
    while (const owned_job left = take_stranded()) {
        left->fail(std::current_exception());
    }
    note_end();
}

// Whoever has taken the last job without being a thread of the pool.
void thread_pool::note_end() noexcept {
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

thread_pool::owned_job thread_pool::take_stranded() noexcept {
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
    of->destroy_withdrawn();
}

void thread_pool::serve(member& mine) noexcept {
    {
        const lock hold(lock_); // free when start_thread is done
        sys::set_thread_name((options_.name + "-" + std::to_string(mine.number)).c_str());
    }
    search how = search::mine;
    for (;;) {
        if (owned_job work = take()) {
            if (std::exchange(how, search::not_mine) == search::mine) {
                jobs_.end_search();
            }
            run(mine, std::move(work));
            continue;
        }
        destroy_withdrawn();
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

void thread_pool::run(member& mine, owned_job work) noexcept {
    look_after_others();
    destroy_withdrawn();
    const clock::time_point begun = clock::now();
    mine.queue_wait.add(begun - work->queued_at);
    mine.since.store(begun, relaxed);            // own: read by who reports what is stuck
    mine.runs.store(&work->function(), relaxed); // own: as above
    work->run();
    work.reset();
    mine.runs.store(nullptr, relaxed); // own: as above
    mine.run_time.add(clock::now() - begun);
}

thread_pool::owned_job thread_pool::take() noexcept {
    owned_job work(jobs_.take());
    if (work != nullptr) {
        work->taken.store(true, relaxed); // hint: see job_done
        give_place_on();
    }
    return work;
}

// To who waits for one, or back.
void thread_pool::give_place_on() noexcept {
    if (line_.bounded()) {
        const std::lock_guard hold(room_lock_);
        pass_place();
    } else {
        places_.fetch_sub(one_place, release); // P1
    }
}

// Under room_lock_. The caller looks at the jobs afterwards.
void thread_pool::pass_place() noexcept {
    if (queued_job* const next = line_.pop().release()) {
        jobs_.post(static_cast<executor_job&>(*next));
    } else {
        places_.fetch_sub(one_place, release); // P1
    }
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
